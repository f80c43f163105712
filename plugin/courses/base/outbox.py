"""The outbox: jobs to run after a transaction, such as papers, Square and mail; written in that transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Insert, String, bindparam, exists, func, insert, literal, select

from plugin.courses.base.events import CourseChanged
from plugin.courses.base.lease import claim as claim_row
from plugin.courses.base.work import Work
from plugin.store import Store
from plugin.store.people import SquareCustomer
from plugin.store.queues import Outbox
from plugin.store.tables import METADATA

PAPERS = "papers"
# The balance on the client's Square profile.
PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Job:
    """A job claimed by a worker."""

    id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    attempts: int


def enqueue(
    work: Work,
    kind: str,
    subject: str,
    *,
    payload: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> None:
    """Add a job, unless one of its kind and subject waits already and was not claimed yet."""
    row = _row(work, kind, subject) | {"payload": payload or {}, "due_at": due_at or work.now}
    work.session.connection().execute(_ENQUEUE, row)


def enqueue_papers(work: Work, event: CourseChanged) -> None:
    """Have the papers of a changed course drawn again."""
    enqueue(work, PAPERS, event.course_id)


def enqueue_profile(work: Work, event: CourseChanged) -> None:
    """Have the balance on the Square profile of a changed course's client written again, if they have one."""
    work.session.flush()
    row = _row(work, PROFILE, "") | {"course_id": event.course_id}
    work.session.connection().execute(_ENQUEUE_PROFILE_OF_COURSE, row)


def profile_changed(work: Work, client_id: str) -> None:
    """Have the balance on a client's Square profile written again, if they have one."""
    known = select(SquareCustomer.client_id).where(SquareCustomer.client_id == client_id).limit(1)
    if work.session.scalar(known) is not None:
        enqueue(work, PROFILE, client_id)


def _row(work: Work, kind: str, subject: str) -> dict[str, Any]:
    return {
        "id": work.new_id(),
        "kind": kind,
        "subject": subject,
        "payload": {},
        "created_at": work.now,
        "due_at": work.now,
    }


def _enqueue(subject: ColumnElement[str], *conditions: ColumnElement[bool]) -> Insert:
    """Return the statement that adds a job where none of its kind and subject waits: a look and an insert in one."""
    jobs = METADATA.tables["outbox"]
    # Another name for what is looked at: SQLite would take the row that is written for it.
    waiting = jobs.alias("waiting")
    kind = bindparam("kind", type_=jobs.c.kind.type)
    is_waiting = exists().where(
        waiting.c.subject == subject,
        waiting.c.kind == kind,
        waiting.c.state == "pending",
        waiting.c.attempts == 0,
    )
    values = {
        "id": bindparam("id", type_=jobs.c.id.type),
        "kind": kind,
        "subject": subject,
        "payload": bindparam("payload", type_=jobs.c.payload.type),
        "created_at": bindparam("created_at", type_=jobs.c.created_at.type),
        "due_at": bindparam("due_at", type_=jobs.c.due_at.type),
        "state": literal("pending"),
        "attempts": literal(0),
        "outcome": literal(""),
    }
    row = select(*values.values()).where(~is_waiting, *conditions)
    return insert(jobs).from_select(list(values), row, include_defaults=False)


_COURSE = METADATA.tables["course"]
_ENQUEUE = _enqueue(bindparam("subject", type_=String))
_ENQUEUE_PROFILE_OF_COURSE = _enqueue(
    _COURSE.c.client_id,
    _COURSE.c.id == bindparam("course_id"),
    exists().where(METADATA.tables["square_customer"].c.client_id == _COURSE.c.client_id),
)


def claim_job(store: Store, now: datetime, *, of: Collection[str], lease_s: int = 60) -> Job | None:
    """Claim the next due job of these kinds for `lease_s` seconds; None where none is due."""
    return claim_row(store, Outbox, now, lease_s=lease_s, seen_as=_job, only=Outbox.kind.in_(of))


def _job(row: Outbox) -> Job:
    return Job(row.id, row.kind, row.subject, row.payload, row.attempts)


def complete_job(store: Store, job_id: str, *, state: str, outcome: str, now: datetime) -> None:
    """Mark a job done or failed, with its outcome in words."""
    with store.writing() as session:
        row = session.get_one(Outbox, job_id)
        row.state, row.outcome, row.done_at = state, outcome[:400], now


def retry_job_later(
    store: Store, job_id: str, *, due_at: datetime, outcome: str, attempts: int | None = None
) -> None:
    """Have a job run again at `due_at`; pass `attempts` where the last one was no failure."""
    with store.writing() as session:
        row = session.get_one(Outbox, job_id)
        row.due_at, row.outcome = due_at, outcome[:400]
        if attempts is not None:
            row.attempts = attempts


def count_jobs(store: Store, *, of: Collection[str]) -> int:
    """Return how many jobs of these kinds wait."""
    waiting = select(func.count()).where(Outbox.state == "pending", Outbox.kind.in_(of))
    with store.reading() as session:
        return int(session.scalar(waiting) or 0)


def last_job_subject(store: Store, kind: str) -> str | None:
    """Return the subject of the latest job of this kind, whatever its state."""
    rows = select(Outbox.subject).where(Outbox.kind == kind).order_by(Outbox.id.desc()).limit(1)
    with store.reading() as session:
        return session.scalar(rows)
