"""The direction of imports: which module may import which. The message names the forbidden edge."""

import ast
import re
import sys

import pytest

from tests.project.imports import calls_in, imports_in, is_within
from tests.project.tree import modules_of

# What type checkers alone read is there without being installed.
_WITH_PYTHON = sys.stdlib_module_names | {"_typeshed"}

_WORDS = {"plugin.errors", "plugin.version", "plugin.wording"}
_RULES = {"plugin.core", *_WORDS}
_KEEPING = {"plugin.store", "plugin.settings", "plugin.secrets_file", *_RULES}
_USING = {"plugin.courses", "invoices", *_KEEPING}

_JOBS = {"plugin.jobs", "plugin.retry_policy", "plugin.services"}
_SERVING = {"plugin.mail", "plugin.vault", "plugin.square", *_JOBS, *_USING}

# What each part may import of the program besides itself. A module not named here is above all of them.
MAY_KNOW = {
    "plugin.version": set(),
    "plugin.errors": set(),
    "plugin.secrets_file": {"plugin.errors"},
    "plugin.settings": {"plugin.mail", "plugin.secrets_file", *_WORDS},
    "plugin.configuration": {"plugin.stored_sentences", *_SERVING},
    "plugin.log": set(),
    "plugin.instance_lock": {"plugin.errors"},
    "plugin.backups": {"plugin.configuration", "plugin.instance_lock", *_SERVING},
    "plugin.wording": set(),
    "plugin.message_extraction": set(),
    "plugin.staff_languages": {"invoices"},
    "plugin.stored_sentences": {"plugin.staff_languages", "plugin.wording"},
    "plugin.core": {"plugin.errors", "plugin.wording"},
    "plugin.store": _KEEPING,
    "plugin.courses": _USING,
    "plugin.mail": {"plugin.errors", "plugin.wording"},
    "plugin.square": _SERVING,
    "plugin.web": {
        "plugin.log",
        "plugin.alarms",
        "plugin.job_registry",
        "plugin.services",
        "plugin.bootstrap",
        "plugin.backups",
        "plugin.configuration",
        "plugin.wallet",
        "plugin.webhooks",
        "plugin.mail",
        "plugin.vault",
        "plugin.emails",
        "plugin.staff_languages",
        "plugin.stored_sentences",
        "plugin.square",
        *_USING,
    },
    "practice_square": {"plugin.version"},
    "practice_square.demo": {"plugin", "practice_square", "invoices"},
    "plugin.services": _SERVING,
    "plugin.bootstrap": {"plugin.configuration", *_SERVING},
    "plugin.vault": _WORDS,
    "plugin.retry_policy": {"plugin.errors"},
    "plugin.jobs": {*_JOBS, *_USING},
    "plugin.emails": {"plugin.mail", "plugin.staff_languages", *_JOBS, *_USING},
    "plugin.job_registry": {"plugin.alarms", "plugin.backups", "plugin.emails", "plugin.wallet", *_SERVING},
    "plugin.alarms": {"plugin.backups", "plugin.staff_languages", "plugin.stored_sentences", *_SERVING},
    "plugin.wallet": _SERVING,
    "plugin.webhooks": {"plugin.configuration", *_SERVING},
    "plugin.listening": {"plugin.errors"},
    "plugin.processes": set(),
    "plugin.serving": {"plugin"},
    "plugin.start": {"plugin.backups", *_KEEPING},
    "plugin.worker": {"plugin", "invoices"},
    "plugin.doctor": {"plugin", "invoices"},
    "plugin.cli": {"plugin", "invoices", "practice_square", "tests.stories.day"},
    "invoices": set(),
}

# The layers inside plugin.courses, lowest first: a package may import those of lower layers, and of its own.
FLOORS = (
    {"base"},
    {"clients", "catalog", "accounts"},
    {"checks"},
    {"sales", "visits", "changes", "refunds", "exchange", "ratings"},
    {"agreements", "documents", "handouts", "privacy", "quotes"},
    {"reports", "imports", "lists", "journal", "webhooks", "letters"},
    {
        "attention",
        "subscribers",
        "audit",
        "retention",
        "failed_jobs",
        "square_health",
        "page_versions",
        "health_facts",
    },
)
# Packages of one layer that import each other both ways. This list may only shrink.
TWO_WAY = {("documents", "handouts")}

