"""docs/square-assumptions.md is whole, and every place in the code that it names is there.

Section F of the faults found by use.
"""

import re
from importlib import import_module

import pytest

from tests.project.tree import ROOT

STATUSES = ("Observed", "Documented", "Not verified")
FIELDS = ["Assumed", "Code", "Status", "If wrong", "Try it"]
DOCUMENT = (ROOT / "docs" / "square-assumptions.md").read_text()
SECTIONS = re.findall(r"^### (\d+)\. (.+)\n\n((?:- .+\n)+)", DOCUMENT, re.MULTILINE)


def has_place(name: str) -> bool:
    """Return whether a dotted name is a module of ours, or a class, function or value in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def fields_of(body: str) -> dict[str, str]:
    return dict(re.findall(r"^- \*\*(.+?):\*\* (.+)$", body, re.MULTILINE))


def test_it_numbers_all_of_them():
    assert [int(number) for number, _, _ in SECTIONS] == list(range(1, 36))
    assert len(re.findall(r"^### ", DOCUMENT, re.MULTILINE)) == len(SECTIONS)


@pytest.mark.parametrize(("number", "title", "body"), SECTIONS, ids=[number for number, _, _ in SECTIONS])
def test_each_says_what_where_how_sure_what_if_and_how_to_try(number: str, title: str, body: str):
    fields = fields_of(body)
    places = re.findall(r"`(.+?)`", fields["Code"])

    assert list(fields) == FIELDS
    assert fields["Status"].startswith(STATUSES)
    assert places
    assert [place for place in places if not has_place(place)] == []


def test_its_table_says_the_same_as_its_sections_and_links_to_them():
    rows = re.findall(r"^\| \[(\d+)\]\(#(.+?)\) \| (.+?) \| (.+?) \|$", DOCUMENT, re.MULTILINE)

    assert rows == [
        (number, _anchor(f"{number}. {title}"), title, _status(body)) for number, title, body in SECTIONS
    ]


def test_the_readme_leads_to_it():
    is_linked = "](docs/square-assumptions.md)" in (ROOT / "README.md").read_text()

    assert is_linked


@pytest.mark.parametrize(
    "planted",
    ["plugin.square.nowhere", "plugin.square.sales.is_sold_out", "plugin.square.sync.Sweep.go", "nowhere"],
)
def test_a_place_that_is_not_there_is_noticed(planted: str):
    assert not has_place(planted)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _status(body: str) -> str:
    said = fields_of(body)["Status"]
    return next(status for status in STATUSES if said.startswith(status))
