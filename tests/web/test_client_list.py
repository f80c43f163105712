"""All clients: filters in the address, letters, the count, files for the owner; Enter opens the only match."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.base.keyset import read_order
from plugin.courses.base.views import Page
from plugin.courses.lists.client_list import ORDERS, ClientFilter, ClientList, list_clients
from plugin.courses.lists.listing import renew_some
from tests.clock import HandMovedClock
from tests.courses.desk import ANA, Desk
from tests.web.conftest import As
from tests.web.page import Page as HtmlPage
from tests.web.visitor import Visitor


def listed(
    desk: Desk, order: str = "name", limit: int = 50, cursor: str | None = None, **wanted: Any
) -> ClientList:
    renew_some(desk.store, desk.clock())
    found = read_order(order, ORDERS)
    return list_clients(
        desk.store, ClientFilter(**wanted), found, now=desk.clock(), limit=limit, cursor=cursor
    )


def names(page: Page[Any]) -> list[str]:
    return [row.found.client.name for row in page.rows]


def sell_to(desk: Desk, name: str, package: str) -> str:
    return desk.sell(
        package, buyer=replace(ANA, square_customer_id=f"C-{name}", name=name, phone=None, email=None)
    )


def test_clients_are_found_by_what_their_courses_are(desk: Desk, clock: HandMovedClock) -> None:
    expiring = desk.package(sessions=1, terms=Terms(expires_after_months=1))
    used = sell_to(desk, "Ana", expiring)
    sell_to(desk, "Bo", desk.package())
    desk.sell_by_invoice(deposit=50000, net=165000)
    desk.client("Zoe", language="es")
    assert names(listed(desk).page) == ["Ana", "Ana Souza", "Bo", "Zoe"]
    found: dict[str, list[str]] = {
        "is_usable": names(listed(desk, is_usable=True).page),
        "due": names(listed(desk, has_due=True).page),
        "expiring": names(listed(desk, expires_within=40).page),
        "spanish": names(listed(desk, language="es").page),
        "unlinked": names(listed(desk, is_not_in_square=True).page),
        "unseen": names(listed(desk, not_seen_for=1).page),
    }
    assert found == {
        "is_usable": ["Ana", "Ana Souza", "Bo"],
        "due": ["Ana Souza"],
        "expiring": ["Ana"],
        "spanish": ["Zoe"],
        "unlinked": ["Zoe"],
        "unseen": [],
    }
    (row,) = listed(desk, has_due=True).page.rows
    assert [each.amount for each in row.due] == [115000]
    clock.advance(days=10)
    desk.use(used)
    # Ana has nothing left; a client seen on another course was seen.
    assert names(listed(desk, not_seen_for=10).page) == ["Ana Souza", "Bo"]
    assert names(listed(desk, is_usable=True).page) == ["Ana Souza", "Bo"]
    assert {row.found.client.name: row.last_visit_on for row in listed(desk).page.rows}["Ana"] == date(
        2026, 12, 2
    )


def test_letters_lead_to_names_and_other_signs_have_one_of_their_own(small_desk: Desk) -> None:
    for name in ("Ana", "Ángel", "bo", "梅 李", "5th Avenue"):
        small_desk.client(name)
    assert names(listed(small_desk, letter="A").page) == ["Ana", "Ángel"]
    assert names(listed(small_desk, letter="B").page) == ["bo"]
    assert sorted(names(listed(small_desk, letter="#").page)) == ["5th Avenue", "梅 李"]
    assert listed(small_desk, letter="Q").count == 0


def test_pages_go_on_by_key_in_every_order(small_desk: Desk, clock: HandMovedClock) -> None:
    for number in range(5):
        small_desk.client(f"Client {number}")
        clock.advance(days=1)
    for order in ("name", "-name", "since", "-since"):
        seen: list[str] = []
        cursor = None
        while True:
            found = listed(small_desk, order, limit=2, cursor=cursor)
            seen += names(found.page)
            cursor = found.page.cursor
            if cursor is None:
                break
        expected = [f"Client {number}" for number in range(5)]
        assert seen == (expected if order in ("name", "-since") else expected[::-1]), order
        assert found.count == 5


def test_the_page_keeps_its_filters(small_deb: Visitor, small_desk: Desk) -> None:
    sell_to(small_desk, "Bo", small_desk.package())
    small_desk.client("Zoe")
    page = small_deb.page("/clients/all?usable=y&sort=-name")
    assert "1 client" in page.text
    assert "Zoe" not in page.text
    assert any("letter=Z" in link and "usable=y" in link for link in page.links())
    assert not any(".csv" in link for link in page.links())
    assert "No clients match" in small_deb.page("/clients/all?letter=Q").text
    assert any("/clients/all" in link for link in small_deb.page("/clients").links())


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("expires=soon", "The number of days is a whole number"),
        ("unseen=99999", "Enter at most 3,660."),
        ("language=tlh", "No client has this language."),
        ("practitioner=none", "There is no such practitioner."),
        ("letter=AB", "Choose one of those in the list."),
        ("after=WyJuYW1lIl0", "Start at the first page."),
    ],
)
def test_a_filter_that_makes_no_sense_is_answered_in_words(
    small_olga: Visitor, small_desk: Desk, asked: str, says: str
) -> None:
    answer = small_olga.get(f"/clients/all?{asked}")
    assert answer.status_code == 422
    assert says in HtmlPage(answer.text).text


def test_only_the_owner_takes_the_list_away(small_as: As, small_desk: Desk) -> None:
    small_desk.client("=HYPERLINK(1)")
    text = small_as(Role.OWNER).get("/clients/all.csv").text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row["Client"] for row in rows] == ["'=HYPERLINK(1)"]
    for role in (Role.DESK, Role.PRACTITIONER):
        assert small_as(role).get("/clients/all.csv").status_code == 403


def test_files_of_clients_are_of_the_clinics_day(
    small_as: As, small_desk: Desk, clock: HandMovedClock
) -> None:
    clock.set(datetime(2026, 12, 2, 3, tzinfo=UTC))
    zoe, olga = small_desk.client("Zoe"), small_as(Role.OWNER)
    rows = csv.DictReader(io.StringIO(olga.get("/clients/all.csv").text.lstrip("\ufeff")))
    assert [row["Client since"] for row in rows] == ["2026-12-01"]
    held = olga.get(f"/clients/{zoe}/held.json")
    assert held.headers["Content-Disposition"] == f'attachment; filename="client-{zoe}-2026-12-01.json"'


def test_practitioners_see_no_money(small_as: As, small_desk: Desk) -> None:
    small_desk.sell_by_invoice(deposit=50000, net=165000)
    small_desk.client("Zoe")
    page = small_as(Role.PRACTITIONER).page("/clients/all?due=y")
    assert "2 clients" in page.text
    assert "$" not in page.text
    assert "$1,150.00" in small_as(Role.DESK).page("/clients/all?due=y").text


def test_the_desk_saves_views_of_its_own(small_as: As, small_desk: Desk) -> None:
    small_desk.client("Zoe")
    deb = small_as(Role.DESK)
    form = deb.page("/clients/all?unlinked=y").form("/views/clients")
    assert deb.send(form, view_name="For Square", is_shared="y").status_code == 403
    page = deb.after(form, view_name="For Square", key="k-2")
    assert "/clients/all?unlinked=y" in page.links()
    assert "For Square" not in small_as(Role.OWNER).page("/clients/all").text


def test_enter_opens_the_only_match(small_deb: Visitor, small_desk: Desk) -> None:
    ana = small_desk.client("Ana Souza", phone="+14155550123")
    small_desk.client("Bo Li")
    search = next(form for form in small_deb.page("/").forms if "open" in form.fields)
    assert search.action.endswith("/clients")
    answer = small_deb.get("/clients?q=souza&open=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/clients/{ana}")
    assert small_deb.get("/clients?q=0123&open=1").status_code == 303
    for several in (
        "/clients?q=&open=1",
        "/clients?q=o&open=1",
        "/clients?q=nobody&open=1",
        "/clients?q=souza",
    ):
        assert small_deb.get(several).status_code == 200, several
