"""The direction of the house: who may import whom. The message names the forbidden edge."""

from __future__ import annotations

import sys

import pytest

from tests.project.imports import calls_in, imports_in, is_within
from tests.project.tree import modules_of

# What type checkers alone read is there without being installed.
_WITH_PYTHON = sys.stdlib_module_names | {"_typeshed"}

_WORDS = {"plugin.errors", "plugin.version"}
_RULES = {"plugin.core", *_WORDS}
_KEEPING = {"plugin.store", "plugin.settings", *_RULES}
_USING = {"plugin.courses", "invoices", *_KEEPING}

_JOBS = {"plugin.jobs", "plugin.retry_policy", "plugin.services"}
_SERVING = {"plugin.mail", "plugin.vault", "plugin.square", *_JOBS, *_USING}

# What each part may know of the house besides itself. A module not named here stands above all of them.
MAY_KNOW = {
    "plugin.version": set(),
    "plugin.errors": set(),
    "plugin.settings": _WORDS,
    "plugin.core": {"plugin.errors"},
    "plugin.store": _KEEPING,
    "plugin.courses": _USING,
    "plugin.mail": {"plugin.errors"},
    "plugin.square": _SERVING,
    "plugin.web": {
        "plugin.services",
        "plugin.bootstrap",
        "plugin.mail",
        "plugin.vault",
        "plugin.emails",
        "plugin.square",
        *_USING,
    },
    "practice_square": {"plugin.version"},
    "practice_square.demo": {"plugin", "practice_square", "invoices"},
    "plugin.services": _SERVING,
    "plugin.bootstrap": _SERVING,
    "plugin.vault": _WORDS,
    "plugin.retry_policy": {"plugin.errors"},
    "plugin.jobs": {*_JOBS, *_USING},
    "plugin.emails": {"plugin.mail", *_JOBS, *_USING},
    "plugin.job_registry": {"plugin.emails", *_SERVING},
    "plugin.worker": {"plugin", "invoices"},
    "plugin.cli": {"plugin", "invoices", "practice_square"},
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
    "practice_square": {"flask", "werkzeug", "jinja2", "markupsafe"},
}
_OURS = ("plugin", "invoices", "practice_square")
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
    if any(is_within(name, top) for top in _OURS):
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
    modules = modules_of("plugin") | modules_of("invoices") | modules_of("practice_square")

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
            "from plugin.courses.base import read",
            "plugin.store.ledger -> plugin.courses.base.read",
        ),
        ("plugin.store.ledger", "import invoices", "plugin.store.ledger -> invoices"),
        (
            "plugin.courses.base.views",
            "import plugin.square.inbox",
            "plugin.courses.base.views -> plugin.square.inbox",
        ),
        (
            "plugin.courses.base.views",
            "from plugin import web",
            "plugin.courses.base.views -> plugin.web",
        ),
        (
            "plugin.courses.base.views",
            "from plugin.cli import main",
            "plugin.courses.base.views -> plugin.cli.main",
        ),
        ("plugin.square.sync", "from plugin.web import api", "plugin.square.sync -> plugin.web.api"),
        ("plugin.square.sync", "from square import Square", "plugin.square.sync -> square.Square"),
        ("plugin.web.desk", "import httpx", "plugin.web.desk -> httpx"),
        ("plugin.web.desk", "from weasyprint import HTML", "plugin.web.desk -> weasyprint.HTML"),
        ("plugin.web.desk", "from practice_square import app", "plugin.web.desk -> practice_square.app"),
        (
            "plugin.worker",
            "from sqlalchemy import create_engine",
            "plugin.worker -> sqlalchemy.create_engine",
        ),
        ("plugin.worker", "sa.create_engine('sqlite://')", "plugin.worker -> create_engine()"),
        ("practice_square.app", "from plugin.core import money", "practice_square.app -> plugin.core.money"),
        ("practice_square.app", "import sqlalchemy", "practice_square.app -> sqlalchemy"),
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
        ("plugin.core.money", "from fractions import Fraction\nfrom plugin.core.allocation import allocate"),
        ("plugin.store.database", "from sqlalchemy import create_engine\ncreate_engine('sqlite://')"),
        ("plugin.square.client", "from square import Square\nimport httpx"),
        ("plugin.square.webhook", "from square.utils.webhooks_helper import verify_signature"),
        ("plugin.web.desk", "from plugin.services import Services\nfrom plugin.courses import book"),
        (
            "practice_square.app",
            "import sqlite3\nfrom flask import Flask\nfrom practice_square import events",
        ),
        (
            "plugin.cli",
            "import practice_square\nfrom plugin import square, web\nfrom plugin.store import Store",
        ),
    ],
)
def test_an_allowed_edge_is_let_through(module, source):
    assert forbidden_edges({module: source}) == []


def test_an_edge_from_a_package_itself_is_found_too():
    modules = {"plugin.core": "from .. import store", "plugin.core.money": ""}

    assert forbidden_edges(modules) == ["plugin.core -> plugin.store"]
