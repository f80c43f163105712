"""People worth a call: few sessions left, a course about to expire, not seen for long, or a balance due.

Who they are, in which order, and how many for each reason is read from the rows of the list of courses, so that it
costs the same in a clinic of any size; what is said of a person comes from the state of their courses.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.course import CourseState
from plugin.core.money import Money
from plugin.core.text import folded
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.course_extras import CLIENT_IDS, COURSE_IDS, IS_VALID
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
from plugin.courses.base.state import prepared_states, states_of
from plugin.courses.lists.listing import count_waiting_in, renew_some
from plugin.courses.lists.outcomes import FEW_LEFT, JUST_FINISHED, SOON_DAYS, Why
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.listing import IS_WORTH_A_CALL, NEVER, ListedClient, ListedCourse
from plugin.store.prepared import Prepared
from plugin.store.tables import Booking, Client, Course, SquareCustomer, Visit, VisitNote
from plugin.store.totals import FollowUpSum

_AT_ONCE = 200


class FollowUpSort(StrEnum):
    """The order of the list: the most urgent, by name, or who was seen longest ago first."""

    HURRY = "hurry"
    NAME = "name"
    LAST_VISIT = "last_visit"


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


@dataclass(frozen=True, slots=True)
class FollowUpFilter:
    """Which of them: with one reason, or whose name, contact or package has all these words."""

    why: Why | None = None
    words: str = ""
    sort: FollowUpSort = FollowUpSort.HURRY
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class FollowUpPage:
    """Some of the people, how many the filter finds, and how many there are for each reason and at all.

    `waiting`: how many changes of courses are not in it yet.
    """

    people: tuple[FollowUp, ...]
    found: int
    counts: Mapping[Why, int]
    everybody: int
    waiting: int


class _Course(NamedTuple):
    """A client's course that is not closed, with the days of its row in the list of courses."""

    package_name: str
    sold_at: datetime
    state: CourseState
    last_visit_on: date
    due_back_on: date

    @property
    def is_live(self) -> bool:
        # Used up or not: a client who has just finished is worth a call, too.
        return self.state.why_closed() is None


def follow_ups(store: Store, now: datetime, wanted: FollowUpFilter | None = None) -> tuple[FollowUp, ...]:
    """Return all people to call."""
    renew_some(store, now)
    with store.reading() as session:
        today = local_date_in(session, now)
        ids = session.scalars(_ordered(wanted or FollowUpFilter(), now)).all()
        return tuple(_written(session, ids, today, now))


def follow_up_page(
    store: Store, now: datetime, wanted: FollowUpFilter, *, limit: int, skip: int = 0
) -> FollowUpPage:
    """Return the people to call from the `skip`-th on, at most `limit` of them."""
    renew_some(store, now)
    with store.reading() as session:
        today = local_date_in(session, now)
        counts, everybody = _counts(session, now)
        if wanted.words:
            ordered = _ordered(wanted, now)
            found = session.scalar(select(func.count()).select_from(ordered.subquery())) or 0
            ids: Sequence[str] = session.scalars(ordered.limit(limit).offset(skip)).all()
        else:
            found = counts[wanted.why] if wanted.why else everybody
            # They come first: their index has them in order.
            are_first = wanted == FollowUpFilter() and skip + limit <= counts[Why.EXPIRING]
            query = _EXPIRING_FIRST if are_first else _prepared_order(wanted)
            rows = query.all(session.connection(), {"now": now, "limit": limit, "skip": skip})
            ids = [row.client_id for row in rows]
        shown = tuple(_written(session, ids, today, now))
        return FollowUpPage(shown, found, counts, everybody, count_waiting_in(session))


def count_follow_ups(store: Store, now: datetime) -> int:
    """Return how many people are worth a call, by the rows of the list as they are."""
    with store.reading() as session:
        return _counts(session, now)[1]


def _counts(session: Session, now: datetime) -> tuple[dict[Why, int], int]:
    sums = {reasons: clients for reasons, clients in _SUMS.all(session.connection(), {}) if reasons}
    counts = {why: sum(clients for reasons, clients in sums.items() if reasons & why.bit) for why in Why}
    # Who has an appointment has not lapsed.
    booked = [reasons for (reasons,) in _BOOKED_LAPSED.all(session.connection(), {"now": now})]
    counts[Why.LAPSED] -= len(booked)
    return counts, sum(sums.values()) - booked.count(Why.LAPSED.bit)


_OF = ListedClient


def _has(why: Why) -> ColumnElement[bool]:
    # Its own index has only those with any.
    return and_(IS_WORTH_A_CALL, _OF.reasons.bitwise_and(why.bit) != 0)


