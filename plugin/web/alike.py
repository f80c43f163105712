"""Courses of one client that read alike: what tells them apart wherever only the name of the package would stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from plugin.courses.base.views import ClinicView, CourseView
from plugin.web.format import local_day


@dataclass(frozen=True, slots=True)
class SoldMark:
    """The day of sale; of several that day, which of them."""

    day: date
    number: int | None


def told_apart(courses: Sequence[CourseView], clinic: ClinicView) -> dict[str, SoldMark]:
    """Return the mark of each course whose package has the name of another one's."""
    sold = [(each.package_name, local_day(each.sold_at, clinic)) for each in courses]
    of_name, of_day, seen = Counter(name for name, _ in sold), Counter(sold), Counter[tuple[str, date]]()
    marks: dict[str, SoldMark] = {}
    for course, (name, day) in zip(courses, sold, strict=True):
        seen[name, day] += 1
        if of_name[name] > 1:
            marks[course.id] = SoldMark(day, seen[name, day] if of_day[name, day] > 1 else None)
    return marks
