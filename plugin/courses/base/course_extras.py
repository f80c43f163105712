"""Shares of courses and the origins of transferred sessions, read for many courses at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Date,
    bindparam,
    cast,
    exists,
    false,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from plugin.courses.base.views import OriginView, ShareView
from plugin.store.changes import CourseOrigin, CourseShare
from plugin.store.ledger import Course
from plugin.store.people import Client
from plugin.store.prepared import Prepared


def shares_and_origins_in(
    session: Session, ids: Sequence[str]
) -> tuple[dict[str, tuple[ShareView, ...]], dict[str, OriginView]]:
    """Return by course its active shares, and the course its sessions were transferred from."""
    if not ids:
        return {}, {}
    shares: defaultdict[str, list[ShareView]] = defaultdict(list)
    origins: dict[str, OriginView] = {}
    for row in _BOTH.all(session.connection(), {"course_ids": list(ids)}):
        if row.is_share:
            view = ShareView(row.id, row.client_id, row.name, row.until, row.at, row.by)
            shares[row.course_id].append(view)
        else:
            origins[row.course_id] = OriginView(row.id, row.client_id, row.name or "", row.at)
    return {course_id: tuple(views) for course_id, views in shares.items()}, origins


# Few courses have either: the query for a course's state selects this, and the others save a statement.
HAS_RELATIONS = or_(
    exists().where(CourseShare.course_id == Course.id, CourseShare.ended_at.is_(None)),
    exists().where(CourseOrigin.course_id == Course.id),
)

_IDS: BindParameter[Any] = bindparam("course_ids", expanding=True)
_SHARE: tuple[Any, ...] = (
    true().label("is_share"),
    CourseShare.course_id,
    CourseShare.id.label("id"),
    CourseShare.client_id,
    Client.name,
    CourseShare.until,
    CourseShare.shared_at.label("at"),
    CourseShare.by,
)
_SHARES = (
    select(*_SHARE)
    .join(Client, Client.id == CourseShare.client_id)
    .where(CourseShare.course_id.in_(_IDS), CourseShare.ended_at.is_(None))
)
# The same columns as the shares: one statement reads both.
_ORIGIN: tuple[Any, ...] = (
    false().label("is_share"),
    CourseOrigin.course_id,
    CourseOrigin.origin_id.label("id"),
    Client.id.label("client_id"),
    Client.name,
    cast(null(), Date).label("until"),
    CourseOrigin.transferred_at.label("at"),
    literal("").label("by"),
)
_ORIGINS = (
    select(*_ORIGIN)
    .join(Course, Course.id == CourseOrigin.origin_id)
    .outerjoin(Client, Client.id == Course.client_id)
    .where(CourseOrigin.course_id.in_(_IDS))
)
_BOTH = Prepared(union_all(_SHARES, _ORIGINS).order_by("id"))
