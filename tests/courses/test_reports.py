"""Deferred revenue and sessions used: a roll-forward that closes however it is cut, and months that stay closed."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE
from plugin.core.terms import Terms
from plugin.courses.base.work import Work
from plugin.courses.reports.books import Line, RollForward, close_books
from plugin.courses.reports.breakage import expired_courses
from plugin.courses.reports.liability import liability, liability_in
from plugin.courses.reports.overview import overview
from plugin.courses.reports.period import Period, asked_period, month_of, months_in, start_of
from plugin.courses.reports.usage import By, usage, usage_in
from plugin.courses.sales.book import book_sale
from plugin.errors import InvalidField, NotAllowed
from plugin.store.documents import BooksClosed
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk
from tests.courses.ledgers import DEEDS, Deed, RandomLedger, not_kept
from tests.thorough import examples

UTC_ZONE = ZoneInfo("UTC")
FIRST, FAR = date(2026, 9, 1), date(2027, 6, 30)
DAYS = st.integers(0, 120).map(lambda days: FIRST + timedelta(days=days))
ANY_LEDGER = settings(
    max_examples=examples(6, 20),
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
NOVEMBER = month_of(date(2026, 11, 1))
DECEMBER = month_of(date(2026, 12, 1))


def closed(through: date) -> BooksClosed:
    before = start_of(through + timedelta(days=1), UTC_ZONE)
    return BooksClosed(closed_before=before, closed_through=through, closed_at=before, by="Olga")


def moved(rolled: RollForward) -> dict[Line, tuple[int, int]]:
    return {line.line: (line.value.amount, line.sessions) for line in rolled.lines}


def added(*parts: dict[Line, tuple[int, int]]) -> dict[Line, tuple[int, int]]:
    return {
        line: (sum(part[line][0] for part in parts), sum(part[line][1] for part in parts))
        for line in Line
        if line not in (Line.OPENING, Line.CLOSING)
    }


def assert_closes(session: Session, period: Period) -> None:
    report = liability_in(session, period)
    for rolled in (*report.totals, *report.places):
        lines = moved(rolled)
        between = added(lines)
        for part in (0, 1):
            assert (
                lines[Line.OPENING][part] + sum(each[part] for each in between.values())
                == (lines[Line.CLOSING][part])
            )
    for total in report.totals:
        by_place = [moved(place) for place in report.places_in(total.currency)]
        assert added(*by_place) == added(moved(total))
    for by in By:
        rows = usage_in(session, period, by)
        for total in report.totals:
            mine = [row for row in rows if row.value.currency == total.currency]
            said = (sum(row.value.amount for row in mine), sum(row.sessions for row in mine))
            used = total.line(Line.USED)
            assert said == (-used.value.amount, -used.sessions)


@ANY_LEDGER
@given(deeds=DEEDS, cuts=st.tuples(DAYS, DAYS, DAYS), books=st.sets(DAYS, max_size=3))
def test_any_ledger_cut_anywhere_closes_and_its_parts_add_up(module_store, deeds, cuts, books):
    first, middle, last = sorted(cuts)
    with not_kept(module_store) as session:
        ledger = RandomLedger(session, module_store)
        for deed in deeds:
            ledger.write(deed)
        session.add_all(map(closed, books))
        session.flush()
        whole, left = Period(first, last), Period(first, middle)
        right = Period(middle + timedelta(days=1), max(last, middle + timedelta(days=1)))
        whole = Period(first, right.last)
        for period in (whole, left, right):
            assert_closes(session, period)
        for currency in ("USD", "EUR"):
            parts = [moved(liability_in(session, each).total(currency)) for each in (left, right, whole)]
            assert parts[0][Line.CLOSING] == parts[1][Line.OPENING]
            assert parts[0][Line.OPENING] == parts[2][Line.OPENING]
            assert parts[1][Line.CLOSING] == parts[2][Line.CLOSING]
            assert added(parts[0], parts[1]) == added(parts[2])


@ANY_LEDGER
@given(before=DEEDS, after=DEEDS, through=DAYS)
def test_what_was_closed_stays_whatever_is_entered_later(module_store, before, after, through):
    end = start_of(through + timedelta(days=1), UTC_ZONE)
    with not_kept(module_store) as session:
        ledger = RandomLedger(session, module_store)
        known = [deed for deed in before if _written(deed) < end]
        for deed in known:
            ledger.write(deed)
        session.add(closed(through))
        session.flush()
        closed_days = Period(FIRST, through)
        reported = liability_in(session, closed_days)
        used = usage_in(session, closed_days, By.TREATMENT)
        for deed in after:
            ledger.write(deed, not_before=end)
        again = liability_in(session, closed_days)
        for total in reported.totals:
            assert moved(again.total(total.currency)) == moved(total)
        assert usage_in(session, closed_days, By.TREATMENT) == used
        # Nothing is lost: what was late is in the days after.
        assert_closes(session, Period(through + timedelta(days=1), FAR))


def _written(deed: Deed) -> datetime:
    return datetime(2026, 10, 1, 7, tzinfo=UTC) + timedelta(hours=deed.hours + deed.late)


def lines_of(desk: Desk, period: Period, currency: str = "USD") -> dict[str, tuple[int, int]]:
    rolled = liability(desk.store, period).total(currency)
    return {line.line.value: (line.value.amount, line.sessions) for line in rolled.lines}


def test_a_month_with_everything_in_it(desk: Desk, clock: HandMovedClock):
    package = desk.package(sessions=12)
    course = desk.sell(package, order="ORDER-A")
    desk.use(course)
    wrong = desk.use(course)
    desk.undo(wrong.entry.id)
    desk.sell(package, order="ORDER-B")
    desk.refund("ORDER-B", 198000)
    assert lines_of(desk, NOVEMBER) == {
        "opening": (0, 0),
        "sold": (0, 24),
        "paid": (396000, 0),
        "used": (-16500, -1),
        "refunded": (-198000, -12),
        "expired": (0, 0),
        "adjusted": (0, 0),
        "transferred": (0, 0),
        "closing": (181500, 11),
    }
    assert lines_of(desk, DECEMBER)["opening"] == (181500, 11)
    for by in By:
        (row,) = usage(desk.store, NOVEMBER, by)
        assert (row.sessions, row.value.amount, row.list_value.amount) == (1, 16500, 16500)
    assert [month.sold for month in overview(desk.store, desk.today).months][-2:] == [0, 24]


def test_an_undo_in_a_later_month_counts_in_the_later_month(desk: Desk, clock: HandMovedClock):
    course = desk.sell()
    used = desk.use(course)
    before = lines_of(desk, NOVEMBER)
    clock.set(datetime(2026, 12, 3, 18, tzinfo=UTC))
    desk.undo(used.entry.id)
    assert lines_of(desk, NOVEMBER) == before
    assert lines_of(desk, DECEMBER)["used"] == (16500, 1)
    assert [row.sessions for row in usage(desk.store, DECEMBER, By.PACKAGE)] == [-1]


@pytest.mark.parametrize(
    ("minutes", "november", "december"), [(-1, -1, 0), (0, 0, -1)], ids=["23:59", "midnight"]
)
def test_the_day_ends_at_midnight_at_the_clinic(lite: Appointments, clock, minutes, november, december):
    desk = lite.desk
    course = desk.sell()
    # Los Angeles is eight hours behind in winter.
    clock.set(datetime(2026, 12, 1, 8, tzinfo=UTC) + timedelta(minutes=minutes))
    desk.use(course)
    assert lines_of(desk, NOVEMBER)["used"][1] == november
    assert lines_of(desk, DECEMBER)["used"][1] == december


def test_a_visit_entered_late_counts_on_its_day_until_the_books_are_closed(desk: Desk, clock: HandMovedClock):
    course = desk.sell()
    clock.set(datetime(2026, 12, 2, 18, tzinfo=UTC))
    desk.use(course, visited_on=date(2026, 11, 28))
    open_month = liability(desk.store, NOVEMBER)
    assert lines_of(desk, NOVEMBER)["used"] == (-16500, -1)
    assert (open_month.is_closed, open_month.total("USD").made_after.entries) == (False, 1)

    clock.advance(minutes=1)
    assert close_books(desk.store, desk.act(OLGA), date(2026, 11, 30)) == date(2026, 11, 30)
    desk.use(course, visited_on=date(2026, 11, 29))
    assert liability(desk.store, NOVEMBER).is_closed
    assert lines_of(desk, NOVEMBER)["used"] == (-16500, -1)
    assert lines_of(desk, DECEMBER)["used"] == (-16500, -1)
    assert liability(desk.store, DECEMBER).total("USD").from_before.sessions == -1


def test_books_are_closed_by_the_owner_for_days_that_are_over(lite: Appointments):
    desk = lite.desk
    with pytest.raises(NotAllowed):
        close_books(desk.store, desk.act(), date(2026, 10, 31))
    with pytest.raises(InvalidField, match="Only days that are over"):
        close_books(desk.store, desk.act(OLGA), desk.today)
    for _ in range(2):
        close_books(desk.store, desk.act(OLGA), date(2026, 10, 31))
    with pytest.raises(InvalidField, match="closed through Oct 31, 2026 already"):
        close_books(desk.store, desk.act(OLGA), date(2026, 9, 30))


def test_two_currencies_are_never_added(desk: Desk):
    desk.sell()
    abroad = desk.sale(desk.line(desk.package(), paid=120000, currency="EUR"))
    booked = desk.store.transact(
        lambda session: book_sale(Work(session, desk.store, desk.act(SQUARE)), abroad, accept_currency=True)
    )
    desk.use(booked.opened[0])
    report = liability(desk.store, NOVEMBER)
    assert [total.currency for total in report.totals] == ["USD", "EUR"]
    assert lines_of(desk, NOVEMBER)["closing"] == (198000, 12)
    assert lines_of(desk, NOVEMBER, "EUR")["closing"] == (110000, 11)
    assert lines_of(desk, NOVEMBER, "JPY")["closing"] == (0, 0)
    assert [(place.currency, place.square_location_id) for place in report.places] == [
        ("USD", "LOCATION"),
        ("EUR", "LOCATION"),
    ]
    assert overview(desk.store, desk.today).other_currencies == ("EUR",)


def test_expired_value_is_shown_apart_and_stays_owed(lite: Appointments, clock: HandMovedClock):
    desk = lite.desk
    course = desk.sell(desk.package(terms=Terms(expires_on=date(2026, 12, 10))))
    rolled = liability(desk.store, month_of(date(2027, 1, 1))).total("USD")
    assert (rolled.expired.value.amount, rolled.expired.sessions) == (198000, 12)
    assert rolled.line(Line.CLOSING).value.amount == 198000
    assert rolled.line(Line.EXPIRED).value.amount == 0
    assert (
        liability(desk.store, Period(date(2026, 12, 1), date(2026, 12, 10))).total("USD").expired.sessions
        == 0
    )
    assert expired_courses(desk.store, date(2026, 12, 10)).rows == ()
    (waits,) = expired_courses(desk.store, date(2026, 12, 11)).rows
    assert (waits.course_id, waits.sessions_left, waits.client_name) == (course, 12, "Ana Souza")


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        (None, None, ("2026-11-01", "2026-11-30")),
        (date(2026, 11, 10), None, ("2026-11-10", "2026-11-22")),
        (date(2026, 12, 10), None, ("2026-12-10", "2026-12-10")),
        (None, date(2026, 2, 28), ("2026-02-01", "2026-02-28")),
    ],
)
def test_a_period_half_asked_for_is_filled_up(first, last, period):
    asked = asked_period(first, last, date(2026, 11, 22))
    assert (asked.first.isoformat(), asked.last.isoformat()) == period


@pytest.mark.parametrize(
    ("first", "last"),
    [((2026, 11, 2), (2026, 11, 1)), ((1999, 12, 31), (2026, 1, 1)), ((2026, 1, 1), (9999, 12, 31))],
)
def test_a_period_that_is_none_is_refused(first, last):
    with pytest.raises(InvalidField):
        Period(date(*first), date(*last))


def test_months_cut_a_period_without_gap_or_overlap():
    months = list(months_in(Period(date(2026, 1, 15), date(2028, 3, 10))))
    assert (len(months), months[0].first, months[-1].last) == (27, date(2026, 1, 15), date(2028, 3, 10))
    assert all(b.first - a.last == timedelta(days=1) for a, b in pairwise(months))


@pytest.mark.parametrize(
    "zone", ["America/Santiago", "Africa/Cairo", "America/Havana", "Pacific/Apia", "UTC"]
)
def test_days_follow_one_another_where_the_clocks_move_at_midnight(zone):
    known = ZoneInfo(zone)
    starts = [start_of(date(2011, 1, 1) + timedelta(days=day), known) for day in range(0, 800)]
    assert all(a <= b for a, b in pairwise(starts))
