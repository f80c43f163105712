"""The frame of every change of a sold course: held, done once under its key, and shown anew. Knows no single change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.status import Status
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.chain import course_for_change
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.idempotency import answered_before, digest, remember
from plugin.courses.base.read import course_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.work import Work
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.ledger import Course


@dataclass(frozen=True, slots=True)
class Changed:
    """The course as it stands after the change; `is_repeat`: this key had been answered before."""

    course: CourseView
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class CourseChange:
    """A course that one transaction has for itself: its row, how it reads today, and by whom it is changed."""

    session: Session
    store: Store
    act: Act
    row: Course
    view: CourseView
    today: date


def change_course(
    store: Store,
    act: Act,
    course_id: str,
    asked_for: tuple[str, dict[str, Any]],
    work: Callable[[CourseChange], str | None],
) -> Changed:
    """Do `work` with the course held, once under the act's key; it may return another course to answer with."""
    asked = digest(asked_for[0], {"course_id": course_id, **asked_for[1]})

    def change(session: Session) -> Changed:
        row = course_for_change(session, course_id)
        # Asked once the course is held: the same key may have waited there behind itself.
        if known := answered_before(session, act, asked):
            return Changed(_shown(session, act, known["course_id"]), is_repeat=True)
        today = local_date(clinic_in(session), act.now)
        held = CourseChange(session, store, act, row, course_in(session, row, today=today), today)
        answered = work(held) or course_id
        session.flush()
        for changed in dict.fromkeys((course_id, answered)):
            publish(Work(session, store, act), CourseChanged(changed))
        remember(session, act, asked, {"course_id": answered})
        return Changed(_shown(session, act, answered), is_repeat=False)

    return store.transact(change)


def checked_reason(reason: str | None) -> str:
    """Return why it is done; raises InvalidField when it is missing or too long."""
    return required(reason, field="reason", called="The reason", most=REASON_LENGTH)


def refuse_closed(course: CourseView) -> None:
    """Raise Refused for a course that is over: refunded, or transferred as a whole."""
    if course.status in (Status.REFUNDED, Status.TRANSFERRED):
        raise Refused(f"This course was {course.status}.", code=course.status.value)


def refuse_ownerless(course: CourseView) -> None:
    """Raise Refused while nobody has said whose the course is."""
    if course.client_id is None:
        raise Refused("Nobody owns this course yet. Assign it to a client first.", code="unassigned")


def refuse_waiting_gift(course: CourseView) -> None:
    """Raise Refused while the course waits to be redeemed by somebody else."""
    if course.gift is not None:
        said = f"This course waits as a gift for {course.gift.recipient_name}. Take the gift back first."
        raise Refused(said, code="waits_as_gift")


def _shown(session: Session, act: Act, course_id: str) -> CourseView:
    row = session.get_one(Course, course_id)
    return course_in(session, row, today=local_date(clinic_in(session), act.now))
