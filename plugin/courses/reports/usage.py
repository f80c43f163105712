"""Sessions used in a period, by package, treatment, practitioner or month; and courses sold, by package.

An undone use is subtracted where and when it is undone, so all rows together are the `used` line of the
liability report for the same period. A practitioner is the one the visit names now.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from operator import add
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.work import reading
from plugin.courses.reports.books import counted_in, entry_kind
from plugin.courses.reports.period import Period
from plugin.courses.reports.use_sums import By, use_sums
from plugin.store.tables import Course, Entry, Package, Staff, Treatment


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


def usage_in(session: Session, period: Period, by: By) -> tuple[UsageRow, ...]:
    """Return a row for each thing used in the period and each currency; months in order, else most first."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for each in use_sums(session, period, by):
        total = sums[each.key, each.currency]
        total[:] = map(add, total, each[2:])
    names = _names(session, by)
    rows = [
        UsageRow(
            key=key,
            name=key if by is By.MONTH else names.get(key, ""),
            sessions=sessions,
            treated=treated,
            value=Money(value, currency),
            list_value=Money(list_value, currency),
        )
        for (key, currency), (sessions, treated, value, list_value, entries) in sums.items()
        # Without any: visits that name another practitioner since.
        if entries
    ]
    if by is By.MONTH:
        return tuple(sorted(rows, key=lambda row: (row.key, row.value.currency)))
    return tuple(sorted(rows, key=lambda row: (-row.sessions, row.name, row.key, row.value.currency)))


usage = reading(usage_in)


def _names(session: Session, by: By) -> dict[str, str]:
    named: dict[By, Any] = {By.PACKAGE: Package, By.TREATMENT: Treatment, By.PRACTITIONER: Staff}
    if by is By.MONTH:
        return {}
    return dict(session.execute(select(named[by].id, named[by].name)).all())


@dataclass(frozen=True, slots=True)
class SoldRow:
    """What was sold of one package; an undone sale is subtracted on the day of the undoing."""

    package_id: str
    name: str
    courses: int
    sessions: int
    paid: Money


@dataclass(slots=True)
class _Sum:
    name: str = ""
    courses: int = 0
    sessions: int = 0
    paid: int = 0


def sold_in(session: Session, period: Period) -> tuple[SoldRow, ...]:
    """Return one row for each package and currency, as seen by this session; most money first."""
    sums: defaultdict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for row in session.execute(_by_course(session, period)):
        known = sums[row.package_id, row.currency]
        known.name = row.name
        known.courses += (row.sold > 0) - (row.sold < 0)
        known.sessions += int(row.sold)
        known.paid += int(row.paid)
    rows = (
        SoldRow(package_id, each.name, each.courses, each.sessions, Money(each.paid, currency))
        for (package_id, currency), each in sums.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.paid.amount, row.name, row.package_id)))


def _by_course(session: Session, period: Period) -> Select[str, str, str, int, int]:
    sold = func.sum(case((entry_kind == Kind.SOLD.value, Entry.sessions_delta), else_=0)).label("sold")
    paid = func.sum(case((entry_kind == Kind.PAID.value, Entry.value_delta), else_=0)).label("paid")
    columns = select(Package.id.label("package_id"), Package.name.label("name"), Course.currency, sold, paid)
    return (
        counted_in(session, columns, period)
        .join(Package, Package.id == Course.package_id)
        .where(entry_kind.in_([Kind.SOLD.value, Kind.PAID.value]))
        .group_by(Package.id, Package.name, Course.currency, Course.id)
    )
