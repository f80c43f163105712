"""Checking the totals that the reports read against the entries that are in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.courses.reports.books import (
    IS_USE,
    PRACTITIONER,
    USED_SUMS,
    VISIT_ID,
    counted_in,
    entry_what,
)
from plugin.courses.reports.period import Period, month_of
from plugin.courses.reports.totals import UNTOTALLED, is_valid, moved_uses
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.totals import CourseTotal, PeriodTotal, UseTotal

Rows = Select[*tuple[Any, ...]]
_Sums = dict[tuple[str, ...], tuple[int, ...]]
_OF_PERIOD = (PeriodTotal.package_id, PeriodTotal.square_location_id, PeriodTotal.currency, PeriodTotal.what)
_OF_USE = (UseTotal.package_id, UseTotal.treatment_id, UseTotal.practitioner, UseTotal.currency)


def wrong_totals(session: Session) -> Iterator[tuple[str, str]]:
    """Yield the check and the row of each total that is wrong; nothing where the totals are to be made again."""
    if not is_valid(session):
        return
    # What is not moved yet stands under the practitioner of before.
    has_moves = next(moved_uses(session, 1), None) is not None
    for first in session.scalars(select(PeriodTotal.counted_in).distinct().order_by(PeriodTotal.counted_in)):
        entries, uses = _summed(session, month_of(first))
        if entries != _kept(session, first, _OF_PERIOD, ("value", "sessions", "entries")):
            yield "period total", f"{first:%Y-%m}"
        names = ("sessions", "treated", "value", "list_value", "entries")
        if not has_moves and uses != _kept(session, first, _OF_USE, names):
            yield "use total", f"{first:%Y-%m}"
    totalled, wrong = 0, []
    for course_id, value, sessions, entries, kept_value, kept_sessions in session.execute(_by_course()):
        totalled += entries
        if (value, sessions) != (kept_value, kept_sessions):
            wrong.append(course_id)
    if totalled != session.scalar(select(func.coalesce(func.sum(PeriodTotal.entries), 0))):
        yield "period total", "entries"
    for course_id in wrong:
        yield "course total", course_id


def _kept(
    session: Session, first: date, key: tuple[InstrumentedAttribute[str], ...], names: tuple[str, ...]
) -> _Sums:
    of: Any = key[0].class_
    sums = select(*key, *(func.sum(getattr(of, name)) for name in names))
    kept = session.execute(sums.where(of.counted_in == first).group_by(*key))
    # An undone practitioner's row stays, of nothing.
    return _added((tuple(row[: len(key)]), row[len(key) :]) for row in kept if row[-1])


def _summed(session: Session, month: Period) -> tuple[_Sums, _Sums]:
    """Return the sums of the entries of a month, and of the uses among them: one reading for both."""
    place = func.coalesce(Course.square_location_id, "")
    practitioner = PRACTITIONER.label("practitioner")
    key = (
        Course.package_id,
        place,
        Course.currency,
        entry_what,
        Allowance.treatment_id,
        practitioner,
        IS_USE,
    )
    sums = (Entry.value_delta, Entry.sessions_delta, *USED_SUMS)
    query = counted_in(session, select(*key, func.count(), *map(func.sum, sums)), month)
    groups = query.outerjoin(Visit, Visit.id == VISIT_ID).where(~UNTOTALLED).group_by(*key)
    rows = [(row[:7], [int(each) for each in row[7:]]) for row in session.execute(groups)]
    entries = _added((key[:4], (numbers[1], numbers[2], numbers[0])) for key, numbers in rows)
    uses = _added(
        ((key[0], key[4], key[5], key[2]), (*numbers[3:], numbers[0])) for key, numbers in rows if key[6]
    )
    return entries, uses


def _added(parts: Iterable[tuple[Any, Sequence[Any]]]) -> _Sums:
    found: _Sums = {}
    for key, numbers in parts:
        known = found.get(key, (0,) * len(numbers))
        found[key] = tuple(int(one) + int(other) for one, other in zip(known, numbers, strict=True))
    return found


@cache
def _by_course() -> Rows:
    """Return the query for what the totalled entries leave of each course, how many they are, and what is kept."""
    sums = select(
        Allowance.course_id,
        func.sum(Entry.value_delta).label("value"),
        func.sum(Entry.sessions_delta).label("sessions"),
        func.count().label("entries"),
    )
    left = sums.join(Entry, Entry.allowance_id == Allowance.id).where(~UNTOTALLED)
    of = left.group_by(Allowance.course_id).subquery()
    numbers = (of.c.value, of.c.sessions, of.c.entries, CourseTotal.value, CourseTotal.sessions)
    return (
        select(Course.id, *(func.coalesce(number, 0) for number in numbers))
        .outerjoin(of, of.c.course_id == Course.id)
        .outerjoin(CourseTotal, CourseTotal.course_id == Course.id)
    )
