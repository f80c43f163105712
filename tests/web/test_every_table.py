"""Every table of every page sorts by its headings, also in its file, or docs/screens.md says why it does not."""

import re
from collections import Counter
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask

from plugin.courses.lists.listing import renew_some
from tests.budgets.test_plans import addresses, values_in
from tests.courses.desk import Desk
from tests.project.tree import ROOT
from tests.thorough import examples
from tests.web.page import Page
from tests.web.test_course_list import sell_to
from tests.web.test_tables import cells, rows_of
from tests.web.visitor import Visitor

TEMPLATES = ROOT / "templates"
TWELVE = "Facial acupuncture, course of 12"
HEADINGS = re.compile(r'class="sorts-by[^>]*><a href="([^"]+)"')
# What stands for one of many in an address.
ONE_OF_MANY = re.compile(r"(?<=/)[0-9a-f]{32}(?=/|$)")


def _unsorted_in_templates() -> Counter[str]:
    """Return how many tables of each template have no heading that sorts."""
    found: Counter[str] = Counter()
    for path in sorted(TEMPLATES.rglob("*.html")):
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(TEMPLATES))
        tables = re.findall(r"<table\b.*?</table>", text, re.DOTALL)
        found[name] += sum("table.heading(" not in each for each in tables)
        # A description of columns is drawn with the order that sorts them.
        found[name] += sum("sorting" not in each for each in re.findall(r"\.table_of\(([^)]*)\)", text))
    return +found


