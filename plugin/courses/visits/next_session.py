"""Choose the course and session that a visit would use, where no one has chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from plugin.core.course import AllowanceState
from plugin.core.text import is_same_name
from plugin.courses.base.views import CourseSummary


@dataclass(frozen=True, slots=True)
class NextSession:
    """What would be used; `is_named` where its treatment has the same name as the booked service."""

    course: CourseSummary
    allowance: AllowanceState
    is_named: bool

    @property
    def is_usable(self) -> bool:
        """Return whether it can be used now, as it may be locked until more is paid."""
        return self.allowance.usable_now > 0


def next_session(courses: Iterable[CourseSummary], service: str) -> NextSession | None:
    """Return the sessions of the service's name, else main ones, else any; None where no course has any open.

    Usable sessions are preferred to those that await payment; then the course that expires first, then the
    oldest (docs/rules.md, rule 6).
    """
    live = sorted((each for each in courses if each.is_live), key=_order)
    found = [(course, each) for course in live for each in course.allowances if each.is_usable]
    usable = [pair for pair in found if pair[1].usable_now] or found
    for course, each in usable:
        if is_same_name(each.treatment, service):
            return NextSession(course, each, is_named=True)
    usable.sort(key=lambda pair: pair[1].kind != "main")
    return NextSession(*usable[0], is_named=False) if usable else None


def _order(course: CourseSummary) -> tuple[date, object, str]:
    return (course.expires_on or date.max, course.sold_at, course.id)
