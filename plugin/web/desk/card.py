"""The punch card of a course, one place per session; and marks that tell courses of one package apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from plugin.core.course import AllowanceState
from plugin.courses.base.views import ClinicView, CourseView
from plugin.web.format import local_day

# More circles than this are less readable than the figure next to them.
MOST_PLACES = 60

State = Literal["used", "left", "locked", "unpaid", "held", "gone"]


@dataclass(frozen=True, slots=True)
class Place:
    """One session: its number, its state, and the day it was used.

    `locked` waits for payment; `unpaid` is locked too, but no payment is expected.
    """

    number: int
    state: State
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """The touch-ups and add-ons of a course, drawn as diamonds."""

    allowance: AllowanceState
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A course with the places of its main sessions and its extras, and what one tap would use."""

    course: CourseView
    places: tuple[Place, ...]
    extras: tuple[Extra, ...]
    next: AllowanceState | None
    others: tuple[AllowanceState, ...]


def card_of(course: CourseView) -> Card:
    """Lay out the card of a course."""
    main = course.counted
    extras = [each for each in course.allowances if each not in main]
    usable = [each for each in (*main, *extras) if each.usable_now]
    return Card(
        course=course,
        places=_places(course, main, course.days_used()),
        extras=tuple(Extra(each, _places(course, [each], course.days_used(each))) for each in extras),
        next=usable[0] if usable else None,
        others=tuple(usable[1:]),
    )


def _places(course: CourseView, of: Sequence[AllowanceState], days: Mapping[int, date]) -> tuple[Place, ...]:
    granted, used, left = (sum(getattr(each, name) for each in of) for name in ("granted", "used", "left"))
    if granted > MOST_PLACES:
        return ()
    gone = granted - used - left
    states = [*_times("used", used), *_waiting(course, of), *_times("gone", gone)]
    return tuple(Place(number, state, days.get(number)) for number, state in enumerate(states, start=1))


def _waiting(course: CourseView, of: Sequence[AllowanceState]) -> list[State]:
    left, locked = sum(each.left for each in of), sum(each.locked for each in of)
    if not course.is_live and course.client_id is not None:
        return _times("held", left)
    return [*_times("left", left - locked), *_times("unpaid" if course.due_ended_on else "locked", locked)]


def _times(state: State, many: int) -> list[State]:
    return [state] * many


@dataclass(frozen=True, slots=True)
class SoldMark:
    """The day of sale; of several sales that day, which of them."""

    day: date
    number: int | None


def told_apart(courses: Sequence[CourseView], clinic: ClinicView) -> dict[str, SoldMark]:
    """Return the mark of each course whose package name also appears on another course."""
    sold = [(each.package_name, local_day(each.sold_at, clinic)) for each in courses]
    of_name, of_day, seen = Counter(name for name, _ in sold), Counter(sold), Counter[tuple[str, date]]()
    marks: dict[str, SoldMark] = {}
    for course, (name, day) in zip(courses, sold, strict=True):
        seen[name, day] += 1
        if of_name[name] > 1:
            marks[course.id] = SoldMark(day, seen[name, day] if of_day[name, day] > 1 else None)
    return marks
