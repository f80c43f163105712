"""Sessions used in a period, by package, treatment, practitioner or month; what practitioners are paid; courses sold.

An undone use is subtracted where and when it is undone, so all rows together are the `used` line of the
liability report for the same period. A practitioner is the one the visit names now. The rate of pay is typed by the
owner for the report and not stored; pay is computed from the sum of a practitioner's sessions, so that it can be
checked by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.work import reading
from plugin.courses.reports.books import (
    IS_USE,
    MISSED,
    PRACTITIONER,
    USED_SUMS,
    VISIT_ID,
    counted_in,
    counts_at,
    entry_kind,
    with_courses,
)
from plugin.courses.reports.period import Period, month_of, months_in
from plugin.courses.reports.totals import UNTOTALLED, are_usable, month_at, moved_uses, used_numbers
from plugin.errors import InvalidField, NotFound
from plugin.store import Store
from plugin.store.tables import Allowance, Client, Course, Entry, Package, Staff, Treatment, Visit
from plugin.store.totals import NOBODY, UseTotal
from plugin.wording import _


class By(StrEnum):
    """What usage is grouped by."""

    PACKAGE = "package"
    TREATMENT = "treatment"
    PRACTITIONER = "practitioner"
    MONTH = "month"


class UseSum(NamedTuple):
    """A part of the sum of one key: an id, a key of a visit without a practitioner, or a month such as 2026-11."""

    key: str
    currency: str
    sessions: int
    treated: int
    value: int
    list_value: int
    entries: int


_OF_TOTAL: dict[By, InstrumentedAttribute[Any]] = {
    By.PACKAGE: UseTotal.package_id,
    By.TREATMENT: UseTotal.treatment_id,
    By.PRACTITIONER: UseTotal.practitioner,
    By.MONTH: UseTotal.counted_in,
}
# All entries of one query are of one month, where months are asked for: any key does.
_OF_ENTRY: dict[By, ColumnElement[str]] = {
    By.PACKAGE: Course.package_id.expression,
    By.TREATMENT: Allowance.treatment_id.expression,
    By.PRACTITIONER: PRACTITIONER,
    By.MONTH: Course.currency.expression,
}


def use_sums(session: Session, period: Period, by: By) -> Iterator[UseSum]:
    """Yield the sums of the uses that count in the period; one of a key may come in parts."""
    if are_usable(session):
        months = list(months_in(period))
        rest = [each for each in months if each != month_of(each.first)]
        whole = [each for each in months if each == month_of(each.first)]
        if whole:
            yield from _of_months(session, Period(whole[0].first, whole[-1].last), by)
    else:
        rest = list(months_with_entries(session, period)) if by is By.MONTH else [period]
    for each in rest:
        yield from _of_entries(session, each, by)


def months_with_entries(session: Session, period: Period) -> Iterator[Period]:
    """Yield the months of the period, except those before the first entry and after the last one."""
    zone = clinic_in(session).zone
    # Queried one by one, each is an end of its index; together, they read all entries.
    first = session.scalar(select(func.min(Entry.happened_at)))
    last = session.scalar(select(func.max(Entry.written_at)))
    if first is None or last is None:
        return
    start, end = day_at(first, zone), day_at(last, zone)
    yield from (month for month in months_in(period) if month.last >= start and month.first <= end)


def _of_entries(session: Session, period: Period, by: By) -> Iterator[UseSum]:
    key = _OF_ENTRY[by].label("of")
    columns = select(key, Course.currency, *map(func.sum, USED_SUMS), func.count())
    uses = counted_in(session, columns, period).outerjoin(Visit, Visit.id == VISIT_ID).where(IS_USE)
    for of, *rest in session.execute(uses.group_by(key, Course.currency)):
        yield _sum(f"{period.first:%Y-%m}" if by is By.MONTH else of, *rest)


def _of_months(session: Session, whole: Period, by: By) -> Iterator[UseSum]:
    key, of = _OF_TOTAL[by], UseTotal
    sums = map(func.sum, (of.sessions, of.treated, of.value, of.list_value, of.entries))
    kept = select(key, of.currency, *sums).where(of.counted_in.between(whole.first, whole.last))
    for each, *rest in session.execute(kept.group_by(key, of.currency)):
        yield _sum(f"{each:%Y-%m}" if by is By.MONTH else each, *rest)
    yield from _waiting(session, whole, by)
    if by is By.PRACTITIONER:
        start, end = whole.moments(clinic_in(session).zone)
        for note, row in moved_uses(session):
            if start <= row.counts_at < end:
                used = used_numbers(row)
                yield _sum(note.practitioner_before, row.currency, *(-each for each in used))
                yield _sum(note.practitioner_after, row.currency, *used)


def _waiting(session: Session, whole: Period, by: By) -> Iterator[UseSum]:
    zone, moment = clinic_in(session).zone, counts_at(session)
    start, end = whole.moments(zone)
    columns = with_courses(select(moment, _OF_ENTRY[by], Course.currency, *USED_SUMS))
    uses = columns.outerjoin(Visit, Visit.id == VISIT_ID)
    for counted_at, of, *rest in session.execute(
        uses.where(UNTOTALLED, IS_USE, moment >= start, moment < end)
    ):
        yield _sum(f"{month_at(counted_at, zone):%Y-%m}" if by is By.MONTH else of, *rest, 1)


def _sum(key: str, currency: str, *numbers: Any) -> UseSum:
    return UseSum(key, currency, *map(int, numbers))


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


NAMELESS = {NOBODY: _("Unassigned"), MISSED: _("No-shows")}


def named(key: str, name: str) -> str:
    """Return the subject of a row, in words."""
    return name or NAMELESS.get(key, "")


WHOLE = 100_00


class Basis(StrEnum):
    """What pay is computed from: the session's value in its course, the single price, or each session alike."""

    COURSE = "course"
    LIST = "list"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share in hundredths of a percent (4250 is 42.5 %), or an amount for each session (add-ons not counted)."""

    basis: Basis
    share: int = 0
    amount: Money | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.share <= WHOLE:
            raise InvalidField(_("The share is 0 to 100 percent."), field="rate")
        if self.amount is not None and self.amount.amount < 0:
            raise InvalidField(_("The amount for a session is zero or more."), field="rate")

    def of(self, value: Money, sessions: int) -> Money:
        """Return the pay for sessions of this value, rounded half away from zero to the smallest unit."""
        if self.amount is not None:
            return Money(self.amount.amount * sessions, self.amount.currency)
        doubled = 2 * abs(value.amount) * self.share + WHOLE
        whole = doubled // (2 * WHOLE)
        return Money(whole if value.amount >= 0 else -whole, value.currency)


@dataclass(frozen=True, slots=True)
class PayRow:
    """What one practitioner did and is paid, in one currency.

    `key` is the practitioner's id; `is_person` is False for visits without one.
    """

    key: str
    name: str
    sessions: int
    value: Money
    pay: Money
    is_person: bool


@dataclass(frozen=True, slots=True)
class DoneSession:
    """One use, or the undoing of one (then `sessions` is below zero)."""

    entry_id: str
    counted_on: date
    visited_on: date
    client_id: str | None
    client_name: str
    package_name: str
    treatment: str
    sessions: int
    value: Money
    list_value: Money


def pay(store: Store, period: Period, rate: Rate) -> tuple[PayRow, ...]:
    """Return each practitioner's pay for the period; visits without a practitioner are last and not paid."""
    rows = [
        PayRow(
            key=row.key,
            name=row.name,
            sessions=row.treated,
            value=row.list_value if rate.basis is Basis.LIST else row.value,
            pay=rate.of(row.list_value if rate.basis is Basis.LIST else row.value, row.treated),
            is_person=row.key not in (NOBODY, MISSED),
        )
        for row in usage(store, period, By.PRACTITIONER)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.is_person, row.name, row.value.currency)))


