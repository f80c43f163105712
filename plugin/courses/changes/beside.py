"""What stands beside courses in other tables, read for many of them in a handful of queries. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.courses.changes.views import OriginView, ShareView, WaitingGift
from plugin.store.changes import AllowedAhead, CourseOrigin, CourseShare, Gift
from plugin.store.ledger import Allowance, Course
from plugin.store.people import Client
from plugin.store.selling import Checkout


@dataclass(frozen=True, slots=True)
class Beside:
    """By course; `ahead` is by allowance, `due` by Square order."""

    shares: dict[str, tuple[ShareView, ...]]
    origins: dict[str, OriginView]
    gifts: dict[str, WaitingGift]
    ahead: dict[str, int]
    due: dict[str, date]


def beside_in(session: Session, courses: Sequence[Course]) -> Beside:
    """Return what stands beside these courses."""
    ids = [course.id for course in courses]
    return Beside(
        shares=_shares(session, ids),
        origins=_origins(session, ids),
        gifts=_gifts(session, ids),
        ahead=_ahead(session, ids),
        due=_due(session, [course.square_order_id for course in courses if course.square_order_id]),
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


def _gifts(session: Session, ids: Sequence[str]) -> dict[str, WaitingGift]:
    rows = session.scalars(select(Gift).where(Gift.waiting.in_(ids)))
    return {row.course_id: WaitingGift(row.id, row.code, row.recipient_name, row.given_at) for row in rows}


def _ahead(session: Session, ids: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(AllowedAhead.allowance_id, func.max(AllowedAhead.sessions))
        .join(Allowance, Allowance.id == AllowedAhead.allowance_id)
        .where(Allowance.course_id.in_(ids))
        .group_by(AllowedAhead.allowance_id)
    )
    return {allowance_id: int(many) for allowance_id, many in rows}


def _due(session: Session, orders: Sequence[str]) -> dict[str, date]:
    rows = session.execute(
        select(Checkout.square_order_id, Checkout.balance_due_on).where(
            Checkout.square_order_id.in_(orders), Checkout.balance_due_on.is_not(None)
        )
    )
    return {order: due for order, due in rows if order is not None and due is not None}
