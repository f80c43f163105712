"""Every table of the reports sorts both ways by its headings, keeps the order in the address, and in its files."""

import csv
import io
import re
from datetime import timedelta
from functools import partial

import pytest

from plugin.core.acts import Role
from plugin.courses.accounts.staff import list_staff
from plugin.courses.lists.listing import renew_some
from plugin.courses.reports.activity import activity
from plugin.services import Services
from plugin.store.clinical import PlannedVisit
from plugin.store.listing import ListedCourse
from plugin.web.reports import activity as activity_page
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.test_course_list import sell_to
from tests.web.visitor import Visitor


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def cells(page: Page) -> list[str]:
    """Return the text of each row's heading."""
    body = page.html.split("<tbody>")[1].split("</tbody>")[0]
    return [re.sub("<[^>]*>", "", each).strip() for each in re.findall(r'<th scope="row">(.*?)</th>', body)]


@pytest.fixture
def used(small_desk: Desk, small_house: Services, small_as: As) -> None:
    """Two clients of two packages; the second was treated twice, by Kim."""
    small_as(Role.PRACTITIONER)
    kim = next(each.id for each in list_staff(small_house.store) if each.name == "A. Kim")
    ten, three = small_desk.package(sessions=10, name="Ten"), small_desk.package(sessions=3, name="three")
    small_desk.use(sell_to(small_desk, "Ana", ten, paid=165000))
    other = sell_to(small_desk, "Bo", three, paid=30000)
    for _ in range(2):
        small_desk.use(other, practitioner_id=kim)


@pytest.mark.parametrize(
    ("address", "first", "second"),
    [
        ("/reports/usage?sort=name", "Ten", "three"),
        ("/reports/usage?sort=-name", "three", "Ten"),
        ("/reports/usage?sort=sessions", "three", "Ten"),
        ("/reports/usage?sort=-sessions", "Ten", "three"),
        ("/reports/usage?sort=value", "three", "Ten"),
        ("/reports/pay?sort=sessions", "A. Kim", "Unassigned"),
        ("/reports/pay?sort=-sessions", "Unassigned", "A. Kim"),
    ],
)
def test_a_table_is_sorted_both_ways_and_so_is_its_file(
    small_olga: Visitor, used: None, address: str, first: str, second: str
) -> None:
    page = small_olga.page(address)
    assert cells(page) == [first, second]
    assert page.html.count("aria-sort=") == 1
    file = next(link for link in page.links() if ".csv" in link)
    assert address.split("?")[1] in file
    assert [next(iter(row.values())) for row in rows_of(small_olga.get(file).text)] == [first, second]


def test_a_heading_leads_to_the_other_direction(small_olga: Visitor, used: None) -> None:
    page = small_olga.page("/reports/usage?by=treatment&from=2026-11-01&to=2026-11-30")
    (link,) = [link for link in page.links() if "sort=-sessions" in link]
    assert "by=treatment" in link
    assert "from=2026-11-01" in link
    assert 'aria-sort="ascending"' in small_olga.page(link).html


def test_the_sessions_behind_a_pay_are_sorted(small_olga: Visitor, used: None, small_house: Services) -> None:
    kim = next(each.id for each in list_staff(small_house.store) if each.name == "A. Kim")
    page = small_olga.page(f"/reports/pay/{kim}?sort=value")
    assert page.html.count("aria-sort=") == 1
    file = next(link for link in page.links() if ".csv" in link)
    assert [row["Client"] for row in rows_of(small_olga.get(file).text)] == ["Bo", "Bo"]


@pytest.mark.parametrize(
    ("address", "sort", "clients"),
    [
        ("/overview/courses?outcome=under_way", "client", ["Ana", "Bo"]),
        ("/overview/courses?outcome=under_way", "-client", ["Bo", "Ana"]),
        ("/overview/courses?outcome=under_way", "used", ["Bo", "Ana"]),
        ("/overview/courses?outcome=under_way", "-value", ["Bo", "Ana"]),
        ("/reports/journal/line?month=2026-11&section=used&account=earned", "client", ["Ana", "Bo", "Bo"]),
        ("/reports/journal/line?month=2026-11&section=used&account=earned", "-client", ["Bo", "Bo", "Ana"]),
        ("/reports/journal/line?month=2026-11&section=used&account=earned", "-credit", ["Bo", "Bo", "Ana"]),
    ],
)
def test_what_is_behind_a_figure_is_sorted_and_so_is_its_file(
    small_olga: Visitor, used: None, address: str, sort: str, clients: list[str]
) -> None:
    page = small_olga.page(f"{address}&sort={sort}")
    assert re.findall(r'<a href="/clients/[^"]*"><bdi>(\w+)</bdi>', page.html) == clients
    assert page.html.count("aria-sort=") == 1
    (file,) = [link for link in page.links() if ".csv" in link]
    assert [row["Client"] for row in rows_of(small_olga.get(file).text)] == clients


def test_follow_ups_are_sorted_both_ways(small_deb: Visitor, small_desk: Desk) -> None:
    package = small_desk.package(sessions=1)
    for name in ("Ana", "Bo"):
        sell_to(small_desk, name, package, paid=16500)
    for sort, expected in (("name", ["Ana", "Bo"]), ("-name", ["Bo", "Ana"])):
        text = small_deb.page(f"/people?sort={sort}").text
        assert sorted(expected, key=text.index) == expected
        assert [row["Client"] for row in rows_of(small_deb.get(f"/people.csv?sort={sort}").text)] == expected


