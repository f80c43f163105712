"""Claim a due row of a queue under a lease: one worker at a time; a row not completed becomes due again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from plugin.store import Store
from plugin.store.queues import Inbox, Outbox

Row = TypeVar("Row", Inbox, Outbox)
Value = TypeVar("Value")


def claim(
    store: Store,
    queue: type[Row],
    now: datetime,
    *,
    lease_s: int,
    seen_as: Callable[[Row], Value],
    only: ColumnElement[bool] | None = None,
) -> Value | None:
    """Claim the row that has been due longest for `lease_s` seconds; None where none is due."""
    due = and_(queue.state == "pending", queue.due_at <= now, true() if only is None else only)

    def work(session: Session) -> Value | None:
        row = session.scalar(
            select(queue)
            .where(due)
            .order_by(queue.due_at, queue.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.due_at = now + timedelta(seconds=lease_s)
        row.attempts += 1
        return seen_as(row)

    return store.transact(work) if _has_due(store, queue, due) else None


def _has_due(store: Store, queue: type[Row], due: ColumnElement[bool]) -> bool:
    """Return whether a row is due, without taking a lock."""
    with store.reading() as session:
        return session.scalar(select(queue.id).where(due).limit(1)) is not None
