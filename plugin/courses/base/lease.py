"""Claim a due row of a queue under a lease: one worker at a time; a row not completed becomes due again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, text, true, update
from sqlalchemy.orm import Session

from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.queues import PENDING, Inbox, Outbox

# Clocks of one clinic differ by seconds; nothing is planned further ahead than a few days.
_MAY_DIFFER, _FURTHEST = timedelta(minutes=5), timedelta(days=8)

Row = TypeVar("Row", Inbox, Outbox)
Value = TypeVar("Value")


class Queue(Generic[Row]):
    """The rows of a table that wait, or some of them; its statements are built once, as workers ask all the time."""

    def __init__(self, table: type[Row], only: ColumnElement[bool] | None = None) -> None:
        waits = text(f"{table.__tablename__}.{PENDING}")
        is_due = and_(waits, table.due_at <= bindparam("now"), true() if only is None else only)
        self._has_due = Prepared(select(table.id).where(is_due).limit(1))
        rows = table.metadata.tables[table.__tablename__]
        first = select(table.id).where(is_due).order_by(table.due_at, table.id).limit(1)
        self._claim = Prepared(
            update(rows)
            .where(rows.c.id == first.with_for_update(skip_locked=True).correlate(None).scalar_subquery())
            .values(attempts=rows.c.attempts + 1)
            .returning(*rows.c)
        )

    def claim(
        self, store: Store, now: datetime, *, lease_s: int, seen_as: Callable[[Row], Value]
    ) -> Value | None:
        """Claim the row that has been due longest for `lease_s` seconds; None where none is due."""

        def work(session: Session) -> Value | None:
            return self.claim_in(session, now, lease_s=lease_s, seen_as=seen_as)

        # Whether a row is due is asked without taking a lock.
        return store.transact(work) if store.rows(self._has_due, {"now": now}) else None

    def claim_in(
        self, session: Session, now: datetime, *, lease_s: int, seen_as: Callable[[Row], Value]
    ) -> Value | None:
        """Do what `claim` does in a transaction that has begun."""
        leased = {"now": now, "due_at": now + timedelta(seconds=lease_s)}
        row = self._claim.first(session.connection(), leased)
        return seen_as(row) if row is not None else None


def hasten_misdated(store: Store, now: datetime) -> int:
    """Make due now what a clock that was ahead put off; return how many rows.

    Such a row was written later than now, or is due later than anything is planned. Without this it would wait until
    the clock gets there, and an event or job for the same subject with it.
    """
    waiting = [_misdated(Inbox, Inbox.received_at, now), _misdated(Outbox, Outbox.created_at, now)]
    with store.reading() as session:
        if not any(
            session.scalars(select(table.id).where(rule).limit(1)).all() for table, _, rule in waiting
        ):
            return 0
    with store.writing() as session:
        return sum(
            session.execute(update(table).where(rule).values({"due_at": now, written: now})).rowcount  # type: ignore[attr-defined]  # an UPDATE's result has it
            for table, written, rule in waiting
        )


def _misdated(table: type[Inbox | Outbox], written_at: Any, now: datetime) -> tuple[Any, str, Any]:
    waits = text(f"{table.__tablename__}.{PENDING}")
    is_misdated = or_(written_at > now + _MAY_DIFFER, table.due_at > now + _FURTHEST)
    return table, written_at.key, and_(waits, table.due_at > now, is_misdated)
