"""Courses sold in a period, by package: sessions and money are the `sold` and `paid` lines of the liability report."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.reports.books import counted_in, entry_kind
from plugin.courses.reports.period import Period
from plugin.store.ledger import Course, Entry
from plugin.store.offers import Package


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
