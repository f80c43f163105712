"""People worth a call: few sessions left, a course about to expire, not seen for long, or a balance due.

Who they are, in which order, and how many for each reason is read from the rows of the list of courses, so that it
costs the same in a clinic of any size; what is said of a person comes from the state of their courses.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    Date,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.course import CourseState
from plugin.core.money import Money
from plugin.core.text import folded
from plugin.courses.base.attendance import IS_VALID
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.course_extras import CLIENT_IDS, COURSE_IDS
from plugin.courses.base.state import prepared_states, states_of
from plugin.courses.lists.listing import count_waiting_in, renew_some
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.listing import NEVER, ListedClient, ListedCourse
from plugin.store.prepared import Prepared
from plugin.store.tables import Booking, Client, Course, SquareCustomer, Visit, VisitNote

FEW_LEFT = 2
SOON_DAYS, SOONER_DAYS = 60, 30
# Clients who used their last session longer ago are lost, or were asked then.
JUST_FINISHED = timedelta(days=60)
_AT_ONCE = 200


class Why(StrEnum):
    """Why a client is worth a call."""

    EXPIRING = "expiring"
    LOW = "low"
    LAPSED = "lapsed"
    PART_PAID = "part_paid"


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
        ids = session.scalars(_ordered(_people(today, now), wanted or FollowUpFilter())).all()
        return tuple(_written(session, ids, today, now))


def follow_up_page(
    store: Store, now: datetime, wanted: FollowUpFilter, *, limit: int, skip: int = 0
) -> FollowUpPage:
    """Return the people to call from the `skip`-th on, at most `limit` of them."""
    renew_some(store, now)
    with store.reading() as session:
        today = local_date_in(session, now)
        people = _people(today, now)
        counts, everybody = _counts(session, people)
        ordered = _ordered(people, wanted)
        if wanted.why or wanted.words:
            found = session.scalar(select(func.count()).select_from(ordered.subquery())) or 0
        else:
            found = everybody
            if wanted == FollowUpFilter() and skip + limit <= counts[Why.EXPIRING]:
                # They come first, and are few of all that would be sorted.
                ordered = ordered.where(people.c[Why.EXPIRING.value] == 1)
        ids = session.scalars(ordered.limit(limit).offset(skip)).all()
        shown = tuple(_written(session, ids, today, now))
        return FollowUpPage(shown, found, counts, everybody, count_waiting_in(session))


def count_follow_ups(store: Store, now: datetime) -> int:
    """Return how many people are worth a call, by the rows of the list as they are."""
    with store.reading() as session:
        return _counts(session, _people(local_date_in(session, now), now))[1]


def _counts(session: Session, people: Subquery) -> tuple[dict[Why, int], int]:
    numbers = (*(func.sum(people.c[why.value]) for why in Why), func.count())
    *each, everybody = session.execute(select(*numbers).select_from(people)).one()
    return {why: int(number or 0) for why, number in zip(Why, each, strict=True)}, everybody


def _people(today: date, now: datetime) -> Subquery:
    """Return the clients worth a call: when the first course ends, when seen last, and 1 or 0 for each reason."""
    of = ListedClient
    soon, since = today + timedelta(SOON_DAYS), today - JUST_FINISHED
    booked = select(next_bookings(now).subquery().c.client_id)
    flags = {
        Why.EXPIRING: of.ends_on <= soon,
        Why.LOW: or_(of.sessions_left.between(1, FEW_LEFT), and_(of.sessions_left == 0, of.done_on >= since)),
        Why.LAPSED: and_(of.sessions_left > 0, of.due_back_on < today, of.client_id.not_in(booked)),
        Why.PART_PAID: of.is_due.is_(True),
    }
    ends = case((flags[Why.EXPIRING], of.ends_on), else_=literal(NEVER, Date()))
    columns = (
        of.client_id,
        ends.label("ends"),
        of.seen_on.label("seen"),
        *(case((flag, 1), else_=0).label(why.value) for why, flag in flags.items()),
    )
    # Two parts of one index: of those who used up a course, only the last weeks are read.
    done = (of.is_open.is_(False), of.done_on >= since)
    known = union_all(select(*columns).where(of.is_open.is_(True)), select(*columns).where(*done)).subquery()
    return select(known).where(or_(*(known.c[why.value] == 1 for why in Why))).subquery()


def _ordered(people: Subquery, wanted: FollowUpFilter) -> Select[str]:
    of = people.c
    query = select(of.client_id)
    is_by_name = wanted.sort is FollowUpSort.NAME
    if wanted.words or is_by_name:
        query = query.join(Client, Client.id == of.client_id)
    if wanted.why is not None:
        query = query.where(of[wanted.why.value] == 1)
    for word in folded(wanted.words).split():
        courses = select(ListedCourse.course_id).where(
            ListedCourse.client_id == of.client_id,
            func.lower(ListedCourse.package_name).contains(word, autoescape=True),
        )
        query = query.where(or_(Client.search_text.contains(word, autoescape=True), courses.exists()))
    hurry = (of.ends, -of[Why.LOW.value], of.seen)
    first = {FollowUpSort.HURRY: hurry, FollowUpSort.NAME: (), FollowUpSort.LAST_VISIT: (of.seen,)}
    names = (Client.name_folded,) if is_by_name else ()
    columns = (*first[wanted.sort], *names, of.client_id)
    return query.order_by(*(each.desc() if wanted.is_descending else each for each in columns))


def _written(session: Session, ids: Sequence[str], today: date, now: datetime) -> Iterator[FollowUp]:
    for some in batched(ids, _AT_ONCE):
        connection, which = session.connection(), {"client_ids": some}
        visits = dict(_LAST_VISITS.all(connection, which))
        booked = dict(_NEXT_BOOKINGS.all(connection, which | {"now": now}))
        due = _days_due(session, visits)
        courses = _courses_of(session, some, today)
        known = {client.id: client for client in _CLIENTS.all(connection, which)}
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
                    last_visit=visits.get(client_id),
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


# Built once: building them takes as long as asking.
_LAST_VISITS = Prepared(
    select(Visit.client_id, func.max(Visit.visited_on).label("visited_on"))
    .where(Visit.client_id.in_(CLIENT_IDS), IS_VALID)
    .group_by(Visit.client_id)
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
    select(Client.id, Client.name, Client.phone, Client.email).where(Client.id.in_(CLIENT_IDS))
)
_DAYS = Prepared(
    select(ListedCourse.course_id, ListedCourse.last_visit_on, ListedCourse.due_back_on)
    .join(Course, Course.id == ListedCourse.course_id)
    .where(Course.client_id.in_(CLIENT_IDS), Course.closed_as.is_(None))
)
_STATES = prepared_states(COURSE_IDS, Course.package_name, Course.sold_at)