def _reasons() -> Counter[str]:
    """Return the tables that docs/screens.md names with their reason, by template."""
    text = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w/]+\.html)` \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert all(what.strip() and len(reason.split()) > 3 for _name, what, reason in rows)
    return Counter(name for name, _what, _reason in rows)


def test_a_table_sorts_or_the_documents_say_why_it_does_not() -> None:
    assert _unsorted_in_templates() == _reasons()


@pytest.fixture
def sold(small_desk: Desk) -> dict[str, str]:
    """A little of everything, and two courses of two packages with different figures."""
    values = values_in(small_desk)
    few, many = small_desk.package(sessions=3, name="abc"), small_desk.package(sessions=10, name="Zed")
    sell_to(small_desk, "Ana", few, paid=30000)
    small_desk.use(sell_to(small_desk, "Bo", many, paid=165000))
    renew_some(small_desk.store, small_desk.clock())
    return values


def test_every_heading_of_every_page_sorts_both_ways_and_the_files_follow(
    small_app: Flask, small_olga: Visitor, sold: dict[str, str]
) -> None:
    sorted_by, tables = set(), 0
    for address in addresses(small_app, sold):
        answer = small_olga.get(address)
        if answer.mimetype != "text/html":
            continue
        text = answer.text
        tables += text.count("<table")
        links = [each.replace("&amp;", "&") for each in HEADINGS.findall(text)]
        if not links:
            continue
        # Each is followed in `make test-all`.
        for link in links[:: examples(few=3, every=1)]:
            page = small_olga.page(link.split("#")[0])
            (back,) = [
                each
                for each in map(_unescaped, HEADINGS.findall(page.html))
                if urlsplit(each).query != urlsplit(link).query and _column(each, link)
            ]
            assert _is_opposite(back, link), (back, link)
        sorted_by |= {ONE_OF_MANY.sub("*", link) for link in links}
        files = [each for each in small_olga.page(links[0].split("#")[0]).links() if ".csv" in each]
        assert files or ".csv" in text, address
        for file in files:
            assert small_olga.get(file).status_code == 200, file
    assert tables > 20
    assert len(sorted_by) > 70


def _unescaped(link: str) -> str:
    return link.replace("&amp;", "&")


def _parameter(link: str) -> tuple[str, str]:
    """Return which parameter of the address a heading sets, and the column."""
    fragment = urlsplit(link).fragment
    name = fragment if fragment in parse_qs(urlsplit(link).query) else "sort"
    return name, parse_qs(urlsplit(link).query)[name][0]


def _column(one: str, other: str) -> bool:
    (name, column), (same, wanted) = _parameter(one), _parameter(other)
    return name == same and column.removeprefix("-") == wanted.removeprefix("-")


def _is_opposite(one: str, other: str) -> bool:
    return _parameter(one)[1].startswith("-") != _parameter(other)[1].startswith("-")


ORDERED = {
    "sort": (
        *("/courses", "/courses.csv", "/clients/all", "/clients/all.csv", "/documents", "/documents.csv"),
        *("/packages", "/packages.csv", "/people", "/people.csv", "/import", "/imports.csv", "/tips"),
        *("/tips/by-month.csv", "/clinic/staff", "/clinic/staff/list.csv", "/clinic/backups"),
        *("/clinic/events", "/clinic/events/deliveries.csv", "/overview/courses", "/reports/entries"),
        *("/overview/courses.csv", "/reports/entries.csv", "/reports/activity", "/reports/usage"),
        *("/reports/activity.csv", "/reports/usage.csv", "/reports/pay", "/reports/pay.csv"),
        *("/reports/planned", "/reports/planned.csv", "/reports/reserve", "/reports/reserve.csv"),
        *("/reports/year", "/reports/year.csv", "/reports/unused", "/reports/unused.csv"),
        *("/reports/quotes", "/reports/agreements", "/reports/checks", "/reports/passes"),
        *("/reports/letters", "/reports/orders.csv"),
    ),
    "months": ("/overview", "/overview/months.csv"),
    "owed": ("/overview", "/overview/deferred.csv"),
    "progress": ("/overview", "/overview/progress.csv"),
    "states": ("/reports/unused", "/reports/unused-states.csv"),
}


@pytest.mark.parametrize("wrong", ["nonsense", "-nonsense", "--month", "-"])
def test_an_order_that_no_table_has_is_refused_in_a_sentence(
    small_olga: Visitor, small_desk: Desk, wrong: str
) -> None:
    small_desk.sell()
    said = f"The table can’t be sorted by “{wrong.removeprefix('-')}”. Sort it by the heading of a column."
    for parameter, addresses_ in ORDERED.items():
        for address in addresses_:
            answer = small_olga.get(f"{address}?{parameter}={wrong}")
            assert (answer.status_code, said in Page(answer.text).text) == (422, True), (address, parameter)


def _file_of(visitor: Visitor, page: Page, part: str) -> list[dict[str, str]]:
    (file,) = [link for link in page.links() if part in link and ".csv" in link]
    return rows_of(visitor.get(file).text)


def _part_of(page: Page, id_: str) -> Page:
    """Return what begins with this id."""
    return Page(page.html.split(f'id="{id_}"')[1])


def test_the_tables_of_the_overview_each_have_their_own_order(
    small_olga: Visitor, small_desk: Desk, sold: dict[str, str]
) -> None:
    asked = {"months": "-month", "owed": "package", "progress": "-name"}
    page = small_olga.page(f"/overview?{urlencode(asked)}")
    months, owed, progress = (cells(_part_of(page, each)) for each in asked)
    assert (months[0], months[-1]) == ("December 2025", "November 2026")
    names = ["abc", TWELVE, "Zed"]
    assert owed == names
    assert progress == names[::-1]
    assert next(row["Month"] for row in _file_of(small_olga, page, "/overview/months")) == "2025-12"
    assert [row["Package"] for row in _file_of(small_olga, page, "/overview/deferred")] == names
    by_name = [row["Package"] for row in _file_of(small_olga, page, "/overview/progress")]
    assert by_name == [*names[::-1], "All"]
    headings = map(_unescaped, HEADINGS.findall(page.html))
    # A heading changes the order of its own table alone.
    link = next(each for each in headings if each.endswith("#owed") and "owed=value" in each)
    kept = dict(parse_qsl(urlsplit(link).query))
    assert kept == {**asked, "owed": "value"}


def test_no_two_tables_of_a_page_have_headings_or_files_of_one_name(
    small_olga: Visitor, sold: dict[str, str]
) -> None:
    for address in ("/overview", "/reports/unused?years=0"):
        html = small_olga.page(address).html
        named = re.findall(
            r'<a href="([^"]+)"(?: download)?>((?:[^<]|<span class="unseen">[^<]*</span>)+)</a>', html
        )
        of = [name for link, name in named if ".csv" in link or "#" in link]
        assert len(of) > 4
        assert sorted(of) == sorted(set(of)), address


def test_numbers_sort_as_numbers_and_what_is_unknown_comes_last(
    small_olga: Visitor, sold: dict[str, str]
) -> None:
    for sort, first in (
        ("value", TWELVE),
        ("-value", "abc"),
        ("-sessions", "abc"),
    ):
        assert cells(_part_of(small_olga.page(f"/overview?owed={sort}"), "owed"))[0] == first, sort
    # No course is over: nothing was completed of nothing, in either direction.
    for sort in ("days", "-days", "completed", "-completed"):
        page = small_olga.page(f"/overview?progress={sort}")
        assert len(cells(_part_of(page, "progress"))) == 3


def test_the_reserve_is_sorted_and_searched_and_so_is_its_file(
    small_olga: Visitor, sold: dict[str, str]
) -> None:
    names = ["abc", TWELVE, "Zed"]
    for sort, expected in (
        ("package", names),
        ("-package", names[::-1]),
        ("today", [TWELVE, "Zed", "abc"]),
    ):
        page = small_olga.page(f"/reports/reserve?sort={sort}")
        assert cells(page) == expected, sort
        file = _file_of(small_olga, page, "/reports/reserve")
        assert list(dict.fromkeys(row["Package"] for row in file)) == expected, sort
    assert "All" in page.text
    page = small_olga.page("/reports/reserve?q=zed")
    assert cells(page) == ["Zed"]
    assert {row["Package"] for row in _file_of(small_olga, page, "/reports/reserve")} == {"Zed"}
    assert "<tfoot>" not in page.html
    assert "No package fits that." in small_olga.page("/reports/reserve?q=nothing").text


def test_the_packages_of_a_year_are_sorted_and_so_is_its_file(
    small_olga: Visitor, sold: dict[str, str]
) -> None:
    for sort, expected in (
        ("package", ["abc", TWELVE, "Zed"]),
        ("-received", ["abc", "Zed", TWELVE]),
    ):
        page = small_olga.page(f"/reports/year?sort={sort}")
        assert cells(_part_of(page, "packages-heading")) == expected
        file = _file_of(small_olga, page, "/reports/year")
        assert [row["Package"] for row in file if row["Package"]] == expected


def test_months_are_sorted_by_a_figure(small_olga: Visitor, small_desk: Desk) -> None:
    for address in ("quotes", "agreements", "checks", "passes", "letters", "orders"):
        file = rows_of(small_olga.get(f"/reports/{address}.csv?sort=-month").text)
        months = [row["Month"] for row in file]
        assert months == sorted(months)
        newest = [row["Month"] for row in rows_of(small_olga.get(f"/reports/{address}.csv").text)]
        assert newest == months[::-1]


def test_entries_and_courses_behind_a_figure_are_filtered_on_the_page_and_in_the_file(
    small_olga: Visitor, sold: dict[str, str]
) -> None:
    for address, asked in (
        ("/reports/entries", "from=2026-11-01&to=2026-11-30&line=sold&of=All"),
        ("/overview/courses", "outcome=under_way&of=All"),
    ):
        form = small_olga.page(f"{address}?{asked}").form(address)
        assert "of" not in form.fields
        zed = re.search(r'value="(\w+)">Zed<', small_olga.page(f"{address}?{asked}").html)
        assert zed
        page = small_olga.page(f"{address}?{urlencode({**form.fields, 'package': zed[1]})}")
        assert len(cells(page)) == 1
        assert [row["Package"] for row in _file_of(small_olga, page, address)] == ["Zed"]
        assert page.form(address).fields["package"] == zed[1]


def test_entries_are_sorted_by_client(small_olga: Visitor, sold: dict[str, str]) -> None:
    asked = "from=2026-11-01&to=2026-11-30&line=sold"
    for sort in ("client", "-client"):
        page = small_olga.page(f"/reports/entries?{asked}&sort={sort}")
        names = [each for each in cells(page) if each != "No client yet"]
        assert names == sorted(names, reverse=sort == "-client")
        file = _file_of(small_olga, page, "/reports/entries")
        assert [row["Client"] for row in file if row["Client"]] == names


def test_a_line_of_the_journal_is_searched_and_so_is_its_file(
    small_olga: Visitor, sold: dict[str, str]
) -> None:
    address = "/reports/journal/line?month=2026-11&section=used&account=earned"
    page = small_olga.page(f"{address}&q=zed")
    assert [row["Client"] for row in _file_of(small_olga, page, "/reports/journal/line")] == ["Bo"]
    assert "Total: credit $165.00" in page.text
    assert "Nothing fits" in small_olga.page(f"{address}&q=nothing").text
