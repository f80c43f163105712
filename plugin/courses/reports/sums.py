"""Sums of the entries for the reports: from the kept totals plus what is not in them yet, else from all entries."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.ledger import Kind
from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import (
    KIND_OF,
    counted_in,
    counts_at,
    counts_within,
    entry_what,
    with_courses,
)
from plugin.courses.reports.period import Period, month_of, months_in, start_of
from plugin.courses.reports.totals import UNTOTALLED, are_usable, month_at
from plugin.store.ledger import Course, Entry
from plugin.store.totals import PeriodTotal

# What a group of entries has in common; `is_within` the period, `is_made_after` it, `is_from_before` it.
_GROUP = ("currency", "square_location_id", "what", "is_within", "is_made_after", "is_from_before")
_SUMS = ("value", "sessions", "entries")
_Key: TypeAlias = ColumnElement[str] | InstrumentedAttribute[str]


@dataclass(frozen=True, slots=True)
class GroupSum:
    """The sum of one group of entries up to the end of a period; `kind`: of what they are or undo."""

    currency: str
    square_location_id: str | None
    kind: Kind
    is_within: bool
    is_made_after: bool
    is_from_before: bool
    value: int
    sessions: int
    entries: int


def group_sums(session: Session, period: Period) -> Iterator[GroupSum]:
    """Yield the sums of all entries that count before the end of the period. A group may come more than once."""
    queries = list(_of_totals(session, period)) if are_usable(session) else [_of_entries(session, period)]
    for query in queries:
        for row in session.execute(query):
            yield GroupSum(
                currency=row.currency,
                square_location_id=row.square_location_id or None,
                kind=KIND_OF[row.what],
                is_within=bool(row.is_within),
                is_made_after=bool(row.is_made_after),
                is_from_before=bool(row.is_from_before),
                value=int(row.value),
                sessions=int(row.sessions),
                entries=int(row.entries),
            )


def what_sums(session: Session, months: Sequence[Period], currency: str) -> dict[date, dict[str, int]]:
    """Return the value by what the journal calls the entries, for each of some months in a row, by its first day."""
    found: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in _month_changes(session, months, currency, (PeriodTotal.what,), (entry_what,)):
        found[each.month][each.key[0]] += each.value
    return {month: dict(changed) for month, changed in found.items()}


def month_sums(
    session: Session, months: Sequence[Period], currency: str
) -> dict[date, dict[Kind, tuple[int, int]]]:
    """Return sessions and value by kind for each of some months in a row, by its first day."""
    found: defaultdict[date, dict[Kind, tuple[int, int]]] = defaultdict(dict)
    for each in _month_changes(session, months, currency, (PeriodTotal.what,), (entry_what,)):
        kind = KIND_OF[each.key[0]]
        sessions, value = found[each.month].get(kind, (0, 0))
        found[each.month][kind] = (sessions + each.sessions, value + each.value)
    return dict(found)


def package_month_sums(
    session: Session, months: Sequence[Period], currency: str
) -> dict[str, dict[date, int]]:
    """Return the change of what is owed by package for each of some months in a row, by its first day."""
    found: defaultdict[str, defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    for each in _month_changes(session, months, currency, (PeriodTotal.package_id,), (Course.package_id,)):
        found[each.key[0]][each.month] += each.value
    return {package_id: dict(changed) for package_id, changed in found.items()}


def package_what_sums(session: Session, whole: Period, currency: str) -> dict[str, dict[str, int]]:
    """Return the value by package and by what the journal calls the entries, of a period of whole months."""
    found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    of_total, of_entry = (PeriodTotal.package_id, PeriodTotal.what), (Course.package_id, entry_what)
    for each in _month_changes(session, list(months_in(whole)), currency, of_total, of_entry):
        package_id, what = each.key
        found[package_id][what] += each.value
    return {package_id: dict(changed) for package_id, changed in found.items()}


def package_sums(session: Session) -> dict[tuple[str, str], tuple[int, int]] | None:
    """Return sessions and value left now by package and currency; None where the totals can't be used."""
    if not are_usable(session):
        return None
    key = (PeriodTotal.package_id, PeriodTotal.currency)
    kept = select(*key, func.sum(PeriodTotal.sessions), func.sum(PeriodTotal.value)).group_by(*key)
    of_course = (Course.package_id, Course.currency)
    waiting = with_courses(
        select(*of_course, func.sum(Entry.sessions_delta), func.sum(Entry.value_delta))
    ).where(UNTOTALLED)
    sums: defaultdict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for query in (kept, waiting.group_by(*of_course)):
        for package_id, currency, sessions, value in session.execute(query):
            known = sums[package_id, currency]
            sums[package_id, currency] = (known[0] + int(sessions), known[1] + int(value))
    return dict(sums)


def owed_before(session: Session, first: date, currency: str) -> dict[str, int]:
    """Return what was owed by package when the month that begins on `first` began."""
    has_counted = counts_at(session) < start_of(first, clinic_in(session).zone)
    queries = [_owed_by_package(currency).where(has_counted)]
    if are_usable(session):
        waiting = queries[0].where(UNTOTALLED)
        queries = [_kept_by_package(currency).where(PeriodTotal.counted_in < first), waiting]
    return _added(session, queries)


