"""The ledger itself as tables for a spreadsheet: every course, every entry. Times are UTC, as RFC 3339."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from plugin.core.course import CourseState
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.state import each_state
from plugin.courses.reports.books import counts_at, counts_within
from plugin.courses.reports.course_records import records_in
from plugin.courses.reports.period import Period
from plugin.courses.reports.sheet import Cell, Sheet, major
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.people import Client

_AT_ONCE = 1000

_COURSE = (
    "course",
    "client",
    "client_name",
    "package",
    "status",
    "sold_at",
    "expires_on",
    "price",
    "paid",
    "value_left",
    "currency",
    "sessions_granted",
    "sessions_left",
    "square_order",
    "square_location",
    "closed_at",
    "sessions_usable_now",
    "sessions_locked",
    "balance_due",
    "balance_due_on",
    "on_hold_since",
    "waits_as_gift_for",
    "client_phone",
    "client_email",
    # What the other columns can't tell: by it an import brings the course in again as it is.
    "record",
)
_ENTRY = (
    "entry",
    "course",
    "client_name",
    "package",
    "allowance",
    "treatment",
    "seq",
    "kind",
    "sessions_delta",
    "sessions_after",
    "value_delta",
    "value_after",
    "currency",
    "happened_at",
    "written_at",
    "by",
    "source",
    "reason",
    "reverses",
    "visit",
)


def courses_sheet(store: Store, now: datetime, period: Period | None) -> Sheet:
    """Return a row for each course sold in the period, or ever; sessions and value of all of its treatments."""
    return Sheet("Courses", _COURSE, _course_rows(store, now, period))


def entries_sheet(store: Store, period: Period | None) -> Sheet:
    """Return a row for each entry that counts in the period, or ever."""
    return Sheet("Entries", _ENTRY, _entry_rows(store, period))


def _course_rows(store: Store, now: datetime, period: Period | None) -> Iterator[Sequence[Cell]]:
    with store.reading() as session:
        clinic = clinic_in(session)
        which = select(Course.id)
        if period is not None:
            start, end = period.moments(ZoneInfo(clinic.time_zone))
            which = which.where(Course.sold_at >= start, Course.sold_at < end)
        order = (Course.sold_at, Course.id)
        today = local_date(clinic, now)
        states = each_state(session, which, *_TOLD, today=today, order_by=order)
        while some := list(islice(states, _AT_ONCE)):
            records = records_in(session, [state.facts.id for state, _ in some])
            for state, row in some:
                record = records[state.facts.id].to_text()
                yield (*_course_row(state, row), row.client_phone, row.client_email, record)


def _of_client(column: Any, name: str) -> Any:
    return select(column).where(Client.id == Course.client_id).scalar_subquery().label(name)


_TOLD = (
    _of_client(Client.name, "client_name"),
    _of_client(Client.phone, "client_phone"),
    _of_client(Client.email, "client_email"),
    Course.package_name,
    Course.sold_at,
    Course.square_order_id,
    Course.square_location_id,
    Course.closed_at,
)


def _course_row(state: CourseState, row: Row[Any]) -> Sequence[Cell]:
    allowances, gift = state.allowances, state.waiting_gift
    return (
        state.facts.id,
        row.client_id,
        row.client_name,
        row.package_name,
        state.status.value,
        _moment(row.sold_at),
        state.expires_on,
        *(major(money) for money in (state.price, state.paid, state.value_left)),
        state.facts.currency,
        sum(each.granted for each in allowances),
        sum(each.left for each in allowances),
        row.square_order_id,
        row.square_location_id,
        _moment(row.closed_at),
        sum(each.usable_now for each in allowances),
        sum(each.locked for each in allowances),
        major(state.due),
        state.due_on,
        state.on_hold_since,
        gift.recipient_name if gift else None,
    )


def _entry_rows(store: Store, period: Period | None) -> Iterator[Sequence[Cell]]:
    rows = (
        select(Entry, Allowance.treatment, Course.id, Course.package_name, Course.currency, Client.name)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
        .order_by(Entry.written_at, Entry.id)
    )
    with store.reading() as session:
        if period is not None:
            start, end = period.moments(ZoneInfo(clinic_in(session).time_zone))
            rows = rows.where(counts_within(counts_at(session), start, end))
        for entry, treatment, course_id, package, currency, name in session.execute(rows).yield_per(_AT_ONCE):
            yield (
                entry.id,
                course_id,
                name,
                package,
                entry.allowance_id,
                treatment,
                entry.seq,
                entry.kind,
                entry.sessions_delta,
                entry.sessions_after,
                _major(entry.value_delta, currency),
                _major(entry.value_after, currency),
                currency,
                _moment(entry.happened_at),
                _moment(entry.written_at),
                entry.by,
                entry.source,
                entry.reason,
                entry.reverses,
                entry.visit_id,
            )


def _major(amount: int, currency: str) -> Cell:
    return major(Money(int(amount), currency))


def _moment(value: datetime | None) -> str | None:
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z" if value else None
