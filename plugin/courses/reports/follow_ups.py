"""People worth a call: few sessions left, a course about to expire, no visit for long, or a balance due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from plugin.core.course import CourseState
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.state import each_state
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.store import Store
from plugin.store.ledger import Course, Entry, Visit
from plugin.store.people import Client, SquareCustomer
from plugin.store.square_side import Booking
from plugin.store.visit_notes import VisitNote

FEW_LEFT = 2
SOON_DAYS, SOONER_DAYS = 60, 30
LONG_NOT_SEEN = timedelta(weeks=6)
# Clients who used their last session longer ago are lost, or were asked then.
JUST_FINISHED = timedelta(days=60)


class Why(StrEnum):
    """Why a client is worth a call."""

    EXPIRING = "expiring"
    LOW = "low"
    LAPSED = "lapsed"
    PART_PAID = "part_paid"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, and the current state of its course; `due` and `due_on` for a part-paid one."""

    why: Why
    course_id: str
    package_name: str
    sold_at: datetime
    left: int
    granted: int
    locked: int
    expires_on: date | None
    due: Money | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One client with all reasons to call; `booked_at` is the next appointment that Square knows of."""

    client_id: str
    name: str
    phone: str | None
    email: str | None
    last_visit: date | None
    booked_at: datetime | None
    # The day that the practitioner asked them back for at the last visit; None: no day was asked.
    due_on: date | None
    reasons: tuple[Reason, ...]

    def has(self, why: Why) -> bool:
        """Return whether this is among the reasons."""
        return any(reason.why is why for reason in self.reasons)


class _Course(NamedTuple):
    """A client's course that is not closed."""

    package_name: str
    sold_at: datetime
    state: CourseState
    left: int
    is_live: bool


def follow_ups(store: Store, now: datetime) -> tuple[FollowUp, ...]:
    """Return the people to call, the most urgent first."""
    with store.reading() as session:
        today = local_date(clinic_in(session), now)
        visits = dict(session.execute(_last_visits()).all())
        booked = dict(session.execute(_next_bookings(now)).all())
        due = _days_due(session, visits)
        reasons = {
            client_id: found
            for client_id, courses in _courses_by_client(session, today)
            if (
                found := tuple(
                    _reasons(courses, visits.get(client_id), booked.get(client_id), due.get(client_id), today)
                )
            )
        }
        # A client whose data was erased can no longer be called.
        clients = session.execute(
            select(Client.id, Client.name, Client.phone, Client.email).where(Client.erased_at.is_(None))
        )
        people = [
            FollowUp(
                client_id=client.id,
                name=client.name,
                phone=client.phone,
                email=client.email,
                last_visit=visits.get(client.id),
                booked_at=booked.get(client.id),
                due_on=due.get(client.id),
                reasons=reasons[client.id],
            )
            for client in clients
            if client.id in reasons
        ]
    return tuple(sorted(people, key=_hurry))


def _hurry(one: FollowUp) -> tuple[Any, ...]:
    ending = (each.expires_on for each in one.reasons if each.why is Why.EXPIRING and each.expires_on)
    ends = min(ending, default=date.max)
    return (ends, not one.has(Why.LOW), one.last_visit or date.min, one.name, one.client_id)


def _reasons(
    courses: Iterable[_Course],
    last_visit: date | None,
    booked_at: datetime | None,
    due_on: date | None,
    today: date,
) -> Iterator[Reason]:
    known = sorted(courses, key=lambda each: (each.sold_at, each.state.facts.id), reverse=True)
    live = [each for each in known if each.is_live]
    with_sessions = [each for each in live if each.left > 0]
    for each in with_sessions:
        ends = each.state.expires_on
        if ends is not None and (ends - today).days <= SOON_DAYS:
            yield _reason(Why.EXPIRING, each)
    if live and sum(each.left for each in live) <= FEW_LEFT and _is_recent(live[0], last_visit, today):
        yield _reason(Why.LOW, (with_sessions or live)[0])
    seen = last_visit or max((each.sold_at.date() for each in with_sessions), default=today)
    # What the practitioner asked for counts in place of the usual weeks, sooner or later.
    is_late = today > due_on if due_on else today - seen >= LONG_NOT_SEEN
    if with_sessions and booked_at is None and is_late:
        yield _reason(Why.LAPSED, with_sessions[0])
    for each in known:
        if each.state.due.amount:
            yield _reason(Why.PART_PAID, each)


def _is_recent(newest: _Course, last_visit: date | None, today: date) -> bool:
    if newest.left > 0:
        return True
    return last_visit is not None and today - last_visit <= JUST_FINISHED


def _reason(why: Why, each: _Course) -> Reason:
    state, is_part_paid = each.state, why is Why.PART_PAID
    return Reason(
        why,
        state.facts.id,
        each.package_name,
        each.sold_at,
        each.left,
        state.granted,
        state.locked,
        state.expires_on,
        state.due if is_part_paid else None,
        state.due_on if is_part_paid else None,
    )


def _courses_by_client(session: Session, today: date) -> Iterator[tuple[str, list[_Course]]]:
    which = select(Course.id).where(Course.closed_as.is_(None), Course.client_id.is_not(None))
    more, order = (Course.package_name, Course.sold_at), (Course.client_id,)
    read = each_state(session, which, *more, today=today, order_by=order)
    for client_id, group in groupby(read, key=lambda each: each[1].client_id):
        yield client_id, [_course(state, row) for state, row in group]


def _course(state: CourseState, row: Row[Any]) -> _Course:
    # Used up or not: a client who has just finished is worth a call, too.
    return _Course(row.package_name, row.sold_at, state, state.left, state.why_closed() is None)


def _last_visits() -> Select[str, date]:
    """Return the query for each client's last visit that was not undone."""
    undone = aliased(Entry)
    return (
        select(Visit.client_id, func.max(Visit.visited_on))
        .join(Entry, Entry.visit_id == Visit.id)
        .outerjoin(undone, undone.reverses == Entry.id)
        .where(undone.id.is_(None))
        .group_by(Visit.client_id)
    )


def _days_due(session: Session, last_visits: Mapping[str, date]) -> dict[str, date]:
    """Return the day that each client was asked back for at the last visit, where one was asked."""
    asked = (
        select(Visit.client_id, Visit.visited_on, VisitNote.interval_days)
        .join(VisitNote, VisitNote.visit_id == Visit.id)
        .where(VisitNote.interval_days.is_not(None))
    )
    return {
        client_id: visited_on + timedelta(days=days)
        for client_id, visited_on, days in session.execute(asked)
        if days is not None and last_visits.get(client_id) == visited_on
    }


def _next_bookings(now: datetime) -> Select[str, datetime]:
    return (
        select(SquareCustomer.client_id, func.min(Booking.start_at))
        .join(Booking, Booking.square_customer_id == SquareCustomer.square_customer_id)
        .where(Booking.start_at >= now, Booking.status.not_in(CALLED_OFF))
        .group_by(SquareCustomer.client_id)
    )
