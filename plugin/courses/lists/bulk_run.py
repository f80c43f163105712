"""Carry out an act on many courses, in the worker: each course in a transaction of its own, once.

A worker that crashes leaves a lease that expires; the next one continues with the courses that are left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.base.outbox import Job
from plugin.courses.changes.expiry import Extension, move_last_day
from plugin.courses.documents.paper_emails import send_paper
from plugin.courses.lists.bulk import EMAIL, bulk_for_change
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.bulk import BulkItem
from plugin.store.queues import Outbox
from plugin.wording import _

BULK_LEASE_S = 120
AT_ONCE = 25
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some courses to do next, and what to do with them."""

    kind: str
    is_undo: bool
    reason: str
    actor: Actor
    items: tuple[Any, ...]


def run_bulk(store: Store, clock: Clock, job: Job, *, has_mail: bool) -> str | None:
    """Carry out what is left of an act; return the outcome, None if another worker will report it."""
    while True:
        part = store.transact(lambda session: _next_part(session, clock(), job))
        if part is None:
            return None
        if not part.items:
            return _("All courses are done.")
        for item in part.items:
            state, why = _do(store, clock(), job.subject, part, item, has_mail=has_mail)
            _note(store, item.id, state, why)


def fail_bulk(store: Store, job: Job, now: datetime) -> None:
    """Record that the work failed permanently: what was changed stays changed, and can be undone."""

    def work(session: Session) -> None:
        row = bulk_for_change(session, job.subject)
        if row.state in ("running", "undoing"):
            row.state, row.ended_at = "failed", now

    store.transact(work)


def _next_part(session: Session, now: datetime, job: Job) -> _Part | None:
    """Return the next courses and extend the lease; end the act where none is left."""
    row = bulk_for_change(session, job.subject)
    outbox = session.get_one(Outbox, job.id)
    if outbox.attempts != job.attempts:
        return None
    outbox.due_at = now + timedelta(seconds=BULK_LEASE_S)
    is_undo = row.state == "undoing"
    actor = Actor(row.by, Role.OWNER, Source.DESK, row.staff_id)
    items: tuple[Any, ...] = ()
    if row.state in ("running", "undoing"):
        columns = (BulkItem.id, BulkItem.position, BulkItem.course_id, BulkItem.before, BulkItem.after)
        left = select(*columns).where(
            BulkItem.bulk_id == row.id, BulkItem.state == ("done" if is_undo else "chosen")
        )
        items = tuple(session.execute(left.order_by(BulkItem.position).limit(AT_ONCE)))
        if not items:
            row.state, row.ended_at = "undone" if is_undo else "done", now
    return _Part(row.kind, is_undo, row.reason, actor, items)


def _do(
    store: Store, now: datetime, bulk_id: str, part: _Part, item: Any, *, has_mail: bool
) -> tuple[str, str]:
    """Change one course, or change it back; return the state of its item, and why it was refused."""
    act = Act(part.actor, now, f"{bulk_id}:{item.position}{':undo' if part.is_undo else ''}")
    try:
        if part.kind == EMAIL:
            # They may have unsubscribed since the preview.
            send_paper(store, act, "summary", item.course_id, has_mail=has_mail, is_asked_for=False)
        elif part.is_undo:
            wish = Extension(item.before, _("Undone: {reason}", reason=part.reason)[:300], is_shortening=True)
            move_last_day(store, act, item.course_id, item.after, wish)
        else:
            move_last_day(store, act, item.course_id, item.before, Extension(item.after, part.reason))
    except (Refused, InvalidField, NotFound) as error:
        return ("kept" if part.is_undo else "refused"), error.message
    return ("undone" if part.is_undo else "done"), ""


def _note(store: Store, item_id: str, state: str, why: str) -> None:
    def work(session: Session) -> None:
        item = session.get_one(BulkItem, item_id)
        item.state, item.why = state, why[:400]

    store.transact(work)
