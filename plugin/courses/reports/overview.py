"""The owner's overview: a year of sales and visits, and the deferred revenue now by package."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import counted_in, entry_kind
from plugin.courses.reports.period import Period, months_up_to
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.offers import Package

MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class MonthView:
    """One month: sessions sold and used, money received, and the value of the used sessions.

    `moved`: by how much it changed the deferred revenue.
    """

    month: Period
    sold: int
    used: int
    paid: Money
    earned: Money
    moved: Money


@dataclass(frozen=True, slots=True)
class DeferredView:
    """The deferred revenue now in the courses of one package."""

    package_id: str
    name: str
    sessions: int
    value: Money


@dataclass(frozen=True, slots=True)
class Overview:
    """In the clinic's currency; `other_currencies` are only in the liability report."""

    months: tuple[MonthView, ...]
    owed: tuple[DeferredView, ...]
    other_currencies: tuple[str, ...]

    @property
    def sessions_deferred(self) -> int:
        """Return how many sessions are left in all courses."""
        return sum(each.sessions for each in self.owed)


def overview(store: Store, today: date) -> Overview:
    """Return the overview as it is today."""
    with store.reading() as session:
        currency = clinic_in(session).currency
        owed = _owed(session)
        return Overview(
            months=tuple(month_in(session, month, currency) for month in months_up_to(today, MONTHS_SHOWN)),
            owed=tuple(each for each in owed if each.value.currency == currency),
            other_currencies=tuple(sorted({each.value.currency for each in owed} - {currency})),
        )


def month_in(session: Session, month: Period, currency: str) -> MonthView:
    """Return one month in one currency, as seen by this session."""
    sums = select(entry_kind, func.sum(Entry.sessions_delta), func.sum(Entry.value_delta))
    of_currency = counted_in(session, sums, month).where(Course.currency == currency)
    rows = session.execute(of_currency.group_by(entry_kind))
    sessions: defaultdict[str, int] = defaultdict(int)
    values: defaultdict[str, int] = defaultdict(int)
    for name, many, value in rows:
        sessions[name], values[name] = int(many), int(value)
    return MonthView(
        month=month,
        sold=sessions[Kind.SOLD],
        used=-sessions[Kind.USED],
        paid=Money(values[Kind.PAID], currency),
        earned=Money(-values[Kind.USED], currency),
        moved=Money(sum(values.values()), currency),
    )


def _last(column: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    of_chain = select(column).where(Entry.allowance_id == Allowance.id).correlate(Allowance)
    return of_chain.order_by(Entry.seq.desc()).limit(1).scalar_subquery()


def _owed(session: Session) -> list[DeferredView]:
    # What is left of an allowance is in the last entry of its chain: none of the others is read.
    left = (
        select(
            Course.package_id,
            Course.currency,
            _last(Entry.sessions_after).label("sessions"),
            _last(Entry.value_after).label("value"),
        )
        .select_from(Allowance)
        .join(Course, Course.id == Allowance.course_id)
        .subquery()
    )
    sessions, value = func.sum(left.c.sessions), func.sum(left.c.value)
    rows = session.execute(
        select(Package.id, Package.name, left.c.currency, sessions, value)
        .select_from(left)
        .join(Package, Package.id == left.c.package_id)
        .group_by(Package.id, Package.name, left.c.currency)
        .having((sessions > 0) | (value > 0))
        .order_by(value.desc(), Package.name, Package.id)
    )
    return [
        DeferredView(package_id, name, int(many), Money(int(owed), currency))
        for package_id, name, currency, many, owed in rows
    ]
