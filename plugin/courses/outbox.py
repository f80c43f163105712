"""What is owed to the world after a deed: papers to make ready. Written in the deed's own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.store import Store
from plugin.store.queues import Outbox

PAPERS = "papers"


@dataclass(frozen=True, slots=True)
class Owed:
    """One effect taken up by a worker."""

    id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    attempts: int


def ask_papers_in(session: Session, store: Store, act: Act, course_id: str) -> None:
    """Have the course's papers made anew, once for all that waits already."""
    waiting = select(Outbox.id).where(
        Outbox.kind == PAPERS,
        Outbox.subject == course_id,
        Outbox.state == "pending",
        Outbox.attempts == 0,
    )
    if session.scalar(waiting) is not None:
        return
    session.add(
        Outbox(
            id=store.new_id(),
            kind=PAPERS,
            subject=course_id,
            payload={},
            created_at=act.now,
            due_at=act.now,
        )
    )


def take_owed(store: Store, now: datetime, *, lease_s: int = 60) -> Owed | None:
    """Take up the next effect that is due, held for `lease_s` seconds; None where nothing is due."""

    def work(session: Session) -> Owed | None:
        row = session.scalar(
            select(Outbox)
            .where(Outbox.state == "pending", Outbox.due_at <= now)
            .order_by(Outbox.due_at, Outbox.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.due_at = now + timedelta(seconds=lease_s)
        row.attempts += 1
        return Owed(row.id, row.kind, row.subject, row.payload, row.attempts)

    if not has_owed(store, now):
        return None
    return store.transact(work)


def has_owed(store: Store, now: datetime) -> bool:
    """Say whether an effect is due: a look that takes no lock."""
    with store.reading() as session:
        due = select(Outbox.id).where(Outbox.state == "pending", Outbox.due_at <= now).limit(1)
        return session.scalar(due) is not None


def close_owed(store: Store, owed_id: str, *, state: str, outcome: str, now: datetime) -> None:
    """Mark an effect done or failed, with what became of it."""
    with store.writing() as session:
        row = session.get_one(Outbox, owed_id)
        row.state, row.outcome, row.done_at = state, outcome[:400], now


def put_off_owed(store: Store, owed_id: str, *, due_at: datetime, outcome: str) -> None:
    """Have an effect tried again at `due_at`."""
    with store.writing() as session:
        row = session.get_one(Outbox, owed_id)
        row.due_at, row.outcome = due_at, outcome[:400]


def count_owed(store: Store) -> int:
    """Return how many effects wait."""
    with store.reading() as session:
        return int(session.scalar(select(func.count()).where(Outbox.state == "pending")) or 0)