def owed_of_older(session: Session, year: Period, currency: str) -> dict[str, int]:
    """Return what was owed at the end of a year by package, of the courses sold before it."""
    begin, end = year.moments(clinic_in(session).zone)
    older = _owed_by_package(currency).where(Course.sold_at < begin, counts_at(session) < end)
    if not are_usable(session):
        return _added(session, [older])
    of_older = _kept_by_package(currency).where(
        PeriodTotal.counted_in <= year.last, PeriodTotal.sold_in < year.first
    )
    return _added(session, [of_older, older.where(UNTOTALLED)])


def _owed_by_package(currency: str) -> Select[*tuple[Any, ...]]:
    sums = with_courses(select(Course.package_id, func.sum(Entry.value_delta)))
    return sums.where(Course.currency == currency).group_by(Course.package_id)


def _kept_by_package(currency: str) -> Select[*tuple[Any, ...]]:
    of = PeriodTotal
    sums = select(of.package_id, func.sum(of.value)).group_by(of.package_id)
    return sums.where(of.currency == currency)


def _added(session: Session, queries: Sequence[Select[*tuple[Any, ...]]]) -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for query in queries:
        for package_id, value in session.execute(query):
            found[package_id] += int(value)
    return dict(found)


class _MonthChange(NamedTuple):
    """Sessions and value that count in a month, by its first day, of the entries with one key."""

    month: date
    key: tuple[str, ...]
    sessions: int
    value: int


def _month_changes(
    session: Session,
    months: Sequence[Period],
    currency: str,
    of_total: Sequence[_Key],
    of_entry: Sequence[_Key],
) -> Iterator[_MonthChange]:
    """Yield the changes of some months in a row by a key of the totals, and of entries. One may come in parts."""
    if not are_usable(session):
        columns = select(*of_entry, func.sum(Entry.sessions_delta), func.sum(Entry.value_delta))
        for month in months:
            rows = counted_in(session, columns, month).where(Course.currency == currency).group_by(*of_entry)
            for *key, sessions, value in session.execute(rows):
                yield _MonthChange(month.first, tuple(key), int(sessions), int(value))
        return
    counted = PeriodTotal.counted_in
    kept = select(counted, *of_total, func.sum(PeriodTotal.sessions), func.sum(PeriodTotal.value)).where(
        PeriodTotal.currency == currency, counted.between(months[0].first, months[-1].first)
    )
    for first, *key, sessions, value in session.execute(kept.group_by(counted, *of_total)):
        yield _MonthChange(first, tuple(key), int(sessions), int(value))
    zone, moment = clinic_in(session).zone, counts_at(session)
    start, end = Period(months[0].first, months[-1].last).moments(zone)
    waiting = with_courses(select(moment, *of_entry, Entry.sessions_delta, Entry.value_delta)).where(
        UNTOTALLED, Course.currency == currency, moment >= start, moment < end
    )
    for counted_at, *key, sessions, value in session.execute(waiting):
        yield _MonthChange(month_at(counted_at, zone), tuple(key), int(sessions), int(value))


def _of_totals(session: Session, period: Period) -> Iterator[Select[*tuple[Any, ...]]]:
    """Yield queries of which each entry is in exactly one: whole months from the totals, the rest from entries."""
    zone = clinic_in(session).zone
    first, last = month_of(period.first).first, month_of(period.last)
    if period.first == first and period.last == last.last:
        yield _grouped(_totals_of_months(first, last.first))
        yield _of_entries(session, period, UNTOTALLED)
        return
    # Which day of its month an entry was written on is not in the totals.
    never = literal(False)
    marks = _totals(is_within=never, is_made_after=never, is_from_before=never)
    yield _grouped(marks.where(PeriodTotal.counted_in < first))
    begin, (_, end) = start_of(first, zone), period.moments(zone)
    moment = counts_at(session)
    yield _of_entries(session, period, UNTOTALLED, moment < begin)
    yield _of_entries(session, period, counts_within(moment, begin, end))


def _totals(**marks: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    labelled = [mark.label(name) for name, mark in marks.items()]
    same = (PeriodTotal.currency, PeriodTotal.square_location_id, PeriodTotal.what)
    return select(*same, *labelled, PeriodTotal.value, PeriodTotal.sessions, PeriodTotal.entries)


def _totals_of_months(first: date, last: date) -> Select[*tuple[Any, ...]]:
    return _totals(
        is_within=PeriodTotal.counted_in >= first,
        is_made_after=PeriodTotal.written_in > last,
        is_from_before=PeriodTotal.happened_in < first,
    ).where(PeriodTotal.counted_in <= last)


def _of_entries(
    session: Session, period: Period, *conditions: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    start, end = period.moments(clinic_in(session).zone)
    moment = counts_at(session)
    entries = select(
        Course.currency,
        Course.square_location_id,
        entry_what.label("what"),
        (moment >= start).label("is_within"),
        (Entry.written_at >= end).label("is_made_after"),
        (Entry.happened_at < start).label("is_from_before"),
        Entry.value_delta.label("value"),
        Entry.sessions_delta.label("sessions"),
        literal(1).label("entries"),
    )
    return _grouped(with_courses(entries).where(moment < end, *conditions))


def _grouped(rows: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    # Grouped by name: a value bound twice is two values to PostgreSQL.
    of = rows.subquery().c
    group = [of[name] for name in _GROUP]
    return select(*group, *(func.sum(of[name]).label(name) for name in _SUMS)).group_by(*group)
