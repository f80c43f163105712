"""Reports from kept totals say the same as reports from all entries, to the cent, whatever is written when."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.accounts.staff import add_staff
from plugin.courses.audit import audit
from plugin.courses.journal.month import journal_in
from plugin.courses.journal.year import year_end_in
from plugin.courses.lists.listing import keep_listing, renew_batch
from plugin.courses.reports import totals
from plugin.courses.reports.books import add_closing, close_books
from plugin.courses.reports.breakage import count_expired, expired_courses
from plugin.courses.reports.liability import liability_in
from plugin.courses.reports.overview import months_of, overview_in
from plugin.courses.reports.period import Period, month_of, months_up_to, start_of
from plugin.courses.reports.totals import add_batch, are_usable, keep_totals, make_totals_again, month_at
from plugin.courses.reports.usage import By, usage_in
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.ledger import Course, Visit
from plugin.store.offers import Clinic
from plugin.store.totals import PeriodTotal, TotalsState, UntotalledEntry, UseTotal
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.courses.ledgers import DEEDS, RandomLedger, not_kept
from tests.courses.test_reports import ANY_LEDGER, DAYS, closed

MONTHS = [month_of(date(2026, month, 1)) for month in (10, 11, 12)]
ACTS = st.lists(
    st.one_of(
        DEEDS.map(lambda deeds: deeds[:5]),
        st.just("total"),
        st.just("list"),
        DAYS,
        st.tuples(st.integers(0, 3), st.one_of(st.none(), DAYS), st.booleans()),
    ),
    max_size=14,
)


def reports(session: Session, periods: list[Period]) -> list[object]:
    today = date(2026, 12, 20)
    months = months_up_to(today, 4)
    return [
        *(liability_in(session, period) for period in periods),
        *(months_of(session, months, currency) for currency in ("USD", "EUR")),
        *(usage_in(session, period, by) for period in periods for by in By),
        *(journal_in(session, period, currency="EUR") for period in periods),
        year_end_in(session, 2026, now=datetime(2026, 12, 20, tzinfo=UTC)),
        overview_in(session, today),
    ]


def by_both_ways(session: Session, periods: list[Period]) -> tuple[list[object], list[object]]:
    """Return the reports from the totals, and from all entries."""
    assert are_usable(session)
    quick = reports(session, periods)
    state = session.get_one(TotalsState, 1)
    state.is_valid = False
    session.flush()
    slow = reports(session, periods)
    state.is_valid = True
    session.flush()
    return quick, slow


def carry_out(session: Session, ledger: RandomLedger, act: object) -> None:
    match act:
        case list():
            for deed in act:
                ledger.write(deed)
        case "total":
            while add_batch(session):
                pass
        case "list":
            while renew_batch(session, datetime(2026, 12, 20, tzinfo=UTC)):
                pass
        case date():
            add_closing(session, closed(act))
        case (int(number), None | date() as expires_on, bool(is_frozen)):
            course = session.get_one(Course, f"c{number}")
            course.expires_on = expires_on
            course.frozen_at = datetime(2026, 11, 1, tzinfo=UTC) if is_frozen else None
    session.flush()


@settings(ANY_LEDGER, max_examples=30)
@given(before=DEEDS, acts=ACTS, cut=st.tuples(DAYS, DAYS))
def test_any_history_reads_the_same_from_the_totals(module_store, before, acts, cut):
    with not_kept(module_store) as session:
        ledger = RandomLedger(session, module_store)
        closings: set[date] = set()
        for act in [before, "total", *acts]:
            if isinstance(act, date):
                if act in closings:
                    continue
                closings.add(act)
            carry_out(session, ledger, act)
        if not are_usable(session):
            # A closing moved an entry that was totalled: the next round makes them again.
            carry_out(session, ledger, "total")
        quick, slow = by_both_ways(
            session, [*MONTHS, Period(*sorted(cut)), Period(date(2026, 9, 1), date(2026, 12, 31))]
        )
        assert quick == slow


def test_each_entry_is_noted_until_it_is_totalled(desk: Desk) -> None:
    desk.use(desk.sell())
    assert counts(desk.store) == (3, 0)
    assert keep_totals(desk.store) == 3
    assert counts(desk.store) == (0, 3)
    assert keep_totals(desk.store) == 0


def counts(store: Store) -> tuple[int, int]:
    with store.reading() as session:
        waiting = session.scalar(select(func.count()).select_from(UntotalledEntry)) or 0
        return waiting, int(session.scalar(select(func.sum(PeriodTotal.entries))) or 0)


def test_totals_of_both_engines_read_as_all_entries_do(desk: Desk, clock: HandMovedClock) -> None:
    package = desk.package(sessions=12)
    course = desk.sell(package, order="ORDER-A")
    used = desk.use(course)
    keep_totals(desk.store)
    keep_listing(desk.store, clock)
    clock.set(datetime(2026, 12, 3, 18, tzinfo=UTC))
    desk.undo(used.entry.id)
    desk.sell(package, order="ORDER-B")
    desk.refund("ORDER-B", 198000)
    close_books(desk.store, desk.act(OLGA), date(2026, 11, 30))
    desk.use(course, visited_on=date(2026, 11, 28))
    with desk.store.writing() as session:
        # Expired in November, with entries of December that are not totalled.
        session.get_one(Course, course).expires_on = date(2026, 11, 20)
    with desk.store.writing() as session:
        quick, slow = by_both_ways(session, [*MONTHS, Period(date(2026, 11, 10), date(2026, 12, 5))])
        assert quick == slow
    keep_totals(desk.store)
    keep_listing(desk.store, clock)
    with desk.store.writing() as session:
        quick, slow = by_both_ways(session, [*MONTHS, Period(date(2026, 11, 10), date(2026, 12, 5))])
        assert quick == slow
    assert audit(desk.store) == ()


def test_uses_follow_the_practitioner_whom_their_visit_names(desk: Desk) -> None:
    """Noted for what is totalled, also when it is totalled later, made again, or undone."""
    course = desk.sell()
    used = [desk.use(course) for _ in range(4)]
    visits = [entry.visit_id for entry in desk.course(course).entries if entry.visit_id]
    staff = [hired(desk.store, name) for name in ("Amy", "Ben")]

    def name(place: int, practitioner_id: str | None) -> None:
        with desk.store.writing() as session:
            session.get_one(Visit, visits[place]).practitioner_id = practitioner_id

    def check() -> None:
        with desk.store.writing() as session:
            quick, slow = by_both_ways(session, MONTHS)
            assert quick == slow

    name(0, staff[0])
    keep_totals(desk.store)
    desk.undo(used[3].entry.id)
    for place, named in (
        (0, staff[1]),
        (1, staff[0]),
        (0, staff[0]),
        (2, staff[1]),
        (2, None),
        (3, staff[1]),
    ):
        name(place, named)
        check()
    assert keep_totals(desk.store) > 0
    check()
    assert audit(desk.store) == ()
    name(1, staff[1])
    with desk.store.writing() as session:
        make_totals_again(session)
    keep_totals(desk.store)
    name(1, None)
    check()
    keep_totals(desk.store)
    check()
    assert audit(desk.store) == ()


def hired(store: Store, name: str) -> str:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    email = f"{name}@example.org".lower()
    staff = add_staff(store, email=email, name=name, role=Role.PRACTITIONER, password_hash="", now=now)
    return staff.id


def test_they_begin_again_in_parts_and_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.use(desk.sell())
    keep_totals(desk.store)
    monkeypatch.setattr(totals, "NOTED_AT_ONCE", 2)
    # Of two workers that begin again, one has done so, and totalled, before the other has noted all entries.
    generation = desk.store.transact(totals._give_up)
    assert keep_totals(desk.store) == 3
    some = totals._last_of_part(desk.store, "") or ""
    assert some
    assert not desk.store.transact(partial(totals._note_part, after="", last=some, noted_in=generation))
    desk.store.transact(partial(totals._begin_again, noted_in=generation))
    assert counts(desk.store) == (0, 3)
    assert audit(desk.store) == ()
    with desk.store.writing() as session:
        make_totals_again(session)
    assert keep_totals(desk.store, lambda: True) == 0
    assert keep_totals(desk.store) == 3
    assert audit(desk.store) == ()


def test_another_time_zone_makes_them_again(desk: Desk) -> None:
    desk.sell()
    keep_totals(desk.store)
    with desk.store.writing() as session:
        session.get_one(Clinic, 1).time_zone = "Asia/Shanghai"
    with desk.store.reading() as session:
        assert not are_usable(session)
    assert keep_totals(desk.store) == 2
    with desk.store.writing() as session:
        assert are_usable(session)
        quick, slow = by_both_ways(session, MONTHS)
        assert quick == slow


def test_books_closed_behind_an_entry_of_the_future_make_them_again(
    desk: Desk, clock: HandMovedClock
) -> None:
    course = desk.sell()
    clock.set(datetime(2026, 12, 3, 18, tzinfo=UTC))
    desk.use(course, visited_on=date(2026, 11, 28))
    keep_totals(desk.store)
    # The clock of the machine that closes the books is behind.
    clock.set(datetime(2026, 12, 3, 17, tzinfo=UTC))
    close_books(desk.store, desk.act(OLGA), date(2026, 11, 30))
    with desk.store.reading() as session:
        assert not are_usable(session)
    assert keep_totals(desk.store) == 3
    with desk.store.writing() as session:
        quick, slow = by_both_ways(session, MONTHS)
        assert quick == slow


@pytest.mark.parametrize(
    ("model", "change", "check"),
    [
        (PeriodTotal, {"value": 1}, "period total"),
        (PeriodTotal, {"sessions": 1}, "period total"),
        *((UseTotal, {name: 1}, "use total") for name in ("sessions", "treated", "value", "list_value")),
    ],
)
def test_a_wrong_total_is_found(
    desk: Desk, model: type[PeriodTotal | UseTotal], change: dict[str, int], check: str
) -> None:
    desk.use(desk.sell())
    keep_totals(desk.store)
    assert audit(desk.store) == ()
    with desk.store.writing() as session:
        row = session.scalars(select(model).limit(1)).one()
        for name, more in change.items():
            setattr(row, name, getattr(row, name) + more)
    assert {each.check for each in audit(desk.store)} == {check}
    with desk.store.writing() as session:
        for name, more in change.items():
            kept = session.scalars(select(model).limit(1)).one()
            setattr(kept, name, getattr(kept, name) - more)


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Asia/Shanghai", "America/Sao_Paulo", "Africa/Cairo"]
)
def test_a_moment_lies_in_the_month_that_the_period_says(zone: str) -> None:
    known = ZoneInfo(zone)
    for year in (2010, 2017, 2026):
        for month in range(1, 13):
            begin = start_of(date(year, month, 1), known)
            for moment in (begin, begin + timedelta(seconds=1)):
                assert month_at(moment, known) == date(year, month, 1)
            assert month_at(begin - timedelta(microseconds=1), known) < date(year, month, 1)


def test_expired_courses_come_page_by_page_from_the_list_and_without(
    desk: Desk, clock: HandMovedClock
) -> None:
    package = desk.package(terms=Terms(expires_on=date(2026, 12, 10)))
    courses = [desk.sell(package) for _ in range(5)]
    desk.use(courses[0])
    keep_totals(desk.store)
    keep_listing(desk.store, clock)
    for _ in range(11):
        desk.use(courses[1])
    today = date(2026, 12, 11)

    def pages(limit: int) -> list[tuple[str, int, int]]:
        found, cursor = [], None
        while True:
            page = expired_courses(desk.store, today, limit=limit, cursor=cursor)
            found += [(each.course_id, each.sessions_left, each.value_left.amount) for each in page.rows]
            assert len(page.rows) <= limit
            cursor = page.cursor
            if cursor is None:
                return found

    quick = pages(2)
    assert len(quick) == 5 == count_expired(desk.store, today)
    assert {course: left for course, left, _ in quick} == dict(zip(courses, (11, 1, 12, 12, 12), strict=True))
    assert quick == pages(50)
    with desk.store.writing() as session:
        make_totals_again(session)
    assert quick == pages(2)
    keep_listing(desk.store, clock)
    assert quick == pages(2)
    assert count_expired(desk.store, today) == 5
    for course in courses[2:]:
        desk.use(course, sessions=12)
    assert len(pages(50)) == 2
    with pytest.raises(NotFound):
        expired_courses(desk.store, today, cursor="made-up")


def test_entries_that_are_written_meanwhile_are_for_the_next_time(desk: Desk) -> None:
    course_id, asked = desk.sell(), 0
    keep_totals(desk.store)
    desk.use(course_id)

    def write_more() -> bool:
        nonlocal asked
        asked += 1
        if asked < 10:
            desk.use(course_id)
        return False

    assert keep_totals(desk.store, write_more) == 2
    assert asked == 1
