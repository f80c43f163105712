"""Claim a due row of a queue under a lease: one worker at a time; a row not completed becomes due again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, select, text, true
from sqlalchemy.orm import Session

from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.queues import PENDING, Inbox, Outbox

Row = TypeVar("Row", Inbox, Outbox)
Value = TypeVar("Value")


class Queue(Generic[Row]):
    """The rows of a table that wait, or some of them; its statements are built once, as workers ask all the time."""

    def __init__(self, table: type[Row], only: ColumnElement[bool] | None = None) -> None:
        waits = text(f"{table.__tablename__}.{PENDING}")
        is_due = and_(waits, table.due_at <= bindparam("now"), true() if only is None else only)
        self._has_due = Prepared(select(table.id).where(is_due).limit(1))
        self._next: Select[Any] = select(table).where(is_due).order_by(table.due_at, table.id).limit(1)

    def claim(
        self, store: Store, now: datetime, *, lease_s: int, seen_as: Callable[[Row], Value]
    ) -> Value | None:
        """Claim the row that has been due longest for `lease_s` seconds; None where none is due."""

        def work(session: Session) -> Value | None:
            row = session.scalar(self._next.with_for_update(skip_locked=True), {"now": now})
            if row is None:
                return None
            row.due_at = now + timedelta(seconds=lease_s)
            row.attempts += 1
            return seen_as(row)

        # Whether a row is due is asked without taking a lock.
        return store.transact(work) if store.rows(self._has_due, {"now": now}) else None