# Packages of others, and the only places that may import them.
ONLY_IN = {
    "weasyprint": {"invoices"},
    # Its methods load the models of all they might send or be answered: 25 MB in each process.
    "square": set(),
    "square.core": {"plugin.square.client"},
    "square.utils.webhooks_helper": {"plugin.square"},
    "httpx": {
        "plugin.square.client",
        "plugin.alarms.notices",
        "plugin.wallet",
        "plugin.webhooks.deliver",
        "plugin.backups.update_check",
    },
    "sqlalchemy.create_engine": {"plugin.store"},
    "prometheus_client": {"plugin.web.metrics"},
}

# Parts that use few packages of others, so that they can be read, moved and trusted alone.
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
        # Parsed only where the text has the name.
        calls = calls_in(source) if "create_engine" in source else ()
        if "create_engine" in calls and not is_within(module, "plugin.store"):
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
    # The narrowest entry decides: the SDK's signature check is allowed where its client is not.
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


def _rooms() -> set[tuple[str, str, str]]:
    """Return each import between two packages of plugin.courses: from, to, and the edge in words."""
    modules = {name: source for name, source in modules_of("plugin").items() if _room_of(name)}
    packages = {name.rpartition(".")[0] for name in modules}
    found = set()
    for module, source in modules.items():
        for name in imports_in(module, source, is_package=module in packages):
            rooms = _room_of(module), _room_of(name)
            if rooms[1] and rooms[0] != rooms[1]:
                found.add((*rooms, f"{module} -> {name}"))
    return found


def _room_of(module: str) -> str:
    parts = module.split(".")
    return parts[2] if parts[:2] == ["plugin", "courses"] and len(parts) > 2 else ""


def test_every_room_of_courses_stands_on_a_floor():
    rooms = {_room_of(name) for name in modules_of("plugin")} - {"", "__init__"}
    assert rooms == set().union(*FLOORS)


def test_no_room_of_courses_knows_one_above_it():
    level = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    up = sorted(edge for room, other, edge in _rooms() if level[other] > level[room])
    assert not up, "\n".join(["These point up:", *up])


def test_the_rooms_that_know_each_other_both_ways_are_listed():
    pairs = {(room, other) for room, other, _ in _rooms()}
    assert {(a, b) for a, b in pairs if a < b and (b, a) in pairs} == TWO_WAY


def test_every_part_of_the_plugin_has_its_rule():
    parts = {".".join(name.split(".")[:2]) for name in modules_of("plugin")} - {"plugin"}
    assert parts - set(MAY_KNOW) == {"plugin.__main__"}


def test_an_import_inside_a_function_says_why():
    silent = []
    for module, source in sorted((modules_of("plugin") | modules_of("invoices")).items()):
        lines = source.split("\n")
        for number in _first_inner_imports(source):
            if "#" not in lines[number - 1] and not lines[number - 2].lstrip().startswith("#"):
                silent.append(f"{module}:{number}")
    # The commands share one reason, which their package states: a quick start.
    silent = [each for each in silent if not is_within(each.partition(":")[0], "plugin.cli")]
    assert not silent, "\n".join(["Say beside these imports why they wait:", *silent])


def _first_inner_imports(source: str) -> list[int]:
    """Return the line of the first import of each run of imports inside a function."""
    found = []
    # What has no import that is indented need not be parsed.
    tree = ast.parse(source if re.search(r"^[ \t]+(?:from|import)\b", source, re.MULTILINE) else "")
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inner = [each for each in ast.walk(node) if isinstance(each, (ast.Import, ast.ImportFrom))]
            ends = {each.end_lineno or 0 for each in inner}
            found += [each.lineno for each in inner if each.lineno - 1 not in ends]
    return sorted(set(found))


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
        ("plugin.square.sync", "from square.core import x", "plugin.square.sync -> square.core.x"),
        ("plugin.square.client", "from square import Square", "plugin.square.client -> square.Square"),
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
        ("plugin.core.money", "from fractions import Fraction\nfrom plugin.core.text import folded"),
        ("plugin.store.database", "from sqlalchemy import create_engine\ncreate_engine('sqlite://')"),
        ("plugin.square.client", "from square.core.http_client import HttpClient\nimport httpx"),
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