@pytest.mark.parametrize(
    "asked",
    ["endpoint=x", "_external=1&_scheme=evil", "ending=exe", "sort=%22%3E%3Cscript%3E", "self=1"],
)
def test_a_strange_address_breaks_no_link(small_olga: Visitor, used: None, asked: str) -> None:
    for address in ("/reports/usage", "/courses", "/clients/all"):
        page = Page(small_olga.get(f"{address}?{asked}").text)
        assert page.links()
        assert "<script>" not in page.html.replace("<script src", "").replace("<script type", "")
        assert not any(link.startswith(("evil", "http")) for link in page.links())


def test_staff_and_imports_are_sorted_and_exported(
    small_olga: Visitor, small_as: As, small_desk: Desk
) -> None:
    small_as(Role.DESK)
    names = ["Deb Lane", "Olga Ruiz"]
    for sort, expected in (("name", names), ("-name", names[::-1]), ("role", names[::-1])):
        assert small_olga.get(f"/clinic/staff?sort={sort}").status_code == 200
        assert [
            row["Name"] for row in rows_of(small_olga.get(f"/clinic/staff/list.csv?sort={sort}").text)
        ] == expected
    file = "Client,Package,Sessions,Used,Purchased\nAna Souza,Ten,10,3,2026-01-05\n"
    for name in ("b.csv", "=a.csv"):
        form = small_olga.page("/import").form("/import")
        sent = {**form.fields, "file": (io.BytesIO(f"{file}{name},Ten,10,1,2026-01-05\n".encode()), name)}
        assert small_olga.client.post("/import", data=sent).status_code == 303
    listed = cells(small_olga.page("/import?sort=name"))
    assert [each.split(", ")[0] for each in listed] == ["=a.csv", "b.csv"]
    assert [row["File"] for row in rows_of(small_olga.get("/imports.csv?sort=-name").text)] == [
        "b.csv",
        "'=a.csv",
    ]


def test_unused_balances_are_sorted_both_ways(small_olga: Visitor, small_desk: Desk) -> None:
    dear, cheap = small_desk.package(sessions=10, name="Ten"), small_desk.package(sessions=3, name="Three")
    older = sell_to(small_desk, "Ana", cheap, paid=30000)
    sell_to(small_desk, "Bo", dear, paid=165000)
    renew_some(small_desk.store, small_desk.clock())
    with small_desk.store.writing() as session:
        session.get_one(ListedCourse, older).last_seen_on -= timedelta(days=2)
    by_name, reversed_ = ["Ana", "Bo"], ["Bo", "Ana"]

    def balances(page: Page) -> list[str]:
        return cells(Page(page.html.split('id="clients-heading"')[1]))

    for sort, expected in (("", by_name), ("last", by_name), ("-last", reversed_), ("-client", reversed_)):
        page = small_olga.page(f"/reports/unused?years=0&sort={sort}")
        assert balances(page) == expected, sort
        file = next(link for link in page.links() if "/unused.csv" in link)
        assert [row["Client"] for row in rows_of(small_olga.get(file).text)] == expected, sort
    for sort in ("left", "value"):
        assert balances(small_olga.page(f"/reports/unused?sort={sort}")) == reversed_
        assert balances(small_olga.page(f"/reports/unused?sort=-{sort}")) == by_name


def test_planned_visits_are_sorted_both_ways(small_olga: Visitor, small_desk: Desk) -> None:
    few, many = (sell_to(small_desk, name, small_desk.package(name=name), paid=198000) for name in "AB")
    with small_desk.store.writing() as session:
        for number, course_id in enumerate((few, many, many)):
            at = small_desk.clock() - timedelta(days=2 + number)
            session.add(
                PlannedVisit(
                    id=small_desk.store.new_id(),
                    course_id=course_id,
                    start_at=at,
                    planned_at=at,
                    by="Deb",
                )
            )
    for sort, expected in (
        ("", ["B", "A"]),
        ("-planned", ["A", "B"]),
        ("name", ["A", "B"]),
        ("-name", ["B", "A"]),
    ):
        page = small_olga.page(f"/reports/planned?by=package&sort={sort}")
        assert cells(page) == expected, sort
        file = next(link for link in page.links() if ".csv" in link)
        assert [row["Package"] for row in rows_of(small_olga.get(file).text)] == expected, sort


def test_the_log_is_read_from_its_beginning_too(
    small_olga: Visitor, used: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The exports are logged as well.
    newest, oldest = (
        rows_of(small_olga.get(f"/reports/activity.csv?what=course&sort={sort}").text)
        for sort in ("when", "-when")
    )
    assert newest == oldest[::-1] != oldest
    monkeypatch.setattr(activity_page, "activity", partial(activity, limit=3))
    address, shown = "/reports/activity?what=course&sort=-when", 0
    for _ in range(99):
        page = small_olga.page(address)
        shown += len(cells(page))
        following = re.search(r'href="([^"]+)" rel="next"', page.html)
        if following is None:
            break
        address = following[1].replace("&amp;", "&")
        assert "sort=-when" in address
    assert shown == len(newest) > 6
