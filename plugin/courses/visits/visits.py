"""Visits that were, by day, with the practitioner’s notes; and those planned, of a day and of a client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Date, Integer, bindparam, exists, select

from plugin.core.acts import Role
from plugin.core.batches import batched
from plugin.core.text import NOTE_LENGTH, optional
from plugin.courses.base.clinic import clinic_in, hours_of, local_date_in
from plugin.courses.base.course_extras import IS_VALID
from plugin.courses.base.read import course_in, courses_in
from plugin.courses.base.views import CourseView, VisitView
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.visits import note_views
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.courses.visits.notes import lock_place_in, write_note_in
from plugin.courses.visits.plan_bookings import PLANNED
from plugin.courses.visits.visit_plan import PlannedDate, booked_visits_in, dates_in
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.ledger import Course, Visit
from plugin.store.prepared import Prepared
from plugin.store.tables import Booking, Client, PlannedVisit, SquareCustomer
from plugin.wording import _

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class DayVisit:
    visit: VisitView
    course: CourseView


@dataclass(frozen=True, slots=True)
class VisitDetails:
    """Who treated, on what, and a short note."""

    practitioner_id: str | None
    focus: str
    note: str

    @classmethod
    def typed(cls, practitioner_id: str | None, focus: str, note: str) -> VisitDetails:
        """Return the details as they would be stored; raises InvalidField for a text too long."""
        return cls(
            practitioner_id or None,
            optional(focus, field="focus", called=_("The focus"), most=NOTE_LENGTH),
            optional(note, field="note", called=_("The note"), most=NOTE_LENGTH),
        )


@allowed(Role.DESK, Role.PRACTITIONER)
def describe_visit(
    work: Work,
    visit_id: str,
    *,
    practitioner_id: str | None,
    focus: str,
    note: str,
    seen_version: int | None = None,
) -> CourseView:
    """Record who treated, on what, and a short note; the ledger is not touched. Returns the course.

    Raises Refused for a visit whose session was undone, as it did not take place, and where the note was changed
    after `seen_version`.
    """
    return describe_in(work, visit_id, VisitDetails.typed(practitioner_id, focus, note), seen_version)


def describe_in(
    work: Work, visit_id: str, details: VisitDetails, seen_version: int | None = None
) -> CourseView:
    """Record the details within the caller's transaction; raises as `describe_visit` does."""
    found = _found_in(work, visit_id)
    before = (
        note_views.content_in(work.session, found.row, found.visit) if found.row else note_views.NoteContent()
    )
    content = replace(before, **asdict(details), points=None, observations=None)
    version = found.row.version if found.row else 0
    write_note_in(work, found, content, version if seen_version is None else seen_version)
    visit = work.session.get_one(Visit, visit_id)
    course = work.session.get_one(Course, visit.course_id)
    return course_in(work.session, course, today=local_date_in(work.session, work.now))


def details_in(work: Work, visit_id: str) -> VisitDetails:
    """Return the details of a visit as they stand; raises as `describe_visit` does."""
    found = _found_in(work, visit_id)
    if found.row is None or found.visit is None:
        return VisitDetails(found.visit.practitioner_id if found.visit else None, "", "")
    return VisitDetails(found.visit.practitioner_id, found.row.focus, found.row.note)


def _found_in(work: Work, visit_id: str) -> note_views.FoundNote:
    visit = require_row(work.session, Visit, visit_id, note_views.NO_VISIT)
    place = note_views.NotePlace(visit.client_id, visit_id=visit_id)
    lock_place_in(work, place)
    return note_views.find_note_in(work.session, place, visit.visited_on, is_locked=True)


