"""The registry of attention kinds, the code that opens items, the page and the API agree."""

import ast
import importlib
import re
from typing import Any

from plugin.courses.attention.items import KINDS
from plugin.web.api.attention import AttentionItem
from tests.project.tree import ROOT, modules_of

_PAGE = (ROOT / "templates" / "macros" / "question.html").read_text()
_NAMES = {each.name for kind in KINDS.values() for each in kind.all_decisions}


def _opened() -> dict[str, str]:
    """Return each kind that an item is opened with, and the module that does."""
    found: dict[str, Any] = {}
    for module, source in modules_of("plugin").items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2].startswith(
                "open_item"
            ):
                kinds = [each.value for each in node.keywords if each.arg == "kind"]
                found |= {_value(module, each): module for each in kinds}
    return found


def _value(module: str, node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return str(getattr(importlib.import_module(module), ast.unparse(node)))


def test_every_kind_that_is_opened_is_declared_and_every_declared_one_is_opened() -> None:
    assert set(_opened()) == set(KINDS)


def test_every_decision_has_its_words() -> None:
    for kind in KINDS.values():
        assert kind.title
        names = [each.name for each in kind.all_decisions]
        assert len(names) == len(set(names))
        for each in kind.all_decisions:
            assert each.label
            assert each.done.endswith(".")
            assert each.answer
            assert len(each.name) <= 40


def test_the_page_asks_in_forms_and_decisions_that_are_declared() -> None:
    macros = set(re.findall(r"{% macro (\w+)\(", _PAGE))
    assert {kind.form for kind in KINDS.values()} - {"taps"} <= macros
    named = set(re.findall(r'name="decision" value="(\w+)"', _PAGE))
    named |= set(re.findall(r'kind\.decision\("(\w+)"\)', _PAGE))
    assert named <= _NAMES


def test_the_api_tells_every_kind() -> None:
    described = AttentionItem.model_json_schema()["properties"]["kind"]["description"]
    for kind in KINDS.values():
        assert f"`{kind.kind}`: {kind.title}" in described
