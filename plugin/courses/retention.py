"""How long the bodies of Square's events are stored: a month after they were handled. Only the row itself stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from plugin.courses.base.suppression import NO_BODY
from plugin.store import Store
from plugin.store.queues import Inbox

KEPT_FOR = timedelta(days=30)
_AT_ONCE = 500


def drop_old_event_bodies(store: Store, now: datetime) -> int:
    """Blank the bodies of events that were handled long ago, some at a time; return how many."""
    old = (
        select(Inbox.id)
        .where(
            Inbox.state.in_(("done", "ignored")),
            Inbox.received_at < now - KEPT_FOR,
            Inbox.done_at < now - KEPT_FOR,
            Inbox.body != NO_BODY,
        )
        .limit(_AT_ONCE)
    )
    with store.reading() as session:
        ids = list(session.scalars(old))
    if ids:
        with store.writing() as session:
            session.execute(update(Inbox).where(Inbox.id.in_(ids)).values(body=NO_BODY))
    return len(ids)
