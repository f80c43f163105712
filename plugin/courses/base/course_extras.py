"""With whom courses are shared and where their sessions were transferred from, read for many of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm import Session

from plugin.courses.base.views import OriginView, ShareView
from plugin.store.changes import CourseOrigin, CourseShare
from plugin.store.ledger import Course
from plugin.store.people import Client


def shares_in(session: Session, ids: Sequence[str]) -> dict[str, tuple[ShareView, ...]]:
    """Return the shares of these courses that were not ended, by course."""
    shares: defaultdict[str, list[ShareView]] = defaultdict(list)
    for course_id, *share in session.connection().execute(_SHARES, {"course_ids": list(ids)}):
        shares[course_id].append(ShareView(*share))
    return {course_id: tuple(views) for course_id, views in shares.items()}


def origins_in(session: Session, ids: Sequence[str]) -> dict[str, OriginView]:
    """Return which course the sessions of these were transferred from, by course."""
    rows = session.connection().execute(_ORIGINS, {"course_ids": list(ids)})
    return {course_id: OriginView(*origin) for course_id, *origin in rows}


_IDS: BindParameter[Any] = bindparam("course_ids", expanding=True)
_SHARE: tuple[Any, ...] = (
    CourseShare.course_id,
    CourseShare.id,
    CourseShare.client_id,
    Client.name,
    CourseShare.until,
    CourseShare.shared_at,
    CourseShare.by,
)
_SHARES = (
    select(*_SHARE)
    .join(Client, Client.id == CourseShare.client_id)
    .where(CourseShare.course_id.in_(_IDS), CourseShare.ended_at.is_(None))
    .order_by(CourseShare.id)
)
_ORIGIN: tuple[Any, ...] = (
    CourseOrigin.course_id,
    CourseOrigin.origin_id,
    Client.id,
    func.coalesce(Client.name, ""),
    CourseOrigin.transferred_at,
)
_ORIGINS = (
    select(*_ORIGIN)
    .join(Course, Course.id == CourseOrigin.origin_id)
    .outerjoin(Client, Client.id == Course.client_id)
    .where(CourseOrigin.course_id.in_(_IDS))
)
