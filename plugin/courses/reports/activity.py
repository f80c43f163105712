"""The activity log as the owner reads it: entries, history of courses, openings of clients, and all other acts.

Four tables are read in the order of time and merged, so nothing is recorded twice. Newest or oldest first, by keyset.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import Page
from plugin.courses.clients.clients import with_merged
from plugin.courses.reports.activity_sources import (
    COURSE,
    OPENED,
    ActivityFilter,
    ActivityView,
    WantedActivity,
    acts,
    course_history,
    entries,
    openings,
)
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.tables import ApiToken, Course, Staff
from plugin.wording import _

PAGE = 50
_LONGEST_CURSOR = 90


def activity(
    store: Store,
    wanted: ActivityFilter,
    *,
    limit: int = PAGE,
    cursor: str | None = None,
    is_oldest_first: bool = False,
) -> Page[ActivityView]:
    """Return the newest acts, or the oldest ones; raises NotFound for an invalid cursor."""
    with store.reading() as session:
        asked = _wanted(session, wanted, _after(cursor), is_oldest_first=is_oldest_first)
        rows = list(islice(_merged(session, asked, limit + 1), limit + 1))
    return Page.of(rows, limit, lambda act: act.cursor)


def all_activity(
    store: Store, wanted: ActivityFilter, *, is_oldest_first: bool = False
) -> Iterator[ActivityView]:
    """Yield all acts, newest first unless said, without holding them in memory."""
    with store.reading() as session:
        yield from _merged(session, _wanted(session, wanted, None, is_oldest_first=is_oldest_first), None)


def actor_choices(store: Store) -> tuple[tuple[str, str], ...]:
    """Return whom the log can be filtered by: people by id, programs by name."""
    with store.reading() as session:
        people = session.execute(select(Staff.id, Staff.name).order_by(Staff.name, Staff.id)).all()
        programs = session.scalars(select(ApiToken.name).order_by(ApiToken.name).distinct()).all()
    return (*((each.id, each.name) for each in people), *((name, name) for name in programs))


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, _other, row_id = cursor[:_LONGEST_CURSOR].partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not row_id:
        raise NotFound(_("This page of the log does not exist. Start from the newest."))
    return moment, row_id


def _wanted(
    session: Session, by: ActivityFilter, after: tuple[datetime, str] | None, *, is_oldest_first: bool
) -> WantedActivity:
    person = session.get(Staff, by.who) if by.who else None
    clients: tuple[str, ...] = ()
    if by.client_id:
        clients = tuple(session.scalars(with_merged(by.client_id)))
    courses = (
        tuple(session.scalars(select(Course.id).where(Course.client_id.in_(clients)))) if clients else ()
    )
    return WantedActivity(
        by=by,
        names=(person.name if person else by.who,) if by.who else (),
        staff_id=person.id if person else None,
        client_ids=clients,
        course_ids=courses,
        after=after,
        moments=by.period.moments(clinic_in(session).zone) if by.period else None,
        is_oldest_first=is_oldest_first,
    )


def _merged(session: Session, wanted: WantedActivity, limit: int | None) -> Iterator[ActivityView]:
    readers = [reader(session, wanted, limit) for reader in _readers(wanted.by)]
    return heapq.merge(*readers, key=lambda each: (each.at, each.id), reverse=not wanted.is_oldest_first)


def _readers(by: ActivityFilter) -> list[Any]:
    if by.about:
        return [acts]
    if not by.group:
        return [acts, entries, course_history]
    return {COURSE: [entries, course_history], OPENED: [openings]}.get(by.group, [acts])
