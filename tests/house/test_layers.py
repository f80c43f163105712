"""The direction of the house: who may import whom. The message names the forbidden edge."""

from __future__ import annotations

import sys

import pytest

from tests.house.imports import calls_in, imports_in, is_within
from tests.house.tree import modules_of

# What type checkers alone read is there without being installed.
_WITH_PYTHON = sys.stdlib_module_names | {"_typeshed"}

_WORDS = {"plugin.errors", "plugin.version"}
_RULES = {"plugin.core", *_WORDS}
_KEEPING = {"plugin.store", "plugin.settings", *_RULES}
_USING = {"plugin.courses", "invoices", *_KEEPING}

# What each part may know of the house besides itself. A module not named here stands above all of them.
MAY_KNOW = {
    "plugin.version": set(),
    "plugin.errors": set(),
    "plugin.settings": _WORDS,
    "plugin.core": {"plugin.errors"},
    "plugin.store": _KEEPING,
    "plugin.courses": _USING,
    "plugin.mail": {"plugin.errors"},
    "plugin.square": {"plugin.house", "plugin.mail", *_USING},
    "plugin.web": {"plugin.house", "plugin.mail", "plugin.square", *_USING},
    "plugin.practice": {"plugin.version"},
    "invoices": set(),
}

# Packages of others, and the only places that may import them.
ONLY_IN = {
    "weasyprint": {"invoices"},
    "square": {"plugin.square.client"},
    "square.utils.webhooks_helper": {"plugin.square"},
    "httpx": {"plugin.square.client"},
    "sqlalchemy.create_engine": {"plugin.store"},
}

# Parts that do with few packages of others, so that they can be read, moved and trusted alone.
MAY_USE = {
    "plugin.core": set(),
    "plugin.practice": {"flask", "werkzeug", "jinja2", "markupsafe"},
}
MAY_NOT_USE = {"invoices": {"flask", "sqlalchemy", "square", "werkzeug"}}


def forbidden_edges(modules: dict[str, str]) -> list[str]:
    packages = {name.rpartition(".")[0] for name in modules}
    found = []
    for module, source in sorted(modules.items()):
        imported = imports_in(module, source, is_package=module in packages)
        found += [f"{module} -> {name}" for name in sorted(imported) if _is_forbidden(module, name)]
        if "create_engine" in calls_in(source) and not is_within(module, "plugin.store"):
            found.append(f"{module} -> create_engine()")
    return found


def _is_forbidden(module: str, name: str) -> bool:
    if is_within(name, "plugin") or is_within(name, "invoices"):
        return _points_up(module, name)
    return _is_reserved(module, name) or _is_too_much(module, name)


def _points_up(module: str, name: str) -> bool:
    part = _part_of(module)
    if part is None:
        return False
    return not any(is_within(name, known) for known in {part, *MAY_KNOW[part]})


def _is_reserved(module: str, name: str) -> bool:
    # The narrowest entry decides: the SDK's signature check may go where its client may not.
    reserved = max((package for package in ONLY_IN if is_within(name, package)), key=len, default=None)
    return reserved is not None and not any(is_within(module, place) for place in ONLY_IN[reserved])


def _is_too_much(module: str, name: str) -> bool:
    package = name.partition(".")[0]
    part = _part_of(module) or ""
    if package in MAY_NOT_USE.get(part, set()):
        return True
    return part in MAY_USE and package not in MAY_USE[part] and package not in _WITH_PYTHON


def _part_of(module: str) -> str | None:
    return max((part for part in MAY_KNOW if is_within(module, part)), key=len, default=None)


def test_the_house_has_no_forbidden_edge():
    modules = modules_of("plugin") | modules_of("invoices")

    assert "plugin.core.money" in modules
    edges = forbidden_edges(modules)
    assert not edges, "\n".join(["The direction of the house forbids:", *edges])


@pytest.mark.parametrize(
    ("module", "source", "edge"),
    [
        ("plugin.core.money", "import babel", "plugin.core.money -> babel"),
        ("plugin.core.money", "from plugin.store import Store", "plugin.core.money -> plugin.store.Store"),
        ("plugin.core.money", "from ..store import Store", "plugin.core.money -> plugin.store.Store"),
        (
            "plugin.store.ledger",
            "from plugin.courses import read",
            "plugin.store.ledger -> plugin.courses.read",
        ),
        ("plugin.store.ledger", "import invoices", "plugin.store.ledger -> invoices"),
        (
            "plugin.courses.views",
            "import plugin.square.inbox",
            "plugin.courses.views -> plugin.square.inbox",
        ),
        (
            "plugin.courses.views",
            "from plugin import web",
            "plugin.courses.views -> plugin.web",
        ),
        (
            "plugin.courses.views",
            "from plugin.cli import main",
            "plugin.courses.views -> plugin.cli.main",
        ),
        ("plugin.square.sweep", "from plugin.web import api", "plugin.square.sweep -> plugin.web.api"),
        ("plugin.square.sweep", "from square import Square", "plugin.square.sweep -> square.Square"),
        ("plugin.web.desk", "import httpx", "plugin.web.desk -> httpx"),
        ("plugin.web.desk", "from weasyprint import HTML", "plugin.web.desk -> weasyprint.HTML"),
        ("plugin.web.desk", "from plugin.practice import app", "plugin.web.desk -> plugin.practice.app"),
        ("plugin.jobs", "from sqlalchemy import create_engine", "plugin.jobs -> sqlalchemy.create_engine"),
        ("plugin.jobs", "sa.create_engine('sqlite://')", "plugin.jobs -> create_engine()"),
        ("plugin.practice.app", "from plugin.core import money", "plugin.practice.app -> plugin.core.money"),
        ("plugin.practice.app", "import sqlalchemy", "plugin.practice.app -> sqlalchemy"),
        (
            "invoices.press.render",
            "from plugin.errors import Refused",
            "invoices.press.render -> plugin.errors.Refused",
        ),
        ("invoices.press.render", "def f():\n    import flask", "invoices.press.render -> flask"),
    ],
)
def test_a_planted_edge_is_found_and_named(module, source, edge):
    assert forbidden_edges({module: source}) == [edge]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("plugin.core.money", "from fractions import Fraction\nfrom plugin.core.spread import spread"),
        ("plugin.store.database", "from sqlalchemy import create_engine\ncreate_engine('sqlite://')"),
        ("plugin.square.client", "from square import Square\nimport httpx"),
        ("plugin.square.webhook", "from square.utils.webhooks_helper import verify_signature"),
        ("plugin.web.desk", "from plugin.house import House\nfrom plugin.courses import book"),
        (
            "plugin.practice.app",
            "import sqlite3\nfrom flask import Flask\nfrom plugin.practice import events",
        ),
        ("plugin.cli", "from plugin import practice, square, web\nfrom plugin.store import Store"),
    ],
)
def test_an_allowed_edge_is_let_through(module, source):
    assert forbidden_edges({module: source}) == []


def test_an_edge_from_a_package_itself_is_found_too():
    modules = {"plugin.core": "from .. import store", "plugin.core.money": ""}

    assert forbidden_edges(modules) == ["plugin.core -> plugin.store"]