def _is_found(why: Why | None, now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that a client is worth a call, for this reason or for any."""
    is_free = _OF.client_id.not_in(select(next_bookings(now).subquery().c.client_id))
    if why is None:
        return and_(IS_WORTH_A_CALL, or_(_OF.reasons != Why.LAPSED.bit, is_free))
    return and_(_has(why), is_free) if why is Why.LAPSED else _has(why)


def _ordered(wanted: FollowUpFilter, now: datetime | BindParameter[datetime]) -> Select[str]:
    query = select(_OF.client_id).where(_is_found(wanted.why, now))
    is_by_name = wanted.sort is FollowUpSort.NAME
    if wanted.words or is_by_name:
        query = query.join(Client, Client.id == _OF.client_id)
    for word in folded(wanted.words).split():
        courses = select(ListedCourse.course_id).where(
            ListedCourse.client_id == _OF.client_id,
            func.lower(ListedCourse.package_name).contains(word, autoescape=True),
        )
        query = query.where(or_(Client.search_text.contains(word, autoescape=True), courses.exists()))
    if wanted.sort is FollowUpSort.HURRY:
        ends = case((_has(Why.EXPIRING), _OF.ends_on), else_=literal(NEVER, Date()))
        return _in_order(query, ends, is_descending=wanted.is_descending)
    columns = (Client.name_folded if is_by_name else _OF.seen_on, _OF.client_id)
    return query.order_by(*(each.desc() if wanted.is_descending else each for each in columns))


def _in_order(query: Select[str], ends: Any, *, is_descending: bool = False) -> Select[str]:
    """Return the query in the order of hurry: what ends first, who has few sessions left, who was seen longest ago."""
    columns = (ends, -_OF.reasons.bitwise_and(Why.LOW.bit), _OF.seen_on, _OF.client_id)
    return query.order_by(*(each.desc() if is_descending else each for each in columns))


def _written(session: Session, ids: Sequence[str], today: date, now: datetime) -> Iterator[FollowUp]:
    for some in batched(ids, _AT_ONCE):
        connection, which = session.connection(), {"client_ids": some}
        known = {client.id: client for client in _CLIENTS.all(connection, which)}
        visits = {client.id: client.last_visit for client in known.values() if client.last_visit}
        booked = dict(_NEXT_BOOKINGS.all(connection, which | {"now": now}))
        due = _days_due(session, visits)
        courses = _courses_of(session, some, today)
        for client_id in some:
            client = known[client_id]
            reasons = tuple(_reasons(courses[client_id], booked.get(client_id), today))
            # Between the two readings of a course its row may have become old.
            if reasons:
                yield FollowUp(
                    client_id=client_id,
                    name=client.name,
                    phone=client.phone,
                    email=client.email,
                    last_visit=client.last_visit,
                    booked_at=booked.get(client_id),
                    due_on=due.get(client_id),
                    reasons=reasons,
                )


def _reasons(courses: Iterable[_Course], booked_at: datetime | None, today: date) -> Iterator[Reason]:
    known = sorted(courses, key=lambda each: (each.sold_at, each.state.facts.id), reverse=True)
    live = [each for each in known if each.is_live]
    with_sessions = [each for each in live if each.state.left > 0]
    for each in with_sessions:
        ends = each.state.expires_on
        if ends is not None and (ends - today).days <= SOON_DAYS:
            yield _reason(Why.EXPIRING, each)
    if low := _low(live, with_sessions, today):
        yield _reason(Why.LOW, low)
    # What the practitioner asked for counts in place of the usual weeks, sooner or later.
    is_late = with_sessions and max(each.due_back_on for each in with_sessions) < today
    if is_late and booked_at is None:
        yield _reason(Why.LAPSED, with_sessions[0])
    for each in known:
        if each.state.due.amount:
            yield _reason(Why.PART_PAID, each)


def _low(live: Sequence[_Course], with_sessions: Sequence[_Course], today: date) -> _Course | None:
    """Return the course to speak about with a client who has few sessions left, or has just used the last one."""
    if with_sessions:
        return with_sessions[0] if sum(each.state.left for each in live) <= FEW_LEFT else None
    just_done = [each for each in live if each.last_visit_on >= today - JUST_FINISHED]
    return just_done[0] if just_done else None


def _reason(why: Why, each: _Course) -> Reason:
    state, is_part_paid = each.state, why is Why.PART_PAID
    return Reason(
        why,
        state.facts.id,
        each.package_name,
        each.sold_at,
        state.left,
        state.granted,
        state.locked,
        state.expires_on,
        state.due if is_part_paid else None,
        state.due_on if is_part_paid else None,
    )


def _courses_of(session: Session, ids: Sequence[str], today: date) -> Mapping[str, list[_Course]]:
    days = {row.course_id: row for row in _DAYS.all(session.connection(), {"client_ids": ids})}
    found: defaultdict[str, list[_Course]] = defaultdict(list)
    if days:
        for state, row in states_of(session, _STATES, {"course_ids": list(days)}, today=today):
            its = days[state.facts.id]
            found[row.client_id].append(
                _Course(row.package_name, row.sold_at, state, its.last_visit_on, its.due_back_on)
            )
    return found


def _days_due(session: Session, last_visits: Mapping[str, date]) -> dict[str, date]:
    """Return the day that each client was asked back for at the last visit, where one was asked."""
    asked = _ASKED_BACK.all(session.connection(), {"client_ids": list(last_visits)})
    return {
        client_id: visited_on + timedelta(days=days)
        for client_id, visited_on, days in asked
        if last_visits.get(client_id) == visited_on
    }


def next_bookings(now: datetime | BindParameter[datetime]) -> Select[str, datetime]:
    """Return the query for each client's next appointment that was not called off."""
    return (
        select(SquareCustomer.client_id, func.min(Booking.start_at).label("start_at"))
        .join(Booking, Booking.square_customer_id == SquareCustomer.square_customer_id)
        .where(Booking.start_at >= now, Booking.status.not_in(CALLED_OFF))
        .group_by(SquareCustomer.client_id)
    )


def _in_parts(query: Select[str]) -> Prepared:
    return Prepared(query.limit(bindparam("limit", type_=Integer)).offset(bindparam("skip", type_=Integer)))


@cache
def _prepared_order(wanted: FollowUpFilter) -> Prepared:
    """Return the query of a filter without words, of which there are thirty."""
    return _in_parts(_ordered(wanted, bindparam("now", type_=UtcTime())))


# Built once: building them takes as long as asking.
_EXPIRING_FIRST = _in_parts(_in_order(select(_OF.client_id).where(_has(Why.EXPIRING)), _OF.ends_on))
_SUMS = Prepared(select(FollowUpSum.reasons, FollowUpSum.clients))
_BOOKED_LAPSED = Prepared(
    select(_OF.reasons).where(
        _OF.client_id.in_(select(next_bookings(bindparam("now", type_=UtcTime())).subquery().c.client_id)),
        _OF.reasons.bitwise_and(Why.LAPSED.bit) != 0,
    )
)
_ASKED_BACK = Prepared(
    select(Visit.client_id, Visit.visited_on, VisitNote.interval_days)
    .join(VisitNote, VisitNote.visit_id == Visit.id)
    .where(VisitNote.interval_days.is_not(None), Visit.client_id.in_(CLIENT_IDS))
)
_NEXT_BOOKINGS = Prepared(
    next_bookings(bindparam("now", type_=UtcTime())).where(SquareCustomer.client_id.in_(CLIENT_IDS))
)
_CLIENTS = Prepared(
    select(
        Client.id,
        Client.name,
        Client.phone,
        Client.email,
        # From the end of the index: most last visits are valid, and those before them need not be looked into.
        select(Visit.visited_on)
        .where(Visit.client_id == Client.id, IS_VALID)
        .order_by(Visit.visited_on.desc())
        .limit(1)
        .scalar_subquery()
        .label("last_visit"),
    ).where(Client.id.in_(CLIENT_IDS))
)
_DAYS = Prepared(
    select(ListedCourse.course_id, ListedCourse.last_visit_on, ListedCourse.due_back_on)
    .join(Course, Course.id == ListedCourse.course_id)
    .where(Course.client_id.in_(CLIENT_IDS), Course.closed_as.is_(None))
)
_STATES = prepared_states(COURSE_IDS, Course.package_name, Course.sold_at)


_FOLLOW_UP: Columns[tuple[FollowUp, Reason]] = {
    "Client": lambda row: row[0].name,
    "Phone": lambda row: row[0].phone or "",
    "E-mail": lambda row: row[0].email or "",
    "Why": lambda row: row[1].why.value.replace("_", " "),
    "Package": lambda row: row[1].package_name,
    "Left": lambda row: row[1].left,
    "Of": lambda row: row[1].granted,
    "Expires": lambda row: row[1].expires_on,
    "Balance due": lambda row: major(row[1].due) if row[1].due else None,
    "Currency": lambda row: row[1].due.currency if row[1].due else "",
    "Last visit": lambda row: row[0].last_visit,
    "Locked": lambda row: row[1].locked,
    "Due by": lambda row: row[1].due_on,
}


def people_sheet(people: Sequence[FollowUp]) -> Sheet:
    """Return the people to call, a row for each reason."""
    rows = [(one, reason) for one in people for reason in one.reasons]
    return sheet_of("Follow-ups", _FOLLOW_UP, rows)
