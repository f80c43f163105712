"""What waits in the queues although it was tried, or was given up: in words for the owner's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from plugin.courses.base.outbox import PAPERS
from plugin.store import Store
from plugin.store.queues import Inbox, Outbox

# Whoever looks later finds it under Attention.
SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FailedJobView:
    """One message or effect that did not go well: which, how often it was tried, what was said, when it comes again."""

    id: str
    kind: str
    is_owed: bool
    since: datetime
    attempts: int
    says: str
    next_at: datetime | None


def failed_jobs(store: Store, now: datetime, *, limit: int = 10) -> tuple[FailedJobView, ...]:
    """Return what is stuck, newest first: tried and waiting, or given up within the last days."""
    with store.reading() as session:
        told = session.scalars(
            select(Inbox).where(_is_stuck(Inbox, now)).order_by(Inbox.id.desc()).limit(limit)
        ).all()
        owed = session.scalars(
            select(Outbox)
            .where(_is_stuck(Outbox, now), Outbox.kind != PAPERS)
            .order_by(Outbox.id.desc())
            .limit(limit)
        ).all()
        views = [_view(row, row.event_type, row.received_at, is_owed=False) for row in told]
        views += [_view(row, row.kind, row.created_at, is_owed=True) for row in owed]
    return tuple(sorted(views, key=lambda view: view.since, reverse=True)[:limit])


def _is_stuck(queue: type[Inbox | Outbox], now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(queue.state == "pending", queue.attempts > 0, queue.outcome != ""),
        and_(queue.state == "failed", queue.done_at > now - SHOWN_FOR),
    )


def _view(row: Inbox | Outbox, kind: str, since: datetime, *, is_owed: bool) -> FailedJobView:
    next_at = row.due_at if row.state == "pending" else None
    return FailedJobView(row.id, kind, is_owed, since, row.attempts, row.outcome, next_at)
