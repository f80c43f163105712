"""What is owed to the world after a deed: papers to make ready. Written in the deed's own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.lease import take_up
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
    return take_up(store, Outbox, now, lease_s=lease_s, seen_as=_owed)


def _owed(row: Outbox) -> Owed:
    return Owed(row.id, row.kind, row.subject, row.payload, row.attempts)


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
