"""Each call of the client is one that the SDK's own methods send: method, path, and names in the query or the body.

Both are read from their sources. What is nested in a body is held against the SDK's models where it is sent.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import square

import plugin.square.client

_ASKING = ("_ask", "_one", "_pages", "_all", "_ask_unsigned")
# Ours, not Square's: they say how it is asked.
_HOW = {"timeout_s", "authorization"}
# An id that is a word.
_MERCHANT = ("GET v2/merchants/me", "GET v2/merchants/{}")


def _calls(package: object) -> Iterator[tuple[str, ast.Call]]:
    folder = Path(getattr(package, "__path__")[0])  # noqa: B009 - a module, to mypy, has no such attribute
    for file in sorted(folder.rglob("*.py")):
        source = file.read_text()
        if "request(" in source or "self._" in source:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield node.func.attr, node


def _names(value: ast.expr | None) -> set[str]:
    """Return the keys of a dict that is written out; none of another value."""
    if value is None or not isinstance(value, ast.Dict):
        return set()
    return {key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _template(path: ast.expr) -> str:
    if isinstance(path, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in path.values)
    return str(ast.literal_eval(path))


@cache
def _of_the_sdk() -> dict[str, tuple[set[str], set[str]]]:
    """Return the names in query and body, by "METHOD path"."""
    found = {}
    for name, call in _calls(square):
        given = {each.arg: each.value for each in call.keywords}
        if name == "request" and call.args and "method" in given:
            what = f"{ast.literal_eval(given['method'])} {_template(call.args[0])}"
            found[what] = (_names(given.get("params")), _names(given.get("json")))
    return found


def _ours() -> Iterator[tuple[str, int, frozenset[str]]]:
    """Yield each call: "METHOD path", how many ids are put into the path, and the names that are written out."""
    for name, call in _calls(plugin.square.client):
        written = [each.value for each in call.args if isinstance(each, ast.Constant)]
        what = [str(each) for each in written if " " in str(each)]
        if name not in _ASKING or not what:
            continue
        named = {each.arg for each in call.keywords if each.arg}
        for spread in (each.value for each in call.keywords if not each.arg):
            for part in ast.walk(spread):
                named |= _names(part) if isinstance(part, ast.Dict) else set()
        ids = len(call.args) - 1 - (name in ("_one", "_pages", "_all"))
        paging = {"cursor"} if name in ("_pages", "_all") else set()
        yield what[0], ids, frozenset((named | paging) - _HOW)


_OURS = sorted(set(_ours()), key=lambda call: (call[0], sorted(call[2])))


def test_all_calls_are_found() -> None:
    sources = [file.read_text() for file in Path(plugin.square.client.__path__[0]).glob("*.py")]
    templates = {
        str(node.value)
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and str(node.value).startswith(("GET ", "POST ", "PUT ", "DELETE "))
    }
    assert templates == {what for what, _ids, _named in _OURS}
    assert len(templates) > 50


@pytest.mark.parametrize(("what", "ids", "named"), _OURS, ids=[what for what, _, _ in _OURS])
def test_the_sdk_sends_the_same(what: str, ids: int, named: frozenset[str]) -> None:
    known = _of_the_sdk()
    what = _MERCHANT[1] if what == _MERCHANT[0] else what
    assert what in known, "no method of the SDK sends this"
    query, body = known[what]
    assert named <= (query if what.startswith(("GET ", "DELETE ")) else body)
    if what != _MERCHANT[1]:
        assert ids == what.count("{}")
