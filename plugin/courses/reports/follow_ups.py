"""People worth a call: few sessions left, a course about to expire, not seen for long, or a balance due.

Who they are, in which order, and how many for each reason is read from the rows of the list of courses, so that it
costs the same in a clinic of any size; what is said of a person comes from the state of their courses.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Function,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from plugin.core.batches import batched
from plugin.core.course import CourseState
from plugin.core.money import Money
from plugin.core.status import IN_USE, Status
from plugin.core.text import folded
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.state import each_state
from plugin.courses.lists.listing import count_waiting_in, renew_some
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.store import Store
from plugin.store.ledger import Course, Entry, Visit
from plugin.store.listing import NEVER, NOT_YET, ListedCourse
from plugin.store.people import Client, SquareCustomer
from plugin.store.square_side import Booking
from plugin.store.visit_notes import VisitNote

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
        today = local_date(clinic_in(session), now)
        ids = session.scalars(_ordered(_people(today, now), wanted or FollowUpFilter())).all()
        return tuple(_written(session, ids, today, now))


def follow_up_page(
    store: Store, now: datetime, wanted: FollowUpFilter, *, limit: int, skip: int = 0
) -> FollowUpPage:
    """Return the people to call from the `skip`-th on, at most `limit` of them."""
    renew_some(store, now)
    with store.reading() as session:
        today = local_date(clinic_in(session), now)
        people = _people(today, now)
        page = _ordered(people, wanted).limit(limit).offset(skip)
        if wanted.why or wanted.words:
            counts, everybody = _counts(session, people)
            found = session.scalar(select(func.count()).select_from(_ordered(people, wanted).subquery())) or 0
            ids = session.scalars(page).all()
        else:
            # Everybody is counted in the reading that finds the page.
            rows = session.execute(page.add_columns(*(each.over() for each in _numbers(people)))).all()
            ids = [row[0] for row in rows]
            counts, everybody = _named(rows[0][1:]) if rows else _counts(session, people)
            found = everybody
        shown = tuple(_written(session, ids, today, now))
        return FollowUpPage(shown, found, counts, everybody, count_waiting_in(session))


def count_follow_ups(store: Store, now: datetime) -> int:
    """Return how many people are worth a call, by the rows of the list as they are."""
    with store.reading() as session:
        return _counts(session, _people(local_date(clinic_in(session), now), now))[1]


def _counts(session: Session, people: Subquery) -> tuple[dict[Why, int], int]:
    return _named(session.execute(select(*_numbers(people)).select_from(people)).one())


def _numbers(people: Subquery) -> list[Function[Any]]:
    return [*(func.sum(people.c[why.value]) for why in Why), func.count()]


def _named(numbers: Sequence[Any]) -> tuple[dict[Why, int], int]:
    *each, everybody = (int(number or 0) for number in numbers)
    return dict(zip(Why, each, strict=True)), everybody


def _people(today: date, now: datetime) -> Subquery:
    """Return the clients worth a call: when the first course ends, when seen last, and 1 or 0 for each reason."""
    facts = union_all(*_facts(today)).subquery().c
    client = select(
        facts.client_id,
        # Folded, and "" for a client whose data was erased.
        func.max(facts.client_name).label("client_name"),
        func.min(facts.ends).label("ends"),
        func.sum(facts.left).label("left"),
        func.max(facts.seen).label("seen"),
        # Of courses that have sessions left.
        func.max(facts.due_back).label("due_back"),
        func.max(facts.is_done).label("is_done"),
        func.max(facts.is_due).label("is_due"),
    )
    of = client.group_by(facts.client_id).subquery().c
    booked = select(next_bookings(now).subquery().c.client_id)
    # A client whose data was erased can no longer be called.
    is_somebody = exists().where(Client.id == of.client_id, Client.erased_at.is_(None))
    is_low = or_(of.left.between(1, FEW_LEFT), and_(of.left == 0, of.is_done == 1))
    is_lapsed = and_(of.left > 0, of.due_back < today, of.client_id.not_in(booked))
    flags = {
        Why.EXPIRING: of.ends < NEVER,
        Why.LOW: is_low,
        Why.LAPSED: is_lapsed,
        Why.PART_PAID: of.is_due == 1,
    }
    return (
        select(
            of.client_id,
            of.client_name,
            of.ends,
            of.seen,
            *(case((flag, 1), else_=0).label(why.value) for why, flag in flags.items()),
        )
        .where(or_(*flags.values()), or_(of.client_name != "", is_somebody))
        .subquery()
    )


def _facts(today: date) -> Iterator[Select[*tuple[Any, ...]]]:
    of = ListedCourse
    soon = case((of.expires_on <= today + timedelta(SOON_DAYS), of.expires_on), else_=_day(NEVER))
    never, not_yet = _day(NEVER), _day(NOT_YET)
    with_sessions = (of.status.in_(IN_USE), of.main_left > 0)
    yield _fact(soon, of.main_left, of.last_seen_on, of.due_back_on, 0, 0).where(*with_sessions)
    just_done = (
        # No column: SQLite would read all that were ever finished, for those of the last weeks.
        func.coalesce(of.status, "").in_((*IN_USE, Status.FINISHED.value)),
        of.main_left == 0,
        of.last_visit_on >= today - JUST_FINISHED,
    )
    yield _fact(never, literal(0), of.last_seen_on, not_yet, 1, 0).where(*just_done)
    yield _fact(never, literal(0), of.last_seen_on, not_yet, 0, 1).where(of.due > 0)


def _day(day: date) -> ColumnElement[date]:
    return literal(day, Date())


def _fact(
    ends: Any, left: Any, seen: Any, due_back: Any, is_done: int, is_due: int
) -> Select[*tuple[Any, ...]]:
    return select(
        ListedCourse.client_id,
        ListedCourse.client_name,
        ends.label("ends"),
        left.label("left"),
        seen.label("seen"),
        due_back.label("due_back"),
        literal(is_done).label("is_done"),
        literal(is_due).label("is_due"),
    ).where(ListedCourse.client_id.is_not(None))


def _ordered(people: Subquery, wanted: FollowUpFilter) -> Select[str]:
    of = people.c
    query = select(of.client_id)
    if wanted.words:
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
    columns = (*first[wanted.sort], of.client_name, of.client_id)
    return query.order_by(*(each.desc() if wanted.is_descending else each for each in columns))


def _written(session: Session, ids: Sequence[str], today: date, now: datetime) -> Iterator[FollowUp]:
    for some in batched(ids, _AT_ONCE):
        visits = dict(session.execute(_last_visits(some)).all())
        booked = dict(session.execute(next_bookings(now).where(SquareCustomer.client_id.in_(some))).all())
        due = _days_due(session, visits)
        courses = _courses_of(session, some, today)
        clients = session.execute(
            select(Client.id, Client.name, Client.phone, Client.email).where(Client.id.in_(some))
        )
        known = {client.id: client for client in clients}
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
    which = session.scalars(
        select(Course.id).where(Course.client_id.in_(ids), Course.closed_as.is_(None))
    ).all()
    days = {
        row.course_id: row
        for row in session.execute(
            select(ListedCourse.course_id, ListedCourse.last_visit_on, ListedCourse.due_back_on).where(
                ListedCourse.course_id.in_(which)
            )
        )
    }
    found: defaultdict[str, list[_Course]] = defaultdict(list)
    more = (Course.package_name, Course.sold_at)
    for state, row in each_state(session, which, *more, today=today):
        if state.facts.id in days:
            its = days[state.facts.id]
            found[row.client_id].append(
                _Course(row.package_name, row.sold_at, state, its.last_visit_on, its.due_back_on)
            )
    return found


def _last_visits(ids: Sequence[str]) -> Select[str, date]:
    """Return the query for each client's last visit that was not undone."""
    undone = aliased(Entry)
    return (
        select(Visit.client_id, func.max(Visit.visited_on))
        .join(Entry, Entry.visit_id == Visit.id)
        .outerjoin(undone, undone.reverses == Entry.id)
        .where(Visit.client_id.in_(ids), undone.id.is_(None))
        .group_by(Visit.client_id)
    )


def _days_due(session: Session, last_visits: Mapping[str, date]) -> dict[str, date]:
    """Return the day that each client was asked back for at the last visit, where one was asked."""
    asked = (
        select(Visit.client_id, Visit.visited_on, VisitNote.interval_days)
        .join(VisitNote, VisitNote.visit_id == Visit.id)
        .where(VisitNote.interval_days.is_not(None), Visit.client_id.in_(last_visits))
    )
    return {
        client_id: visited_on + timedelta(days=days)
        for client_id, visited_on, days in session.execute(asked)
        if days is not None and last_visits.get(client_id) == visited_on
    }


def next_bookings(now: datetime) -> Select[str, datetime]:
    """Return the query for each client's next appointment that was not called off."""
    return (
        select(SquareCustomer.client_id, func.min(Booking.start_at).label("start_at"))
        .join(Booking, Booking.square_customer_id == SquareCustomer.square_customer_id)
        .where(Booking.start_at >= now, Booking.status.not_in(CALLED_OFF))
        .group_by(SquareCustomer.client_id)
    )
