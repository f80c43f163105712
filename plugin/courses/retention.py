"""What is deleted automatically, and when. The ledger, documents and history never are.

A quote is deleted with what clients answered, after `CLIENT_ANSWER_DAYS`.
A row of the activity log and of the access log is deleted after `ACTIVITY_DAYS`.
The body of a finished event is deleted after a month. After `RETENTION_DAYS` its row is too, with finished
jobs, idempotency keys and syncs. No repeat of an event is pending any more by then: Square retries for 24
hours, and the sync finds within the hour what no event reported. A replayed event would only have its subject
fetched again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from plugin.courses.base.suppression import NO_BODY
from plugin.store import Store
from plugin.store.agreements import Quote
from plugin.store.changes import Activity
from plugin.store.clinical import CheckAnswer, OwnRating
from plugin.store.ledger import Operation
from plugin.store.people import ClientOpening, HandOver
from plugin.store.queues import EventDelivery, Inbox, Outbox, OutgoingEvent, Sweep
from plugin.store.selling import PublicOrder
from plugin.store.square_side import OAuthAttempt

BODIES_KEPT_FOR = timedelta(days=30)
_AT_ONCE = 500
# Jobs about a moment (`plugin.alarms`): none of them ever succeeds another.
_OF_A_MOMENT = ("alarm_mail", "alarm_webhook")
_FINISHED = ("done", "ignored")


def drop_old_event_bodies(store: Store, now: datetime) -> int:
    """Blank the bodies of events that finished long ago; return how many, not all of them at once."""
    before = now - BODIES_KEPT_FOR
    old = (
        select(Inbox.id)
        .where(
            Inbox.state.in_(_FINISHED),
            Inbox.received_at < before,
            Inbox.done_at < before,
            Inbox.body != NO_BODY,
        )
        .limit(_AT_ONCE)
    )
    ids = _read(store, old)
    if ids:
        with store.writing() as session:
            session.execute(update(Inbox).where(Inbox.id.in_(ids)).values(body=NO_BODY))
    return len(ids)


def drop_old_rows(store: Store, now: datetime, *, days: int, log_days: int, answer_days: int) -> int:
    """Delete rows not needed after so many days; return how many, at most some hundred of each table.

    `log_days`: how long the activity log and the access log are kept; `answer_days`: what clients answered.
    """
    dropped = 0
    log_before = now - timedelta(days=log_days)
    old = (
        *_old(now - timedelta(days=days)),
        *_old_log(store, log_before, log_days),
        *_old_answers(now - timedelta(days=answer_days)),
    )
    for key, is_old in old:
        ids = _read(store, select(key).where(is_old).limit(_AT_ONCE))
        if ids:
            with store.writing() as session:
                session.execute(delete(key.class_).where(key.in_(ids)))
        dropped += len(ids)
    return dropped


def _old(before: datetime) -> Iterator[tuple[InstrumentedAttribute[Any], ColumnElement[bool]]]:
    newer, later = aliased(Outbox), aliased(Sweep)
    # A failed job is shown until another of its kind has succeeded.
    is_superseded = exists().where(
        newer.kind == Outbox.kind, newer.subject == Outbox.subject, newer.id > Outbox.id
    )
    # The next sync continues where the last successful one began.
    has_later = exists().where(
        later.started_at > Sweep.started_at, later.finished_at.is_not(None), later.error == ""
    )
    yield Inbox.id, Inbox.state.in_(_FINISHED) & (Inbox.done_at < before)
    yield (
        Outbox.id,
        Outbox.state.in_(("done", "failed"))
        & (Outbox.done_at < before)
        & or_(Outbox.state == "done", is_superseded, Outbox.kind.in_(_OF_A_MOMENT)),
    )
    yield Operation.key, Operation.at < before
    is_waiting = exists().where(EventDelivery.event_id == OutgoingEvent.id)
    yield EventDelivery.id, (EventDelivery.state != "pending") & (EventDelivery.tried_at < before)
    yield OutgoingEvent.id, (OutgoingEvent.noted_at < before) & ~is_waiting
    # Who chose a package and never paid is nobody's client.
    yield PublicOrder.id, (PublicOrder.state != "paid") & (PublicOrder.begun_at < before)
    yield Sweep.id, (Sweep.started_at < before) & has_later
    yield OAuthAttempt.state_sha256, OAuthAttempt.asked_at < before


def _old_log(
    store: Store, before: datetime, days: int
) -> Iterator[tuple[InstrumentedAttribute[Any], ColumnElement[bool]]]:
    yield ClientOpening.id, ClientOpening.at < before
    with store.reading() as session:
        newest = session.scalar(select(func.max(Activity.at)))
    if newest is not None:
        # The table refuses to lose what is younger than a year, counted from its newest row.
        yield Activity.id, Activity.at < min(before, newest - timedelta(days=days))


def _old_answers(before: datetime) -> Iterator[tuple[InstrumentedAttribute[Any], ColumnElement[bool]]]:
    yield Quote.id, Quote.made_at < before
    yield OwnRating.id, OwnRating.rated_at < before
    yield CheckAnswer.id, CheckAnswer.answered_at < before
    yield HandOver.id, HandOver.started_at < before


def _read(store: Store, which: Select[Any]) -> list[Any]:
    with store.reading() as session:
        return list(session.scalars(which))
