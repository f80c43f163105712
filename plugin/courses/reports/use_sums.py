"""Sums of sessions used: of whole months from the kept totals and what is not in them yet, else from entries."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import (
    IS_USE,
    PRACTITIONER,
    USED_SUMS,
    VISIT_ID,
    counted_in,
    counts_at,
    with_courses,
)
from plugin.courses.reports.period import Period, month_of, months_in
from plugin.courses.reports.totals import (
    UNTOTALLED,
    are_usable,
    month_at,
    moved_uses,
    used_numbers,
)
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.totals import UseTotal


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
    start, end = first.astimezone(zone).date(), last.astimezone(zone).date()
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
        yield from _moved(session, whole)


def _waiting(session: Session, whole: Period, by: By) -> Iterator[UseSum]:
    zone, moment = clinic_in(session).zone, counts_at(session)
    start, end = whole.moments(zone)
    columns = with_courses(select(moment, _OF_ENTRY[by], Course.currency, *USED_SUMS))
    uses = columns.outerjoin(Visit, Visit.id == VISIT_ID)
    for counted_at, of, *rest in session.execute(
        uses.where(UNTOTALLED, IS_USE, moment >= start, moment < end)
    ):
        yield _sum(f"{month_at(counted_at, zone):%Y-%m}" if by is By.MONTH else of, *rest, 1)


def _moved(session: Session, whole: Period) -> Iterator[UseSum]:
    start, end = whole.moments(clinic_in(session).zone)
    for note, row in moved_uses(session):
        if start <= row.counts_at < end:
            used = used_numbers(row)
            yield _sum(note.practitioner_before, row.currency, *(-each for each in used))
            yield _sum(note.practitioner_after, row.currency, *used)


def _sum(key: str, currency: str, *numbers: Any) -> UseSum:
    return UseSum(key, currency, *map(int, numbers))
