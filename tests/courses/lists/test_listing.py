"""The list of courses follows every change of a course, and its sums are those of the reports."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.audit import audit
from plugin.courses.base.keyset import read_order
from plugin.courses.base.state import course_states
from plugin.courses.clients.clients import change_client
from plugin.courses.clients.merge import merge_clients, undo_merge
from plugin.courses.lists.course_list import ORDERS, STATES, CourseFilter, CourseList, list_courses
from plugin.courses.lists.listing import keep_listing, renew_batch, renew_some
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.reports.books import Line
from plugin.courses.reports.liability import liability
from plugin.courses.reports.period import month_of
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.listing import ListedClient, ListedCourse, UnlistedCourse
from plugin.store.people import Staff
from plugin.store.totals import ListedBalance
from tests.clock import HandMovedClock
from tests.courses.desk import ANA, OLGA, Desk
from tests.states import World


def listed(
    desk: Desk, order: str = "sold", limit: int = 100, cursor: str | None = None, **wanted
) -> CourseList:
    renew_some(desk.store, desk.clock())
    found = read_order(order, ORDERS)
    return list_courses(
        desk.store, CourseFilter(**wanted), found, now=desk.clock(), limit=limit, cursor=cursor
    )


def test_every_state_of_a_course_is_listed_as_its_page_shows_it(
    lite_store: Store, clock: HandMovedClock
) -> None:
    desk = Desk(lite_store, clock)
    built = World(desk).build_all()
    found = {row.state.facts.id: row for row in listed(desk, limit=500).page.rows}
    with lite_store.reading() as session:
        ids = list(session.scalars(select(Course.id)))
        states = course_states(session, ids, today=desk.today)
        rows = {row.course_id: row for row in session.execute(select(*ListedCourse.__table__.columns))}
    assert set(found) == set(rows) == {each for each, state in states.items() if not state.is_void}
    assert set(built.values()) & set(found)
    for course_id, state in states.items():
        if state.is_void:
            continue
        row = rows[course_id]
        assert row.value == state.value_left.amount
        assert row.due == state.due.amount
        assert row.sessions_left == sum(each.left for each in state.allowances)
        assert row.usable == sum(each.usable_now for each in state.allowances)
        assert row.status in (state.status.value, "gift", "unassigned")
    assert_sums_are_of_rows(desk)
    assert audit(lite_store) == ()


def assert_sums_are_of_rows(desk: Desk) -> None:
    """Compare the kept sums with those of the rows, which a day of the sale before all of them asks for."""
    filters: list[dict[str, Any]] = [{}, *({"state": state} for state in STATES)]
    filters += [{"package_id": listed(desk).page.rows[0].state.facts.id}, {"practitioner_id": "none"}]
    filters += [{"expires_within": days} for days in (0, 60, 400)] + [
        {"not_seen_for": days} for days in (0, 9)
    ]
    for wanted in filters:
        assert listed(desk, **wanted).sums == listed(desk, **wanted, sold_from=date(2001, 1, 1)).sums, wanted


def test_the_sums_are_those_of_the_deferred_revenue(lite_store: Store, clock: HandMovedClock) -> None:
    desk = Desk(lite_store, clock)
    World(desk).build_all()
    closing = {
        one.currency: next(line for line in one.lines if line.line is Line.CLOSING)
        for one in liability(lite_store, month_of(desk.today)).totals
    }
    sums = {each.value.currency: each for each in listed(desk).sums}
    assert {code: (each.sessions, each.value) for code, each in sums.items()} == {
        code: (line.sessions, line.value) for code, line in closing.items()
    }


def test_a_page_continues_where_the_last_one_ended_though_rows_change(desk: Desk) -> None:
    package = desk.package()
    for number in range(7):
        buyer = replace(
            ANA, square_customer_id=f"C-{number}", name=f"Client {number}", phone=None, email=None
        )
        desk.sell(package, buyer=buyer, paid_at=desk.clock() - timedelta(number))
    for order in (*ORDERS, *(f"-{key}" for key in ORDERS)):
        seen, cursor = [], None
        while True:
            found = listed(desk, order, limit=3, cursor=cursor)
            seen += [row.state.facts.id for row in found.page.rows]
            if found.page.cursor is None:
                break
            cursor = found.page.cursor
        assert len(seen) == len(set(seen)) == 7, order
        assert found.count == 7
    first = listed(desk, "client", limit=3)
    # The last row shown is renamed to the end, and one before it is sold away: nobody is skipped or shown twice.
    desk.sell(package, buyer=replace(ANA, square_customer_id="C-A", name="Aaron", phone=None, email=None))
    rest = listed(desk, "client", limit=10, cursor=first.page.cursor)
    assert [row.client_name for row in rest.page.rows] == [f"Client {number}" for number in range(3, 7)]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "null",
        "W10",
        "e30",
        "A" * 700,
        "W251bGwsbnVsbCxudWxsXQ",
        "WyJjbGllbnQiLDEsMV0",
        "é",
        "====",
        "[" * 300,
        "WyJzb2xkIiwiMjAyNi0wMS0wMSIsImEiXQ",
    ],
)
def test_a_place_that_no_page_gave_is_refused_in_words(desk: Desk, cursor: str) -> None:
    with pytest.raises(InvalidField, match="Start at the first page"):
        listed(desk, cursor=cursor)


def test_a_course_is_found_by_each_filter(desk: Desk, clock: HandMovedClock) -> None:
    package = desk.package(sessions=3)
    course_id = desk.sell(package, paid=49500)
    client: dict[str, Any] = {"state": "current", "package_id": package, "left_at_most": 3, "not_seen_for": 0}
    assert listed(desk, **client).count == 1
    nothing: tuple[dict[str, Any], ...] = (
        {"state": "expired"},
        {"package_id": "another"},
        {"practitioner_id": "nobody"},
        {"left_at_most": 2},
        {"not_seen_for": 1},
        {"has_due": True},
        {"expires_within": 3660},
        {"sold_from": desk.today + timedelta(1)},
        {"sold_to": desk.today - timedelta(1)},
        {"course_ids": ()},
    )
    for none in nothing:
        assert listed(desk, **none).count == 0, none
    desk.use(course_id)
    clock.advance(days=40)
    assert listed(desk, not_seen_for=40).count == 1
    assert listed(desk, not_seen_for=41).count == 0
    desk.use(course_id)
    assert listed(desk, not_seen_for=1).count == 0
    assert listed(desk, left_at_most=1).sums[0].sessions == 1
    desk.use(course_id)
    assert listed(desk, state="finished", sold_from=desk.today - timedelta(40)).count == 1
    assert listed(desk, state="current").count == 0


def test_a_course_expires_in_the_list_by_time_alone(lite_store: Store, clock: HandMovedClock) -> None:
    desk = Desk(lite_store, clock)
    world = World(desk)
    world.build("extended")
    row = listed(desk).page.rows[0]
    assert row.state.expires_on is not None
    days = (row.state.expires_on - desk.today).days
    assert listed(desk, expires_within=days, state="current").count == 1
    assert listed(desk, expires_within=days - 1).count == 0
    clock.advance(days=days)
    assert (listed(desk, state="current").count, listed(desk, state="expired").count) == (1, 0)
    clock.advance(days=1)
    assert (listed(desk, state="current").count, listed(desk, state="expired").count) == (0, 1)
    # And back, as where a wrong clock is set right.
    clock.set(clock() - timedelta(days=1))
    assert (listed(desk, state="current").count, listed(desk, state="expired").count) == (1, 0)


def test_an_erased_client_leaves_no_name_in_the_list(desk: Desk) -> None:
    course_id = desk.sell()
    assert listed(desk).count == 1
    client_id = desk.course(course_id).client_id or ""
    erase_client(desk.store, desk.act(OLGA), Erasure(client_id, "Ana Souza", gives_up=True))
    with desk.store.reading() as session:
        assert session.scalars(select(ListedCourse.client_name)).all() == [""]
        assert session.scalars(select(ListedClient.client_id)).all() == []
    assert listed(desk).page.rows[0].client_name == "Erased client"


def beside_a_batch(store: Store, clock: HandMovedClock, act: Callable[[], object]) -> None:
    """Do something that waits until a batch of rows, which is being written, is committed; then write the next."""
    with ThreadPoolExecutor(1) as beside:
        with store.writing() as session:
            renew_batch(session, clock())
            done = beside.submit(act)
            while not done.done() and not session.scalar(_WAITS):
                time.sleep(0.01)
            assert not done.done()
        done.result()
    keep_listing(store, clock)


_WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def test_a_client_erased_while_their_row_is_written_leaves_nothing(
    postgresql_url: str, clock: HandMovedClock
) -> None:
    with Store(postgresql_url) as store:
        desk = Desk(store, clock)
        client_id = desk.course(desk.sell()).client_id or ""
        erasure = Erasure(client_id, "Ana Souza", gives_up=True)
        beside_a_batch(store, clock, lambda: erase_client(store, desk.act(OLGA), erasure))
        with store.reading() as session:
            assert session.scalars(select(ListedClient.client_id)).all() == []
            assert session.scalars(select(ListedCourse.client_name)).all() == [""]
        assert audit(store) == ()


def test_a_client_renamed_while_their_row_is_written_is_listed_by_the_new_name(
    postgresql_url: str, clock: HandMovedClock
) -> None:
    with Store(postgresql_url) as store:
        desk = Desk(store, clock)
        client_id = desk.course(desk.sell()).client_id or ""
        new: dict[str, Any] = {"name": "Zoe Souza", "phone": None, "email": None, "language": None}
        beside_a_batch(store, clock, lambda: change_client(store, desk.act(), client_id, **new))
        with store.reading() as session:
            assert session.scalars(select(ListedCourse.client_name)).all() == ["zoe souza"]
            assert session.scalars(select(ListedBalance.client_name)).all() == ["zoe souza"]


@pytest.mark.parametrize("is_listed", [True, False], ids=["listed before", "for the first time"])
def test_a_practitioner_renamed_while_a_row_is_written_is_listed_by_the_new_name(
    postgresql_url: str, clock: HandMovedClock, is_listed: bool
) -> None:
    with Store(postgresql_url) as store:
        desk = Desk(store, clock)
        mei, course_id = practitioner(store, clock), desk.sell()
        desk.use(course_id, practitioner_id=mei)
        if is_listed:
            keep_listing(store, clock)
            desk.use(course_id, practitioner_id=mei)
        rename = update(Staff).where(Staff.id == mei).values(name="Mei Sato")
        beside_a_batch(store, clock, lambda: store.transact(lambda session: session.execute(rename)))
        with store.reading() as session:
            assert session.scalars(select(ListedCourse.practitioner_name)).all() == ["Mei Sato"]


def test_a_practitioner_is_renamed_while_their_first_use_commits(
    postgresql_url: str, clock: HandMovedClock
) -> None:
    """The rename looks for rows before the use is committed, and commits after its row was written."""
    with Store(postgresql_url) as store, ThreadPoolExecutor(1) as beside:
        desk = Desk(store, clock)
        mei, course_id = practitioner(store, clock), desk.sell()
        keep_listing(store, clock)
        with store.writing() as renaming:
            renaming.execute(update(Staff).where(Staff.id == mei).values(name="Mei Sato"))
            desk.use(course_id, practitioner_id=mei)
            listed_beside = beside.submit(keep_listing, store, clock)
            while not listed_beside.done() and not renaming.scalar(_WAITS):
                time.sleep(0.01)
        listed_beside.result()
        with store.reading() as session:
            assert session.scalars(select(ListedCourse.practitioner_name)).all() == ["Mei Sato"]


def practitioner(store: Store, clock: HandMovedClock) -> str:
    return add_staff(
        store,
        email="mei@example.org",
        name="Mei Kwan",
        role=Role.PRACTITIONER,
        password_hash="x",
        now=clock(),
    ).id


def test_a_merged_client_is_followed_up_as_the_one_they_became(desk: Desk) -> None:
    other = replace(ANA, square_customer_id="ANA-2", name="Ana de Souza")
    theirs, hers = (desk.course(desk.sell(buyer=buyer)).client_id or "" for buyer in (ANA, other))
    assert listed(desk).count == 2
    merge_id = merge_clients(desk.store, desk.act(), theirs, hers).merge_id or ""
    assert _followed(desk) == {hers}
    undo_merge(desk.store, desk.act(), merge_id)
    assert _followed(desk) == {theirs, hers}


def _followed(desk: Desk) -> set[str]:
    keep_listing(desk.store, desk.clock)
    assert audit(desk.store) == ()
    with desk.store.reading() as session:
        return set(session.scalars(select(ListedClient.client_id)))


def test_notes_are_worked_off_in_batches_and_again_from_nothing(desk: Desk) -> None:
    course_id = desk.sell()
    keep_listing(desk.store, desk.clock)
    with desk.store.writing() as session:
        session.execute(delete(ListedCourse))
        session.execute(insert(UnlistedCourse), [{"course_id": course_id}, {"course_id": "gone"}])
    assert keep_listing(desk.store, desk.clock) == 2
    assert keep_listing(desk.store, desk.clock) == 0
    assert listed(desk).count == 1
    assert listed(desk).waiting == 0


def test_notes_that_are_written_meanwhile_are_for_the_next_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    course_id, run, batches = desk.sell(), desk.store.transact, count(1)

    def run_and_use(part: Callable[[Session], Any]) -> Any:
        result = run(part)
        if next(batches) < 10:
            monkeypatch.setattr(desk.store, "transact", run)
            desk.use(course_id)
            monkeypatch.setattr(desk.store, "transact", run_and_use)
        return result

    monkeypatch.setattr(desk.store, "transact", run_and_use)
    keep_listing(desk.store, desk.clock)
    assert next(batches) == 2


def test_every_group_of_states_is_known() -> None:
    assert all(STATES.values())
