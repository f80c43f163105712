"""Events and jobs that failed and will be retried, or were given up, for the owner's page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from plugin.courses.base.outbox import PAPERS
from plugin.store import Store
from plugin.store.queues import Inbox, Outbox

# Older ones are found under Attention.
SHOWN_FOR = timedelta(days=7)
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class FailedJobView:
    """An event or job that failed: which, how often it was tried, why, and when it runs again."""

    id: str
    kind: str
    is_job: bool
    since: datetime
    attempts: int
    says: str
    next_at: datetime | None


def failed_jobs(store: Store, now: datetime) -> tuple[FailedJobView, ...]:
    """Return what failed, newest first: waiting for a retry, or given up within the last days."""
    with store.reading() as session:
        events = session.scalars(
            select(Inbox).where(_has_failed(Inbox, now)).order_by(Inbox.id.desc()).limit(_MOST_SHOWN)
        ).all()
        jobs = session.scalars(
            select(Outbox)
            .where(_has_failed(Outbox, now), Outbox.kind != PAPERS)
            .order_by(Outbox.id.desc())
            .limit(_MOST_SHOWN)
        ).all()
        views = [_view(row, row.event_type, row.received_at, is_job=False) for row in events]
        views += [_view(row, row.kind, row.created_at, is_job=True) for row in jobs]
    return tuple(sorted(views, key=lambda view: view.since, reverse=True)[:_MOST_SHOWN])


def _has_failed(queue: type[Inbox | Outbox], now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(queue.state == "pending", queue.attempts > 0, queue.outcome != ""),
        and_(queue.state == "failed", queue.done_at > now - SHOWN_FOR),
    )


def _view(row: Inbox | Outbox, kind: str, since: datetime, *, is_job: bool) -> FailedJobView:
    next_at = row.due_at if row.state == "pending" else None
    return FailedJobView(row.id, kind, is_job, since, row.attempts, row.outcome, next_at)
