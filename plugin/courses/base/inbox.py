"""The inbox: Square's events, stored as received until handled; and how far a list of Square's was read.

The unique id of an event stops replays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.outbox import Queue
from plugin.courses.base.suppression import NO_BODY, is_anyone_erased_in, names_erased_in
from plugin.courses.base.work import in_session
from plugin.store import Store
from plugin.store.database import write
from plugin.store.prepared import Prepared
from plugin.store.tables import METADATA, PENDING, Bookmark, Inbox


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """One event that a worker has claimed."""

    id: str
    event_id: str
    event_type: str
    body: str
    attempts: int
    received_at: datetime


def receive(store: Store, *, event_id: str, event_type: str, body: str, now: datetime) -> bool:
    """Store an event; False where its id was received before."""
    row = {
        "id": store.new_id(),
        "event_id": event_id,
        "event_type": event_type[:80],
        "body": body,
        "received_at": now,
        "due_at": now,
    }
    with store.writing() as session:
        return _RECEIVE.run(session.connection(), row) == 1


# In words that both databases know.
_INBOX = METADATA.tables[Inbox.__tablename__]
_RECEIVE = Prepared(postgresql.insert(_INBOX).on_conflict_do_nothing(index_elements=["event_id"]))


def claim(store: Store, now: datetime, *, lease_s: int = 30) -> InboxEvent | None:
    """Claim the event that has been due longest; it is due again after `lease_s` seconds unless completed."""
    return _QUEUE.claim(store, now, lease_s=lease_s, seen_as=_event)


_QUEUE = Queue(Inbox)


def _event(row: Inbox) -> InboxEvent:
    return InboxEvent(row.id, row.event_id, row.event_type, row.body, row.attempts, row.received_at)


def complete_in(session: Session, inbox_id: str, *, state: str, outcome: str, now: datetime) -> None:
    """Mark an event done, ignored or failed in the transaction of its effects."""
    if is_anyone_erased_in(session) and names_erased_in(session, _body_in(session, inbox_id)):
        session.execute(update(Inbox).where(Inbox.id == inbox_id).values(body=NO_BODY))
    values = {"inbox_id": inbox_id, "state": state, "outcome": outcome[:400], "done_at": now}
    write(session, _COMPLETE, values)


complete = in_session(complete_in)


_COMPLETE = Prepared(update(_INBOX).where(_INBOX.c.id == bindparam("inbox_id")))


def _body_in(session: Session, inbox_id: str) -> str:
    return session.scalars(select(Inbox.body).where(Inbox.id == inbox_id)).one()


@in_session
def retry_later(session: Session, inbox_id: str, *, due_at: datetime, outcome: str) -> None:
    """Reschedule an event to `due_at`."""
    row = session.get_one(Inbox, inbox_id)
    row.due_at, row.outcome = due_at, outcome[:400]


def try_again_in(session: Session, inbox_id: str, now: datetime) -> None:
    """Make a failed event due now, as if just received."""
    row = session.get_one(Inbox, inbox_id)
    row.state, row.due_at, row.attempts, row.done_at = "pending", now, 0, None


@dataclass(frozen=True, slots=True)
class InboxState:
    """The state of the inbox, for the owner's page and `/readyz`."""

    pending: int
    failed: int
    oldest_pending_at: datetime | None
    last_received_at: datetime | None


def inbox_state(store: Store) -> InboxState:
    """Return how many events are pending or have failed, and the times that matter."""
    with store.reading() as session:
        pending, oldest = session.execute(
            select(func.count(), func.min(Inbox.received_at)).where(text(f"inbox.{PENDING}"))
        ).one()
        failed = session.scalar(select(func.count()).where(Inbox.state == "failed")) or 0
        newest = session.scalar(
            select(Inbox.received_at)
            .where(Inbox.event_type.not_like("sweep.%"))
            .order_by(Inbox.received_at.desc())
            .limit(1)
        )
    return InboxState(pending, failed, oldest, newest)


def bookmark_of(store: Store, name: str) -> str | None:
    """Return the text stored under this name."""
    with store.reading() as session:
        kept = session.get(Bookmark, name)
        return kept.value if kept else None


def save_bookmark_in(session: Session, act: Act, name: str, value: str) -> None:
    """Store this text under the name, replacing any earlier one."""
    kept = session.get(Bookmark, name)
    if kept is None:
        session.add(Bookmark(name=name, value=value[:200], at=act.now))
        return
    kept.value, kept.at = value[:200], act.now


save_bookmark = in_session(save_bookmark_in)


def drop_bookmark_in(session: Session, name: str) -> None:
    """Delete the text stored under this name."""
    kept = session.get(Bookmark, name)
    if kept is not None:
        session.delete(kept)


@in_session
def take_turn(session: Session, act: Act, name: str, *, every: timedelta) -> bool:
    """Return whether it is this process's turn, and store that it took it: several workers share one rate.

    A turn that was taken less than `every` ago is still taken; one ahead of now was taken by a clock that was wrong.
    """
    row = session.get(Bookmark, name, with_for_update=True)
    since = act.now - datetime.fromisoformat(row.value) if row else None
    if since is not None and timedelta() <= since < every:
        return False
    save_bookmark_in(session, act, name, act.now.isoformat())
    return True
