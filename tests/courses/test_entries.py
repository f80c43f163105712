"""Every figure of the reports is the sum of the entries it leads to, to the cent and in sessions."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.core.text import folded
from plugin.courses.base.keyset import Order, read_order
from plugin.courses.reports.books import Line, RollForward
from plugin.courses.reports.entries import (
    NEWEST_FIRST,
    NOWHERE,
    ORDERS,
    EntryFilter,
    EntryRow,
    Late,
    entries_behind,
    entries_behind_in,
)
from plugin.courses.reports.liability import liability_in
from plugin.courses.reports.overview import months_of
from plugin.courses.reports.period import Period, month_of, months_up_to
from plugin.courses.reports.totals import add_batch
from plugin.courses.reports.usage import By, usage_in
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.offers import Clinic
from tests.courses.desk import Desk
from tests.courses.ledgers import DEEDS, RandomLedger, not_kept
from tests.courses.test_reports import ANY_LEDGER, DAYS, FAR, FIRST, closed
from tests.thorough import examples

ALL_DAYS = Period(FIRST, FAR)


def rows_of(session: Session, wanted: EntryFilter, order: Order = NEWEST_FIRST) -> list[EntryRow]:
    """Return all rows, a few to the page."""
    rows: list[EntryRow] = []
    cursor: str | None = None
    while True:
        page = entries_behind_in(session, wanted, order, limit=7, cursor=cursor).page
        rows += page.rows
        if (cursor := page.cursor) is None:
            return rows


def assert_leads_to(session: Session, wanted: EntryFilter, sessions: int, value: Money) -> None:
    said = entries_behind_in(session, wanted, limit=1).sum
    rows = rows_of(session, wanted)
    assert (said.sessions, said.value) == (sessions, value), wanted
    assert sum(each.sessions for each in rows) == sessions, wanted
    assert sum(each.value.amount for each in rows) == value.amount, wanted
    assert said.entries == len(rows) == len({each.id for each in rows})


def assert_all_lead(session: Session, period: Period) -> None:
    report = liability_in(session, period)
    for total in report.totals:
        _assert_rolled(session, period, total, "")
        for late, part in ((Late.MADE_AFTER, total.made_after), (Late.FROM_BEFORE, total.from_before)):
            wanted = EntryFilter(period, total.currency, late=late)
            assert_leads_to(session, wanted, part.sessions, part.value)
        expired = EntryFilter(period, total.currency, is_expired=True)
        assert_leads_to(session, expired, total.expired.sessions, total.expired.value)
    for place in report.places:
        _assert_rolled(session, period, place, place.square_location_id or NOWHERE)
    for by in (By.PACKAGE, By.TREATMENT, By.PRACTITIONER):
        for row in usage_in(session, period, by):
            wanted = EntryFilter(
                period,
                row.value.currency,
                Line.USED,
                package_id=row.key if by is By.PACKAGE else "",
                treatment_id=row.key if by is By.TREATMENT else "",
                practitioner=row.key if by is By.PRACTITIONER else "",
            )
            assert_leads_to(session, wanted, -row.sessions, -row.value)
            single = entries_behind_in(session, wanted, limit=1).sum.at_single_prices
            assert single == -row.list_value


def _assert_rolled(session: Session, period: Period, rolled: RollForward, place: str) -> None:
    for line in rolled.lines:
        wanted = EntryFilter(period, rolled.currency, line.line, place=place)
        assert_leads_to(session, wanted, line.sessions, line.value)


@settings(ANY_LEDGER, max_examples=examples(3, 6))
@given(
    deeds=DEEDS,
    days=st.tuples(DAYS, DAYS),
    books=st.lists(DAYS, max_size=2, unique=True),
    totalled=st.booleans(),
)
def test_every_figure_is_the_sum_of_its_entries(
    module_store: Store, deeds: list[object], days: tuple[date, date], books: list[date], totalled: bool
) -> None:
    with not_kept(module_store) as session:
        ledger = RandomLedger(session, module_store)
        for deed in deeds:
            ledger.write(deed)  # type: ignore[arg-type]
        session.add_all(map(closed, books))
        session.execute(update(Course).where(Course.id == "c0").values(expires_on=min(days)))
        session.flush()
        if totalled:
            while add_batch(session):
                pass
        for period in (Period(min(days), max(days)), month_of(days[0])):
            assert_all_lead(session, period)


def test_a_played_clinic_adds_up_on_every_page_of_the_overview(desk: Desk) -> None:
    desk.use(desk.sell())
    used = desk.use(desk.sell(paid=99000))
    desk.undo(used.entry.id)
    months = months_up_to(desk.today, 12)
    with desk.store.reading() as session:
        for month in months_of(session, months, "USD"):
            of = {"period": month.month, "currency": "USD"}
            sold = entries_behind_in(session, EntryFilter(line=Line.SOLD, **of), limit=1).sum  # type: ignore[arg-type]
            paid = entries_behind_in(session, EntryFilter(line=Line.PAID, **of), limit=1).sum  # type: ignore[arg-type]
            spent = entries_behind_in(session, EntryFilter(line=Line.USED, **of), limit=1).sum  # type: ignore[arg-type]
            assert (sold.sessions, paid.value) == (month.sold, month.paid)
            assert (-spent.sessions, -spent.value) == (month.used, month.earned)
        assert_all_lead(session, month_of(desk.today))


@pytest.mark.parametrize(
    ("zone", "at", "month"),
    [
        # The last evening of a month there is the next month in UTC.
        ("America/Los_Angeles", datetime(2026, 12, 1, 7, 59, tzinfo=UTC), date(2026, 11, 1)),
        ("America/Los_Angeles", datetime(2026, 12, 1, 8, 0, tzinfo=UTC), date(2026, 12, 1)),
        ("Pacific/Auckland", datetime(2026, 11, 30, 11, 0, tzinfo=UTC), date(2026, 12, 1)),
        # The hour that comes twice when summer time ends, and a leap day.
        ("America/Los_Angeles", datetime(2026, 11, 1, 9, 30, tzinfo=UTC), date(2026, 11, 1)),
        ("America/Los_Angeles", datetime(2028, 3, 1, 7, 59, tzinfo=UTC), date(2028, 2, 1)),
    ],
)
def test_the_last_hour_of_a_month_counts_in_it(desk: Desk, zone: str, at: datetime, month: date) -> None:
    desk.clock.set(datetime(2026, 9, 1, 18, tzinfo=UTC))
    course_id = desk.sell()
    with desk.store.writing() as session:
        session.execute(update(Clinic).values(time_zone=zone))
    desk.clock.set(at)
    desk.use(course_id)
    for each in (
        month_of(month),
        month_of(month - timedelta(days=1)),
        month_of(month_of(month).last + timedelta(1)),
    ):
        found = entries_behind(desk.store, EntryFilter(each, "USD", Line.USED))
        assert found.sum.entries == (1 if each.first == month else 0)


def test_a_clinic_without_data_has_figures_of_nothing(desk: Desk) -> None:
    for line in Line:
        found = entries_behind(desk.store, EntryFilter(month_of(desk.today), "USD", line))
        assert (found.page.rows, found.sum.entries, found.sum.value) == ((), 0, Money(0, "USD"))


_SORTED_BY: dict[str, Callable[[EntryRow], Any]] = {
    "happened": lambda row: (row.happened_on, row.id),
    "client": lambda row: (folded(row.client_name), row.id),
    "package": lambda row: (row.package_name, row.id),
    "sessions": lambda row: (abs(row.sessions), row.id),
    "value": lambda row: (abs(row.value.amount), row.id),
}


@pytest.mark.parametrize("key", ORDERS)
def test_each_order_shows_every_entry_once_in_both_directions(desk: Desk, key: str) -> None:
    for name in ("B", "A"):
        course_id = desk.sell(desk.package(name=name))
        for _ in range(4):
            desk.use(course_id)
    wanted = EntryFilter(ALL_DAYS, "USD")
    with desk.store.reading() as session:
        found, turned = (rows_of(session, wanted, read_order(each, ORDERS)) for each in (key, f"-{key}"))
    assert len({row.id for row in found}) == len(found) == 12
    assert found == sorted(found, key=_SORTED_BY[key], reverse=ORDERS[key].is_descending)
    assert turned == found[::-1]


@pytest.mark.parametrize("cursor", ["x", "%", "e30", "9" * 700])
def test_an_unreadable_place_in_the_list_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(InvalidField):
        entries_behind(desk.store, EntryFilter(ALL_DAYS, "USD"), cursor=cursor)
