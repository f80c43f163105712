"""The ledger itself as tables for a spreadsheet: every course, every entry. Times are UTC, as RFC 3339."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, select

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import course_status
from plugin.courses.clinic import clinic_in, local_date
from plugin.courses.reports.books import counts_at, counts_within
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
        today = local_date(clinic, now)
        rows = _courses()
        if period is not None:
            start, end = period.moments(ZoneInfo(clinic.time_zone))
            rows = rows.where(Course.sold_at >= start, Course.sold_at < end)
        for course, name, granted, left, paid, owed in session.execute(rows).yield_per(_AT_ONCE):
            status = course_status(
                closed_as=course.closed_as,
                is_frozen=course.frozen_at is not None,
                expires_on=course.expires_on,
                today=today,
                sessions_left=int(left),
                price=course.price,
                paid=int(paid),
            )
            yield (
                course.id,
                course.client_id,
                name,
                course.package_name,
                status.value,
                _moment(course.sold_at),
                course.expires_on,
                *(_major(amount, course.currency) for amount in (course.price, paid, owed)),
                course.currency,
                int(granted),
                int(left),
                course.square_order_id,
                course.square_location_id,
                _moment(course.closed_at),
            )


def _courses() -> Select[Any]:
    is_paid = case((Entry.kind == Kind.PAID.value, Entry.value_delta), else_=0)
    sums = (
        select(
            Allowance.course_id,
            func.sum(Entry.granted_after - Entry.granted_before).label("granted"),
            func.sum(Entry.sessions_delta).label("left"),
            func.sum(is_paid).label("paid"),
            func.sum(Entry.value_delta).label("owed"),
        )
        .join(Entry, Entry.allowance_id == Allowance.id)
        .group_by(Allowance.course_id)
        .subquery()
    )
    return (
        select(Course, Client.name, sums.c.granted, sums.c.left, sums.c.paid, sums.c.owed)
        .join(sums, sums.c.course_id == Course.id)
        .outerjoin(Client, Client.id == Course.client_id)
        .order_by(Course.sold_at, Course.id)
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
