"""The outbox: jobs (papers, Square, mail) written in a transaction and run after it is committed; the lease of a row.

One worker at a time claims a due row of a queue; a row not completed becomes due again.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor
from plugin.courses.base.events import CourseChanged
from plugin.courses.base.work import Work
from plugin.store import Store
from plugin.store.database import write
from plugin.store.prepared import Prepared
from plugin.store.queues import PENDING, Inbox
from plugin.store.tables import METADATA, Outbox, SquareCustomer

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


PAPERS = "papers"
# The balance shown on the client's Square profile.
PROFILE = "profile"
# In the payload: the id in the log of the request that caused the job.
REQUEST_ID = "request_id"
_LONGEST_OUTCOME = 400


@dataclass(frozen=True, slots=True)
class Job:
    """A job claimed by a worker."""

    id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    attempts: int

    def act(self, by: Actor, now: datetime) -> Act:
        """Return the act of running the job, under a key that is the same in each attempt."""
        return Act(by, now, f"outbox:{self.id}")


def enqueue(
    work: Work,
    kind: str,
    subject: str,
    *,
    payload: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> None:
    """Add a job, unless one of its kind and subject waits already and was not claimed yet."""
    row = _row(work) | {"id": work.new_id(), "kind": kind, "subject": subject}
    row |= {"payload": row["payload"] | (payload or {}), "due_at": due_at or work.now}
    write(work.session, _ENQUEUE, row)


def enqueue_papers_and_profile(work: Work, event: CourseChanged) -> None:
    """Enqueue a changed course's papers, and the balance on its client's Square profile if they have one."""
    work.session.flush()
    jobs = {"id": work.new_id(), "profile_id": work.new_id(), "subject": event.course_id}
    write(work.session, _ENQUEUE_BOTH, _row(work) | jobs)


def profile_changed(work: Work, client_id: str) -> None:
    """Enqueue an update of the balance on a client's Square profile, if they have one."""
    known = select(SquareCustomer.client_id).where(SquareCustomer.client_id == client_id).limit(1)
    if work.session.scalar(known) is not None:
        enqueue(work, PROFILE, client_id)


def _row(work: Work) -> dict[str, Any]:
    return {
        "payload": {REQUEST_ID: work.act.request_id} if work.act.request_id else {},
        "created_at": work.now,
        "due_at": work.now,
    }


def _new_job(*conditions: ColumnElement[bool], **given: ColumnElement[Any]) -> Select[Any]:
    """Return a job's row unless one of its kind and subject is pending; what is not `given` is a parameter."""
    of_row = ("id", "kind", "subject", "payload", "created_at", "due_at")
    values = {
        **{name: bindparam(name, type_=_JOBS.c[name].type) for name in of_row},
        "state": literal("pending"),
        "attempts": literal(0),
        "outcome": literal(""),
        **given,
    }
    # Aliased: the statement inserts into the table that it reads.
    waiting = _JOBS.alias("waiting")
    is_waiting = exists().where(
        waiting.c.subject == values["subject"],
        waiting.c.kind == values["kind"],
        waiting.c.state == "pending",
        waiting.c.attempts == 0,
    )
    return select(*(values[name] for name in _COLUMNS)).where(~is_waiting, *conditions)


_JOBS, _COURSE = METADATA.tables["outbox"], METADATA.tables["course"]
_COLUMNS = ("id", "kind", "subject", "payload", "created_at", "due_at", "state", "attempts", "outcome")
_HAS_PROFILE = exists().where(METADATA.tables["square_customer"].c.client_id == _COURSE.c.client_id)
_PROFILE_OF_COURSE = _new_job(
    _COURSE.c.id == bindparam("subject"),
    _HAS_PROFILE,
    id=bindparam("profile_id"),
    kind=literal(PROFILE),
    subject=_COURSE.c.client_id,
)
# Checks and inserts in one statement.
_ENQUEUE = Prepared(insert(_JOBS).from_select(_COLUMNS, _new_job(), include_defaults=False))
_ENQUEUE_BOTH = Prepared(
    insert(_JOBS).from_select(
        _COLUMNS, union_all(_new_job(kind=literal(PAPERS)), _PROFILE_OF_COURSE), include_defaults=False
    )
)

_COMPLETE = Prepared(
    update(_JOBS)
    .where(_JOBS.c.id == bindparam("job_id"))
    .values(state=bindparam("state"), outcome=bindparam("outcome"), done_at=bindparam("done_at"))
)


def claim_job(store: Store, now: datetime, *, of: Collection[str], lease_s: int = 60) -> Job | None:
    """Claim the next due job of these kinds for `lease_s` seconds; None where none is due."""
    return _queue(frozenset(of)).claim(store, now, lease_s=lease_s, seen_as=_job)


def claim_job_in(session: Session, now: datetime, *, of: Collection[str], lease_s: int = 60) -> Job | None:
    """Do what `claim_job` does in a transaction that has begun."""
    return _queue(frozenset(of)).claim_in(session, now, lease_s=lease_s, seen_as=_job)


@cache
def _queue(kinds: frozenset[str]) -> Queue[Outbox]:
    return Queue(Outbox, Outbox.kind.in_(sorted(kinds)))


def _job(row: Outbox) -> Job:
    return Job(row.id, row.kind, row.subject, row.payload, row.attempts)


def complete_job(store: Store, job_id: str, *, state: str, outcome: str, now: datetime) -> None:
    """Mark a job done or failed, with its outcome in words."""
    store.transact(lambda session: complete_job_in(session, job_id, state=state, outcome=outcome, now=now))


def complete_job_in(session: Session, job_id: str, *, state: str, outcome: str, now: datetime) -> None:
    """Do what `complete_job` does in a transaction that has begun."""
    values = {"job_id": job_id, "state": state, "outcome": outcome[:_LONGEST_OUTCOME], "done_at": now}
    write(session, _COMPLETE, values)


def retry_job_later(store: Store, job_id: str, *, due_at: datetime, outcome: str) -> None:
    """Have a job that failed run again at `due_at`."""
    with store.writing() as session:
        row = session.get_one(Outbox, job_id)
        row.due_at, row.outcome = due_at, outcome[:_LONGEST_OUTCOME]


def run_job_again_in(session: Session, job_id: str, *, due_at: datetime, outcome: str) -> None:
    """Have a job that succeeded run again at `due_at`, as if for the second time."""
    row = session.get_one(Outbox, job_id)
    row.due_at, row.outcome, row.attempts = due_at, outcome[:_LONGEST_OUTCOME], 1


def count_jobs(store: Store, *, of: Collection[str]) -> int:
    """Return how many jobs of these kinds are pending."""
    waiting = select(func.count()).where(Outbox.state == "pending", Outbox.kind.in_(of))
    with store.reading() as session:
        return int(session.scalar(waiting) or 0)


def last_job_subject(store: Store, kind: str) -> str | None:
    """Return the subject of the latest job of this kind, whatever its state."""
    rows = select(Outbox.subject).where(Outbox.kind == kind).order_by(Outbox.id.desc()).limit(1)
    with store.reading() as session:
        return session.scalar(rows)
