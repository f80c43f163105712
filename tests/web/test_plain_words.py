"""No template uses a word that has a plainer standard one (docs/glossary.md)."""

import re

from plugin.web.pages import TEMPLATES

_UNPLAIN = re.compile(
    r"\b(?:till|letters?|anew|reckon\w*|mend(?:s|ed|ing)?|told|thaw\w*|somebody|nobody|held on|worked off"
    r"|given up|given back|has come|still to come|leads nowhere|under way|taken care of|hand(?:ed)? over)\b",
    re.IGNORECASE,
)
# What a reader never sees: comments, expressions and statements of Jinja, tags.
_COMMENT = re.compile(r"{#.*?#}|<style.*?</style>", re.DOTALL)
_CODE = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_TEXT = re.compile(r'(?<![=\w])"([^"]*)"')
# Letters of the alphabet, of a search; and the one that is printed.
_ALLOWED = ("Try fewer letters", "Letter for the voucher")


def _seen(text: str) -> str:
    for allowed in _ALLOWED:
        text = text.replace(allowed, "")
    return _TAG.sub(_texts, _CODE.sub(_texts, _COMMENT.sub("", text)))


def _texts(code: re.Match[str]) -> str:
    # Within code one word alone is a name; several are a text.
    return " ".join(text for text in _TEXT.findall(code.group()) if " " in text)


def test_every_template_uses_plain_words() -> None:
    pages = sorted(TEMPLATES.rglob("*.html"))
    assert len(pages) > 100
    found = {
        str(page.relative_to(TEMPLATES)): _UNPLAIN.findall(_seen(page.read_text(encoding="utf-8")))
        for page in pages
    }
    assert {page: words for page, words in found.items() if words} == {}


def test_an_unplain_word_is_found() -> None:
    assert _UNPLAIN.search(_seen("<p>The rest is still to come.</p>"))
    assert _UNPLAIN.search(_seen('{{ tap("letters.show", "Send a letter") }}'))
    assert not _UNPLAIN.search(
        _seen("{# told #}<b class='told'>{{ told() }}</b>{{ link('told', \"told\") }}")
    )
