"""Value in courses that have expired while nobody has decided: shown to the owner, never earned by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from plugin.core.money import Money
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.people import Client


@dataclass(frozen=True, slots=True)
class ExpiredCourse:
    """An expired course in which something is left; no client: nobody has said whose it is."""

    course_id: str
    client_id: str | None
    client_name: str
    package_name: str
    expires_on: date | None
    sessions_left: int
    value_left: Money


def expired_courses(store: Store, today: date) -> tuple[ExpiredCourse, ...]:
    """Return the expired courses that wait for a decision, the longest expired first."""
    sessions, value = func.sum(Entry.sessions_delta), func.sum(Entry.value_delta)
    rows = (
        select(Course, Client.name, sessions, value)
        .join(Allowance, Allowance.course_id == Course.id)
        .join(Entry, Entry.allowance_id == Allowance.id)
        .outerjoin(Client, Client.id == Course.client_id)
        .where(Course.expires_on < today, Course.closed_as.is_(None))
        .group_by(Course.id, Client.name)
        .having((sessions > 0) | (value > 0))
        .order_by(Course.expires_on, Course.id)
    )
    with store.reading() as session:
        return tuple(
            ExpiredCourse(
                course_id=course.id,
                client_id=course.client_id,
                client_name=name or "",
                package_name=course.package_name,
                expires_on=course.expires_on,
                sessions_left=int(left),
                value_left=Money(int(owed), course.currency),
            )
            for course, name, left, owed in session.execute(rows)
        )
