"""Visits: who attended on a day, and the practitioner's notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from plugin.core.acts import Act, Role, require
from plugin.core.text import NOTE_LENGTH, optional
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import course_in, courses_in
from plugin.courses.base.views import CourseView, VisitView
from plugin.courses.base.work import Work, require_row, transact
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.ledger import Course, Visit
from plugin.store.people import Staff

_AT_ONCE = 1000
NO_VISIT = "There is no such visit."


@dataclass(frozen=True, slots=True)
class DayVisit:
    """One visit of a day with the course it used."""

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
            optional(focus, field="focus", called="The focus", most=NOTE_LENGTH),
            optional(note, field="note", called="The note", most=NOTE_LENGTH),
        )


def describe_visit(
    store: Store, act: Act, visit_id: str, *, practitioner_id: str | None, focus: str, note: str
) -> CourseView:
    """Record who treated, on what, and a short note; the ledger is not touched. Returns the course.

    Raises Refused for a visit whose session was undone: it did not take place.
    """
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    details = VisitDetails.typed(practitioner_id, focus, note)
    return transact(store, act, lambda work: describe_in(work, visit_id, details))


def describe_in(work: Work, visit_id: str, details: VisitDetails) -> CourseView:
    """Record the details within the caller's transaction; raises as `describe_visit` does."""
    visit = require_row(work.session, Visit, visit_id, NO_VISIT)
    if details.practitioner_id and work.session.get(Staff, details.practitioner_id) is None:
        raise InvalidField("There is no such practitioner.", field="practitioner_id")
    visit.practitioner_id, visit.focus, visit.note = details.practitioner_id, details.focus, details.note
    work.session.flush()
    publish(work, CourseChanged(visit.course_id))
    course = work.session.get_one(Course, visit.course_id)
    view = course_in(work.session, course, today=local_date(clinic_in(work.session), work.now))
    if all(each.id != visit_id for each in view.visits):
        raise Refused("That session was undone since; there is no visit to describe.", code="undone")
    return view


def visits_on(store: Store, day: date, *, today: date, limit: int | None = None) -> tuple[DayVisit, ...]:
    """Return the valid visits of a day, latest first; with `limit`, those among the last so many."""
    wanted = select(Visit.id, Visit.course_id).where(Visit.visited_on == day)
    with store.reading() as session:
        chosen = dict(session.execute(wanted.order_by(Visit.id.desc()).limit(limit)).all())
        ids = sorted(set(chosen.values()))
        parts = [ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE)]
        rows = [row for some in parts for row in session.scalars(select(Course).where(Course.id.in_(some)))]
        courses = courses_in(session, rows, today=today)
    found = [DayVisit(visit, course) for course in courses for visit in course.visits if visit.id in chosen]
    return tuple(sorted(found, key=lambda each: each.visit.id, reverse=True))
