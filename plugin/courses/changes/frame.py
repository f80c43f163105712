"""Shared steps of every course change: lock the course, run once under its key, return the result."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from plugin.core.status import CLOSED, Status
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.chain import course_for_change
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import course_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.work import Work
from plugin.errors import Refused
from plugin.store.ledger import Course
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class Changed:
    """The course after the change; `is_repeat`: this key was used before."""

    course: CourseView
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class CourseChange(Work):
    """A unit of work on one locked course: its row, and its view on the clinic's day `today`."""

    row: Course
    view: CourseView
    today: date


def change_course(
    work: Work,
    course_id: str,
    do: Callable[[CourseChange], str | None],
    *,
    what: str,
    request: dict[str, Any],
) -> Changed:
    """Run `do` on the locked course, once under the act's key; `do` may return another course as result."""
    row = course_for_change(work.session, course_id)
    asked = {"course_id": course_id, **request}
    done = work.once(what, asked, lambda: {"course_id": _change(work, row, do)})
    answered = work.session.get_one(Course, done.answer["course_id"])
    return Changed(course_in(work.session, answered, today=_today(work)), done.is_repeat)


def _change(work: Work, row: Course, do: Callable[[CourseChange], str | None]) -> str:
    today = _today(work)
    view = course_in(work.session, row, today=today)
    answered = do(CourseChange(work.session, work.store, work.act, row, view, today)) or row.id
    work.session.flush()
    for course_id in dict.fromkeys((row.id, answered)):
        publish(work, CourseChanged(course_id))
    return answered


def _today(work: Work) -> date:
    return local_date_in(work.session, work.now)


def checked_reason(reason: str | None) -> str:
    """Return the reason of a change; raises InvalidField when it is missing or too long."""
    return required(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)


def refuse_closed(course: CourseView) -> None:
    """Raise Refused for a closed course: refunded, or transferred as a whole."""
    if course.status in (Status.REFUNDED, Status.TRANSFERRED):
        raise Refused(_("This course was {status}.", status=CLOSED[course.status]), code=course.status.value)


def refuse_ownerless(course: CourseView) -> None:
    """Raise Refused while the course has no owner."""
    if course.client_id is None:
        raise Refused(_("No one owns this course yet. Assign it to a client first."), code="unassigned")


def refuse_waiting_gift(course: CourseView) -> None:
    """Raise Refused while the course is a gift not redeemed."""
    if course.waiting_gift is not None:
        said = _(
            "This course waits as a gift for {recipient_name}. Cancel the gift first.",
            recipient_name=course.waiting_gift.recipient_name,
        )
        raise Refused(said, code="waits_as_gift")
