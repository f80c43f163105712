"""Value left in expired courses until the owner decides: shown, never recognized automatically."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.views import Page
from plugin.courses.reports.sums import course_balances
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.people import Client
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class ExpiredCourse:
    """An expired course with something left; `client_id` None: not assigned to a client."""

    course_id: str
    client_id: str | None
    client_name: str
    package_name: str
    expires_on: date
    sessions_left: int
    value_left: Money


def expired_courses(
    store: Store, today: date, *, limit: int = 50, cursor: str | None = None
) -> Page[ExpiredCourse]:
    """Return the expired courses that wait for a decision, the longest expired first.

    Raises NotFound for an invalid cursor.
    """
    with store.reading() as session:
        wanted = _expired(session, today)
        if cursor is not None:
            last = session.get(Course, cursor)
            if last is None or last.expires_on is None:
                raise NotFound(_("The list has changed; start it again."))
            wanted = wanted.where(tuple_(Course.expires_on, Course.id) > tuple_(last.expires_on, last.id))
        rows = session.execute(wanted.order_by(Course.expires_on, Course.id).limit(limit + 1)).all()
    views = tuple(
        ExpiredCourse(
            course_id=row.id,
            client_id=row.client_id,
            client_name=row.client_name or "",
            package_name=row.package_name,
            expires_on=row.expires_on,
            sessions_left=int(row.sessions),
            value_left=Money(int(row.value), row.currency),
        )
        for row in rows[:limit]
    )
    return Page(views, views[-1].course_id if len(rows) > limit else None)


def count_expired(store: Store, today: date) -> int:
    """Return how many expired courses wait for a decision."""
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(_expired(session, today).subquery())) or 0


def _expired(session: Session, today: date) -> Select[*tuple[Any, ...]]:
    left = course_balances(session)
    name = select(Client.name).where(Client.id == Course.client_id).scalar_subquery()
    return (
        select(
            Course.id,
            Course.client_id,
            name.label("client_name"),
            Course.package_name,
            Course.expires_on,
            Course.currency,
            left.c.sessions,
            left.c.value,
        )
        .select_from(left)
        .join(Course, Course.id == left.c.course_id)
        # On hold, it does not expire; used up, value may still wait to be written off.
        .where(Course.expires_on < today, Course.closed_as.is_(None), Course.frozen_at.is_(None))
        .where(or_(left.c.sessions != 0, left.c.value != 0))
    )
