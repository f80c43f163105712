"""Extraction for Babel (`make messages`): which words of Python code the staff reads, and which the clients.

Staff words are calls of bare names, `_("…")`; words for clients are methods of their language, `language.gettext("…")`.
What can't become a paper is refused in words for the staff, also where papers are made.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import IO

_Found = tuple[int, str, str | tuple[str, ...], list[str]]
# Of each function, how many of its first arguments are text; the extractor of Babel splits off contexts.
_TEXTS = {"_": 1, "N_": 1, "N_n": 2, "gettext": 1, "ngettext": 2, "pgettext": 2, "npgettext": 3}
_REFUSAL = "PaperRefused"
# What Babel knows a function of ours as.
_BABEL = {"N_n": "ngettext", _REFUSAL: "gettext"}


def for_staff(file: IO[bytes], *_: object, **__: object) -> Iterator[_Found]:
    """Yield the words of a file that the staff reads."""
    return _found(file, ast.Name, {**_TEXTS, _REFUSAL: 1})


def for_clients(file: IO[bytes], *_: object, **__: object) -> Iterator[_Found]:
    """Yield the words of a file that clients read."""
    return _found(file, ast.Attribute, _TEXTS)


def _found(file: IO[bytes], kind: type[ast.expr], arguments: Mapping[str, int]) -> Iterator[_Found]:
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if not isinstance(node.func, kind) and name != _REFUSAL:
            continue
        texts = tuple(map(_text, node.args[: arguments.get(name, 0)]))
        if texts and len(texts) == arguments[name] and all(texts):
            yield node.lineno, _BABEL.get(name, name), texts if len(texts) > 1 else texts[0], []


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
