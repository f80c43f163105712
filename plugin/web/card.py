"""The punch card of a course: one place per session, used, left or gone. Knows no HTML and no paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from plugin.core.course import AllowanceState
from plugin.core.status import Status
from plugin.courses.views import CourseView

# More circles than this say less than the figure beside them.
MOST_PLACES = 60

State = Literal["used", "left", "held", "gone"]


@dataclass(frozen=True, slots=True)
class Place:
    """One session: its number, what became of it, and the day where it was used."""

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
    main = [each for each in course.allowances if each.kind == "main"] or list(course.allowances)
    extras = [each for each in course.allowances if each not in main]
    usable = [each for each in (*main, *extras) if each.left and each.is_usable] if course.is_live else []
    return Card(
        course=course,
        places=_places(course, course.granted, course.used, course.left, _days(course)),
        extras=tuple(Extra(each, _extra_places(course, each)) for each in extras),
        next=usable[0] if usable else None,
        others=tuple(usable[1:]),
    )


def _extra_places(course: CourseView, extra: AllowanceState) -> tuple[Place, ...]:
    came = [
        visit.visited_on for visit in course.visits for name in visit.treatments if name == extra.treatment
    ]
    missed = [each.missed_on for each in course.no_shows if each.treatment == extra.treatment]
    before = course.state.allowance(extra.id).used_before
    days = dict(enumerate(sorted([*came, *missed]), start=before + 1))
    return _places(course, extra.granted, extra.used, extra.left, days)


def _places(
    course: CourseView, granted: int, used: int, left: int, days: dict[int, date]
) -> tuple[Place, ...]:
    if granted > MOST_PLACES:
        return ()
    is_held = course.status in (Status.EXPIRED, Status.FROZEN) or course.gift is not None
    waiting: State = "held" if is_held else "left"
    states: list[State] = [*["used"] * used, *[waiting] * left, *["gone"] * (granted - used - left)]  # type: ignore[list-item]
    return tuple(Place(number, state, days.get(number)) for number, state in enumerate(states, start=1))


def _days(course: CourseView) -> dict[int, date]:
    """Return the day of each main session, come or missed; a visit that used two stands under both."""
    occasions = [
        *((each.number or 0, each.visited_on) for each in course.visits),
        *((each.number or 0, each.missed_on) for each in course.no_shows),
    ]
    days: dict[int, date] = {}
    for last, day in sorted(occasions):
        for number in range(course.used_before + len(days) + 1, last + 1):
            days[number] = day
    return days
