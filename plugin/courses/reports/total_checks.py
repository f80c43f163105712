"""Checking the totals that the reports read against the entries that are in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from plugin.courses.reports.books import counted_in, entry_kind
from plugin.courses.reports.period import Period, month_of
from plugin.courses.reports.totals import UNTOTALLED, is_valid
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.totals import CourseTotal, PeriodTotal

Rows = Select[*tuple[Any, ...]]


def wrong_totals(session: Session) -> Iterator[tuple[str, str]]:
    """Yield the check and the row of each total that is wrong; nothing where the totals are to be made again."""
    if not is_valid(session):
        return
    for first in session.scalars(select(PeriodTotal.counted_in).distinct().order_by(PeriodTotal.counted_in)):
        if _kept(session, month_of(first)) != _summed(session, month_of(first)):
            yield "period total", f"{first:%Y-%m}"
    if _all_totalled(session) != session.scalar(select(func.coalesce(func.sum(PeriodTotal.entries), 0))):
        yield "period total", "entries"
    for course_id in session.scalars(_wrong_courses()):
        yield "course total", course_id


_Sums = dict[tuple[str, str, str, str], tuple[int, int, int]]


def _kept(session: Session, month: Period) -> _Sums:
    of = PeriodTotal
    key = (of.package_id, of.square_location_id, of.currency, of.kind)
    sums = select(*key, func.sum(of.value), func.sum(of.sessions), func.sum(of.entries))
    return _by_key(session, sums.where(of.counted_in == month.first).group_by(*key))


def _summed(session: Session, month: Period) -> _Sums:
    key = (Course.package_id, Course.square_location_id, Course.currency, entry_kind)
    sums = select(*key, func.sum(Entry.value_delta), func.sum(Entry.sessions_delta), func.count())
    return _by_key(session, counted_in(session, sums, month).where(~UNTOTALLED).group_by(*key))


def _by_key(session: Session, query: Rows) -> _Sums:
    return {
        (package_id, place or "", currency, kind): (int(value), int(sessions), int(entries))
        for package_id, place, currency, kind, value, sessions, entries in session.execute(query)
    }


def _all_totalled(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Entry).where(~UNTOTALLED)) or 0


@cache
def _wrong_courses() -> Rows:
    left = (
        select(
            Allowance.course_id,
            func.sum(Entry.value_delta).label("value"),
            func.sum(Entry.sessions_delta).label("sessions"),
        )
        .join(Entry, Entry.allowance_id == Allowance.id)
        .where(~UNTOTALLED)
        .group_by(Allowance.course_id)
        .subquery()
    )
    kept_value, kept_sessions = (
        func.coalesce(column, 0) for column in (CourseTotal.value, CourseTotal.sessions)
    )
    return (
        select(Course.id)
        .outerjoin(left, left.c.course_id == Course.id)
        .outerjoin(CourseTotal, CourseTotal.course_id == Course.id)
        .where(
            or_(
                func.coalesce(left.c.value, 0) != kept_value,
                func.coalesce(left.c.sessions, 0) != kept_sessions,
            )
        )
    )