def practitioner_name(store: Store, practitioner_id: str) -> str:
    """Return the practitioner's name, "" for visits without one; raises NotFound."""
    if practitioner_id in (NOBODY, MISSED):
        return ""
    with store.reading() as session:
        name = session.scalar(select(Staff.name).where(Staff.id == practitioner_id))
    if name is None:
        raise NotFound(_("There is no such practitioner."))
    return name


def done_sessions(store: Store, period: Period, practitioner_id: str) -> tuple[DoneSession, ...]:
    """Return the uses behind a practitioner's row, by day."""
    with store.reading() as session:
        zone = clinic_in(session).zone
        moment = counts_at(session)
        columns = select(Entry, Allowance, Course, Visit.visited_on, Client.name, moment.label("moment"))
        rows = (
            counted_in(session, columns, period)
            .outerjoin(Visit, Visit.id == VISIT_ID)
            .outerjoin(Client, Client.id == Course.client_id)
            .where(IS_USE, is_of_practitioner(practitioner_id))
            .order_by(moment, Entry.id)
        )
        return tuple(
            DoneSession(
                entry_id=entry.id,
                counted_on=day_at(counted, zone),
                visited_on=visited_on or day_at(entry.happened_at, zone),
                client_id=course.client_id,
                client_name=name or "",
                package_name=course.package_name,
                treatment=allowance.treatment,
                sessions=-entry.sessions_delta,
                value=Money(-entry.value_delta, course.currency),
                list_value=Money(-entry.sessions_delta * allowance.single_price, course.currency),
            )
            for entry, allowance, course, visited_on, name, counted in session.execute(rows)
        )


def is_of_practitioner(practitioner_id: str) -> ColumnElement[bool]:
    """Return the condition that a use is in a practitioner's row, for a query joined with its visit."""
    if practitioner_id == MISSED:
        return Visit.id.is_(None)
    if practitioner_id == NOBODY:
        return Visit.id.is_not(None) & Visit.practitioner_id.is_(None)
    return Visit.practitioner_id == practitioner_id
