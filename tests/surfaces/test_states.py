"""The table of states: what the ledger itself says of a course in each of them."""

import pytest

from plugin.courses.audit import audit
from plugin.courses.base.views import CourseView
from tests.states import STATES, World


@pytest.mark.parametrize("name", STATES)
def test_a_course_says_what_its_state_is(world: World, name: str) -> None:
    course = world.desk.course(world.build(name))
    says = STATES[name].says
    assert (
        course.status,
        course.granted,
        course.used,
        course.left,
        course.usable_now,
        course.locked,
        course.next_session,
        course.why_not,
    ) == (
        says.status,
        says.granted,
        says.used,
        says.left,
        says.usable_now,
        says.locked,
        says.next_session,
        says.why_not,
    )
    assert (course.paid.amount, course.due.amount, course.due_on) == (says.paid, says.due, says.due_on)
    assert _numbers(course) == says.numbers
    assert audit(world.store) == ()


def _numbers(course: CourseView) -> tuple[int, ...]:
    uses = [each for each in course.uses if not (each.is_undone or each.is_used_before)]
    uses.sort(key=lambda each: (each.used_on, each.entry_id))
    return tuple(course.number_of(each.entry_id) or 0 for each in uses)
