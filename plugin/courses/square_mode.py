"""How sales reach us: by Square's events, or by asking Square for what changed ("polling").

Decided anew each time from what arrived, so that a clinic without a public address needs no setting, and one
whose events arrive again is served by them again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.bookmarks import bookmark_of
from plugin.store import Store
from plugin.store.queues import Inbox
from plugin.store.square_side import Connection

# When Square was last asked for what changed.
POLLED_AT = "polled_at"
# What is asked for shows up here; an event about the same sale may be a moment behind.
EVENT_MAY_TAKE = timedelta(minutes=1)
_FOUND = ("sweep.order", "sweep.refund")


@dataclass(frozen=True, slots=True)
class SquareMode:
    """Whether Square is polled, since when, and what was last received and asked.

    `since`: the first sale that no event reported, or the connection where no event ever came; None if unknown.
    """

    is_polling: bool
    since: datetime | None
    last_event_at: datetime | None
    polled_at: datetime | None

    @property
    def name(self) -> str:
        """Return "polling" or "events"."""
        return "polling" if self.is_polling else "events"


def square_mode(store: Store, now: datetime) -> SquareMode:
    """Return how sales reach us at this moment."""
    polled = bookmark_of(store, POLLED_AT)
    polled_at = datetime.fromisoformat(polled) if polled else None
    with store.reading() as session:
        last_event_at = session.scalar(
            select(Inbox.received_at)
            .where(Inbox.event_type.not_like("sweep.%"))
            .order_by(Inbox.received_at.desc())
            .limit(1)
        )
        if last_event_at is None:
            return SquareMode(True, session.scalar(select(Connection.connected_at)), None, polled_at)
        missed_at = _missed_since(session, last_event_at)
    is_polling = missed_at is not None and now - missed_at >= EVENT_MAY_TAKE
    return SquareMode(is_polling, missed_at if is_polling else last_event_at, last_event_at, polled_at)


def _missed_since(session: Session, last_event_at: datetime) -> datetime | None:
    """Return when the first sale or refund was found that no event has reported since."""
    found = select(Inbox.received_at).where(
        Inbox.received_at > last_event_at, Inbox.event_type.in_(_FOUND), Inbox.state != "ignored"
    )
    return session.scalar(found.order_by(Inbox.received_at).limit(1))
