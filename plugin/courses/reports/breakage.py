"""Value left in expired courses until the owner decides: shown, never recognized automatically."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from plugin.core.money import Money
from plugin.courses.base.state import each_state
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.people import Client


@dataclass(frozen=True, slots=True)
class ExpiredCourse:
    """An expired course with something left; `client_id` None: not assigned to a client."""

    course_id: str
    client_id: str | None
    client_name: str
    package_name: str
    expires_on: date | None
    sessions_left: int
    value_left: Money


def expired_courses(store: Store, today: date) -> tuple[ExpiredCourse, ...]:
    """Return the expired courses that wait for a decision, the longest expired first."""
    which = select(Course.id).where(Course.expires_on < today, Course.closed_as.is_(None))
    name = select(Client.name).where(Client.id == Course.client_id).scalar_subquery().label("client_name")
    order = (Course.expires_on, Course.id)
    with store.reading() as session:
        read = each_state(session, which, Course.package_name, name, today=today, order_by=order)
        return tuple(
            ExpiredCourse(
                course_id=state.facts.id,
                client_id=row.client_id,
                client_name=row.client_name or "",
                package_name=row.package_name,
                expires_on=state.expires_on,
                sessions_left=sum(each.left for each in state.allowances),
                value_left=state.value_left,
            )
            for state, row in read
            # On hold, it does not expire; used up, value may still wait to be written off.
            if state.on_hold_since is None and (state.expired_on or state.value_left.amount)
        )
