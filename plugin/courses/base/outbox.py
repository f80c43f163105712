"""What is owed to the world after a deed: papers, Square, mail. Written in the deed's own transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from plugin.courses.base.lease import claim as claim_row
from plugin.courses.base.work import Work
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.people import SquareCustomer
from plugin.store.queues import Outbox

PAPERS = "papers"
# The balance on the client's Square profile.
PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Job:
    """One effect taken up by a worker."""

    id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    attempts: int


def enqueue_in(
    work: Work,
    kind: str,
    subject: str,
    *,
    payload: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> None:
    """Owe an effect, once for all that waits already and was not taken up yet."""
    waiting = select(Outbox.id).where(
        Outbox.kind == kind,
        Outbox.subject == subject,
        Outbox.state == "pending",
        Outbox.attempts == 0,
    )
    if work.session.scalar(waiting) is not None:
        return
    work.session.add(
        Outbox(
            id=work.new_id(),
            kind=kind,
            subject=subject,
            payload=payload or {},
            created_at=work.now,
            due_at=due_at or work.now,
        )
    )


def course_changed_in(work: Work, course_id: str) -> None:
    """Have what shows the course made anew: its papers, and the balance on its client's Square profile."""
    enqueue_in(work, PAPERS, course_id)
    client_id = work.session.scalar(select(Course.client_id).where(Course.id == course_id))
    if client_id is not None:
        profile_changed_in(work, client_id)


def profile_changed_in(work: Work, client_id: str) -> None:
    """Have the balance on a client's Square profile written anew, where the client is known there."""
    known = select(SquareCustomer.client_id).where(SquareCustomer.client_id == client_id).limit(1)
    if work.session.scalar(known) is not None:
        enqueue_in(work, PROFILE, client_id)


def claim_job(store: Store, now: datetime, *, of: Collection[str], lease_s: int = 60) -> Job | None:
    """Take up the next effect of these kinds that is due, held for `lease_s` seconds; None where nothing is."""
    return claim_row(store, Outbox, now, lease_s=lease_s, seen_as=_job, only=Outbox.kind.in_(of))


def _job(row: Outbox) -> Job:
    return Job(row.id, row.kind, row.subject, row.payload, row.attempts)


def finish_job(store: Store, job_id: str, *, state: str, outcome: str, now: datetime) -> None:
    """Mark an effect done or failed, with what became of it."""
    with store.writing() as session:
        row = session.get_one(Outbox, job_id)
        row.state, row.outcome, row.done_at = state, outcome[:400], now


def retry_job_later(
    store: Store, job_id: str, *, due_at: datetime, outcome: str, attempts: int | None = None
) -> None:
    """Have an effect taken up again at `due_at`; `attempts` counts anew where that was no failure."""
    with store.writing() as session:
        row = session.get_one(Outbox, job_id)
        row.due_at, row.outcome = due_at, outcome[:400]
        if attempts is not None:
            row.attempts = attempts


def count_jobs(store: Store, *, of: Collection[str]) -> int:
    """Return how many effects of these kinds wait."""
    waiting = select(func.count()).where(Outbox.state == "pending", Outbox.kind.in_(of))
    with store.reading() as session:
        return int(session.scalar(waiting) or 0)


def last_job_subject(store: Store, kind: str) -> str | None:
    """Return what the latest effect of this kind is about, whatever became of it."""
    rows = select(Outbox.subject).where(Outbox.kind == kind).order_by(Outbox.id.desc()).limit(1)
    with store.reading() as session:
        return session.scalar(rows)
