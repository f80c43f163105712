"""What stands beside courses in other tables, read for many of them in a handful of queries. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.views import OriginView, ShareView
from plugin.store.changes import CourseOrigin, CourseShare
from plugin.store.ledger import Course
from plugin.store.people import Client


@dataclass(frozen=True, slots=True)
class CourseExtras:
    """By course."""

    shares: dict[str, tuple[ShareView, ...]]
    origins: dict[str, OriginView]


def course_extras_in(session: Session, courses: Sequence[Course]) -> CourseExtras:
    """Return what stands beside these courses."""
    ids = [course.id for course in courses]
    return CourseExtras(
        shares=_shares(session, ids),
        origins=_origins(session, ids),
    )


def _shares(session: Session, ids: Sequence[str]) -> dict[str, tuple[ShareView, ...]]:
    rows = session.execute(
        select(CourseShare, Client.name)
        .join(Client, Client.id == CourseShare.client_id)
        .where(CourseShare.course_id.in_(ids), CourseShare.ended_at.is_(None))
        .order_by(CourseShare.id)
    )
    found: defaultdict[str, list[ShareView]] = defaultdict(list)
    for row, name in rows:
        view = ShareView(row.id, row.client_id, name, row.until, row.shared_at, row.by)
        found[row.course_id].append(view)
    return {course_id: tuple(views) for course_id, views in found.items()}


def _origins(session: Session, ids: Sequence[str]) -> dict[str, OriginView]:
    rows = session.execute(
        select(CourseOrigin, Client.id, Client.name)
        .join(Course, Course.id == CourseOrigin.origin_id)
        .outerjoin(Client, Client.id == Course.client_id)
        .where(CourseOrigin.course_id.in_(ids))
    )
    return {
        row.course_id: OriginView(row.origin_id, client_id, name or "", row.transferred_at)
        for row, client_id, name in rows
    }
