"""The words of the screens: Square's and plain English, never the machine's verbs or our own private terms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import plugin.web
from plugin.web.pages import TEMPLATES

# The list grows with each screen that is cleaned, and never shrinks.
FORBIDDEN = (
    "anew",
    "reckon",
    "nobody fits",
    "nobody named",
    "nobody noted",
    "nobody is booked",
    "seen lately",
    "handed over",
    "take this cash",
    "ring it up",
    "ring one up",
    "paid another way",
    "cheque",
    "whom is it for",
    "whose is it",
    "make this client",
    "make a new client",
    "make this package",
    "save these details",
    "save these particulars",
    "save as version",
    "look at this",
    "leave it as it is",
    "do not erase",
    "erase for ever",
    "give the session back",
    "given back",
    "add focus",
    "treated by",
    "if you like",
    "a visit was missed",
    "enter another visit",
    "they did not come",
    "called off",
    "forgive it",
    "thaw",
    "take off sale",
    "fit together",
    "papers for many",
    "show these days",
    "turns to paid",
)
_TAGS = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]+>", re.S)
_STRINGS = re.compile(r'"([^"\n]*)"')


def words_of_template(path: Path) -> str:
    """Return what a template shows: its text, and the strings within its expressions."""
    source = re.sub(r"{#.*?#}", " ", path.read_text(encoding="utf-8"), flags=re.S)
    spoken = " ".join(_STRINGS.findall(" ".join(re.findall(r"{[{%].*?[%}]}", source, re.S))))
    return f"{_TAGS.sub(' ', source)} {spoken}".casefold()


def words_of_module(path: Path) -> Iterator[str]:
    """Go through the strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value.casefold()


def test_no_template_speaks_our_private_language() -> None:
    found = [
        (path.name, word)
        for path in sorted(TEMPLATES.rglob("*.html"))
        for word in FORBIDDEN
        if word in words_of_template(path)
    ]
    assert found == []


def test_no_message_of_a_view_does_either() -> None:
    # An address such as "thaw" is no word that is read.
    found = [
        (path.name, word)
        for path in sorted(Path(plugin.web.__file__).parent.rglob("*.py"))
        for said in words_of_module(path)
        for word in FORBIDDEN
        if word in said and " " in said
    ]
    assert found == []


def test_a_private_word_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<p>{{ "Handed over" if true }}</p><!-- --><button>Reckon the pay</button>', encoding="utf-8"
    )
    assert [word for word in FORBIDDEN if word in words_of_template(page)] == ["reckon", "handed over"]
