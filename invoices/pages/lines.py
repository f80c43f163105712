"""Where lines break: in no date, phone number or “touch-up”, and no last line is one short word or character."""

import re

from invoices.language import NO_BREAK_SPACE

_LONGEST = 40
# November 28, 2026 · 28 de noviembre de 2026
_DATE = re.compile(r"[A-Z][a-z]+[ \u00a0]\d{1,2},[ \u00a0]\d{4}|\d{1,2} de [a-z]+ de[ \u00a0]\d{4}")
# (310) 555-0100 · +1 310-555-0100, in text and in no tag; a link is tagged as such only without a box of its own
_PHONE = re.compile(r"(?:\+\d{1,3}[ \u00a0-])?\(?\d{3}\)?[ \u00a0-]\d{3}-\d{4}(?=[^<>]*<(?!/a>))")
# No box of its own: where a line is full to the last space before one, WeasyPrint 70 ends it at its first space.
_TOUCH_UP = re.compile(r"(\b\w{1,5} )?\b([Tt]ouch-)(?=ups?\b[^<>]*<(?!/title>))")
_WORD_JOINER = "\u2060"
_BETWEEN_CHARACTERS = re.compile(r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")
_LAST_UNIT = re.compile(r"(?<=\d) (?=(?:h|min)</)")
_LAST_WORD = re.compile(r"(?<=[^<>]{16}) (?=[^\s<>]{1,9}</(?:p|li|h1|h2|td|th)>)")
# A box that does not break, as its neighbors may break anywhere.
_LAST_CHARACTERS = re.compile(
    r"(?<=[^<>]{12})([\u3400-\u9fff]{2,3}[\u3002\uff01\uff1a\uff1f]?)(?=</(?:p|li|h1|h2|td|th)>)"
)


def whole(text: str) -> str:
    """Return a short piece, such as a line of an address, so that no line ends inside it."""
    return text.replace(" ", NO_BREAK_SPACE) if len(text) <= _LONGEST else text


def unbroken(text: str) -> str:
    """Return `whole` of a text that does not break between Chinese characters either."""
    return _BETWEEN_CHARACTERS.sub(_WORD_JOINER, whole(text))


def with_full_lines(page: str) -> str:
    """Return the HTML with dates and phone numbers in one piece, and two words at least on the last line of a text."""
    page = _PHONE.sub(r'<span class="whole">\g<0></span>', page)
    page = _TOUCH_UP.sub(lambda found: whole(found[1] or "") + found[2] + _WORD_JOINER, page)
    dated = _LAST_UNIT.sub(NO_BREAK_SPACE, _DATE.sub(lambda found: whole(found[0]), page))
    return _LAST_CHARACTERS.sub(r'<span class="whole">\1</span>', _LAST_WORD.sub(NO_BREAK_SPACE, dated))
