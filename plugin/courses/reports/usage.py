"""Sessions used in a period, by package, treatment, practitioner or month.

An undone use is subtracted where and when it is undone, so all rows together are the `used` line of the
liability report for the same period. A practitioner is the one the visit names now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import REVERSED, counted_in, entry_kind
from plugin.courses.reports.period import Period, months_in
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.offers import Package, Treatment
from plugin.store.people import Staff

# The key if there is no practitioner: none was recorded, or the visit was a no-show.
NOBODY, MISSED = "none", "missed"

IS_USE = entry_kind == Kind.USED.value
VISIT_ID = func.coalesce(REVERSED.visit_id, Entry.visit_id)


class By(StrEnum):
    """What usage is grouped by."""

    PACKAGE = "package"
    TREATMENT = "treatment"
    PRACTITIONER = "practitioner"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Sessions used, what they were worth in their courses, and what single visits would have cost.

    `key` is the id of the package, treatment or practitioner, or the month as 2026-11; `name` is empty for
    visits without a practitioner and for no-shows. `treated` excludes add-ons.
    """

    key: str
    name: str
    sessions: int
    treated: int
    value: Money
    list_value: Money

    def __add__(self, other: UsageRow) -> UsageRow:
        return replace(
            self,
            sessions=self.sessions + other.sessions,
            treated=self.treated + other.treated,
            value=self.value + other.value,
            list_value=self.list_value + other.list_value,
        )


def usage(store: Store, period: Period, by: By) -> tuple[UsageRow, ...]:
    """Return a row for each thing used in the period and each currency; months in order, else most first."""
    with store.reading() as session:
        return usage_in(session, period, by)


def usage_in(session: Session, period: Period, by: By) -> tuple[UsageRow, ...]:
    """Return the rows as seen by this session."""
    if by is By.MONTH:
        return tuple(
            row for month in months_with_entries(session, period) for row in _of_month(session, month)
        )
    rows = _rows(session, period, *_GROUPS[by])
    return tuple(sorted(rows, key=lambda row: (-row.sessions, row.name, row.key, row.value.currency)))


def months_with_entries(session: Session, period: Period) -> Iterator[Period]:
    """Yield the months of the period, except those before the first entry and after the last one."""
    zone = ZoneInfo(clinic_in(session).time_zone)
    # Queried one by one, each is an end of its index; together, they read all entries.
    first = session.scalar(select(func.min(Entry.happened_at)))
    last = session.scalar(select(func.max(Entry.written_at)))
    if first is None or last is None:
        return
    start, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    yield from (month for month in months_in(period) if month.last >= start and month.first <= end)


def _of_month(session: Session, month: Period) -> Iterator[UsageRow]:
    key = f"{month.first:%Y-%m}"
    for row in _rows(session, month, Course.currency.expression, Course.currency.expression):
        yield replace(row, key=key, name=key)


def _rows(
    session: Session, period: Period, key: ColumnElement[Any], name: ColumnElement[Any]
) -> Iterator[UsageRow]:
    for row in session.execute(_added_up(session, period, key, name)):
        yield UsageRow(
            key=row.key,
            name=row.name,
            sessions=int(row.sessions),
            treated=int(row.treated),
            value=Money(int(row.value), row.currency),
            list_value=Money(int(row.list_value), row.currency),
        )


def _added_up(
    session: Session, period: Period, key: ColumnElement[Any], name: ColumnElement[Any]
) -> Select[Any]:
    groups = (key.label("key"), name.label("name"), Course.currency)
    is_treatment = case((Allowance.kind == "add_on", 0), else_=Entry.sessions_delta)
    columns = select(
        *groups,
        (-func.sum(Entry.sessions_delta)).label("sessions"),
        (-func.sum(is_treatment)).label("treated"),
        (-func.sum(Entry.value_delta)).label("value"),
        (-func.sum(Entry.sessions_delta * Allowance.single_price)).label("list_value"),
    )
    return (
        counted_in(session, columns, period)
        .join(Package, Package.id == Course.package_id)
        .join(Treatment, Treatment.id == Allowance.treatment_id)
        .outerjoin(Visit, Visit.id == VISIT_ID)
        .outerjoin(Staff, Staff.id == Visit.practitioner_id)
        .where(IS_USE)
        .group_by(*groups)
    )


# A literal in the query, not a bound value: PostgreSQL would take two bindings for two grouping keys.
_GROUPS: dict[By, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    By.PACKAGE: (Package.id.expression, Package.name.expression),
    By.TREATMENT: (Treatment.id.expression, Treatment.name.expression),
    By.PRACTITIONER: (
        func.coalesce(
            Staff.id,
            case((Visit.id.is_(None), literal_column(f"'{MISSED}'")), else_=literal_column(f"'{NOBODY}'")),
        ),
        func.coalesce(Staff.name, literal_column("''")),
    ),
}