def visits_on(store: Store, day: date, *, today: date, limit: int | None = None) -> tuple[DayVisit, ...]:
    """Return the valid visits of a day, latest first; with `limit`, those among the last so many."""
    with store.reading() as session:
        chosen = dict(_OF_DAY.all(session.connection(), {"day": day, "limit": limit or _NO_LIMIT}))
        ids = sorted(set(chosen.values()))
        parts = batched(ids, _AT_ONCE)
        rows = [row for some in parts for row in session.scalars(select(Course).where(Course.id.in_(some)))]
        courses = courses_in(session, rows, today=today)
    found = [DayVisit(visit, course) for course in courses for visit in course.visits if visit.id in chosen]
    return tuple(sorted(found, key=lambda each: each.visit.id, reverse=True))


_NO_LIMIT = 2**31 - 1
_OF_DAY = Prepared(
    select(Visit.id, Visit.course_id)
    .where(Visit.visited_on == bindparam("day", type_=Date))
    .order_by(Visit.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class PlannedToday:
    """A visit planned for the day that nobody has come to, and that is not booked; `state`: as of PlannedDate."""

    course_id: str
    package_name: str
    client_id: str
    client_name: str
    at: datetime
    state: str = ""
    problem: str = ""


def planned_on(store: Store, day: date) -> tuple[PlannedToday, ...]:
    """Return the planned visits of the day by time, without those who came or have an appointment that day."""
    with store.reading() as session:
        begins, ends = hours_of(day, clinic_in(session).zone)
        asked = {"day": day, "begins": begins, "ends": ends}
        return tuple(PlannedToday(*row) for row in _PLANNED_ON.all(session.connection(), asked))


def planned_of_courses(
    store: Store, courses: Iterable[CourseView], *, now: datetime
) -> Mapping[str, Sequence[PlannedDate]]:
    """Return the planned visits to come of each of these courses; asks only where the history tells of a plan."""
    found: defaultdict[str, Sequence[PlannedDate]] = defaultdict(tuple)
    planned = {each.id: each.client_id for each in courses if each.has_history(PLANNED)}
    if not planned:
        return found
    with store.reading() as session:
        zone = clinic_in(session).zone
        booked = {each: booked_visits_in(session, each, now) for each in set(planned.values())}
        rows = session.scalars(
            select(PlannedVisit)
            .where(
                PlannedVisit.course_id.in_(planned),
                PlannedVisit.replaced_at.is_(None),
                PlannedVisit.start_at > now,
            )
            .order_by(PlannedVisit.course_id, PlannedVisit.start_at)
        )
        for course_id, standing in groupby(rows, key=lambda row: row.course_id):
            found[course_id] = dates_in(standing, booked[planned[course_id]], now, zone)
    return found


# Today is asked for all day long: the statement is built once.
_BEGINS, _ENDS = (bindparam(name, type_=UtcTime()) for name in ("begins", "ends"))
_HAS_COME = (
    exists()
    .where(Visit.course_id == Course.id, Visit.visited_on == bindparam("day", type_=Date()), IS_VALID)
    .correlate(Course)
)
_IS_BOOKED = (
    exists()
    .where(
        SquareCustomer.client_id == Course.client_id,
        Booking.square_customer_id == SquareCustomer.square_customer_id,
        Booking.start_at >= _BEGINS,
        Booking.start_at < _ENDS,
        Booking.status.not_in(CALLED_OFF),
    )
    .correlate(Course)
)
_PLANNED_ON = Prepared(
    select(
        Course.id,
        Course.package_name,
        Client.id,
        Client.name,
        PlannedVisit.start_at,
        PlannedVisit.booking_state,
        PlannedVisit.booking_problem,
    )
    .join(Course, Course.id == PlannedVisit.course_id)
    .join(Client, Client.id == Course.client_id)
    .where(
        PlannedVisit.replaced_at.is_(None),
        PlannedVisit.start_at >= _BEGINS,
        PlannedVisit.start_at < _ENDS,
        Course.closed_at.is_(None),
        Course.frozen_at.is_(None),
        ~_HAS_COME,
        ~_IS_BOOKED,
    )
    .order_by(PlannedVisit.start_at, Client.name)
    .limit(MOST_SHOWN)
)
