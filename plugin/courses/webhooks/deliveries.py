"""Deliveries of events: made for each receiver, claimed in the order of each course, retried, given up, replayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, exists, select, update
from sqlalchemy.orm import Session, aliased

from plugin.core.acts import SQUARE, Act
from plugin.core.batches import batched
from plugin.core.status import IN_USE
from plugin.courses.base.attention import open_item
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.views import Page, from_row
from plugin.courses.base.work import Work, allowed, require_row, transact
from plugin.courses.webhooks.receivers import (
    EventKind,
    document_of,
    receiver_for_change,
    receivers_in,
    test_document,
    wants,
    with_names,
)
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.listing import ListedCourse
from plugin.store.prepared import Prepared
from plugin.store.queues import EventDelivery, EventReceiver, OutgoingEvent
from plugin.wording import N_, _

GIVEN_UP = "events_given_up"
# How long a worker may take over one call; then another one tries again.
LEASE = timedelta(seconds=90)
# The waits after each failed try, in minutes: as Standard Webhooks suggests, over three days.
WAITS_MIN: tuple[float, ...] = (0.1, 5, 30, 120, 300, 600, 840, 1200, 1440)
# Days before the last one on which a course is said to expire.
EXPIRING_DAYS = (30, 7)
NO_DELIVERY = N_("There is no such delivery.")
MOST_REPLAYED = 5000
_AT_ONCE = 200
_LONGEST_SAID = 300


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to make now: to whom, what, and the sealed keys that sign it."""

    id: int
    event_id: int
    receiver_id: str
    url: str
    may_be_private: bool
    document: dict[str, Any]
    sealed_keys: tuple[str, ...]
    attempts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the HTTP status if there was an answer, and its first line or what went wrong."""

    is_delivered: bool
    said: str
    status: int | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery as the owner sees it."""

    id: int
    event_id: int
    kind: str
    course_id: str
    receiver_id: str
    receiver_name: str
    state: str
    attempts: int
    status: int | None
    said: str
    noted_at: datetime
    due_at: datetime
    tried_at: datetime | None


def fan_out(store: Store, now: datetime) -> int:
    """Make documents and deliveries of the events that are new; return how many events."""
    if not store.rows(_HAS_NEW, {}):
        return 0
    return transact(store, Act(SQUARE, now, "events"), _fan_out)


_HAS_NEW = Prepared(select(OutgoingEvent.id).where(OutgoingEvent.document.is_(None)).limit(1))


def _fan_out(work: Work) -> int:
    new = select(OutgoingEvent).where(OutgoingEvent.document.is_(None)).order_by(OutgoingEvent.id)
    events = work.session.scalars(new.limit(_AT_ONCE).with_for_update(skip_locked=True)).all()
    receivers = receivers_in(work.session)
    for event in events:
        event.document = document_of(work.session, event)
        work.session.add_all(_delivery(event, row, work.now) for row in receivers if wants(row, event.kind))
    work.session.flush()
    return len(events)


def _delivery(event: OutgoingEvent, receiver: EventReceiver, now: datetime) -> EventDelivery:
    return EventDelivery(
        event_id=event.id, receiver_id=receiver.id, course_id=event.course_id, due_at=now, said=""
    )


def claim_delivery(store: Store, now: datetime) -> Claimed | None:
    """Claim the next due delivery that no earlier one of its course waits before; None where none is due."""

    def work(session: Session) -> Claimed | None:
        row = session.scalar(_DUE.with_for_update(skip_locked=True, of=EventDelivery), {"now": now})
        if row is None:
            return None
        row.due_at, row.attempts, row.tried_at = now + LEASE, row.attempts + 1, now
        event = session.get_one(OutgoingEvent, row.event_id)
        receiver = session.get_one(EventReceiver, row.receiver_id)
        document = event.document or {}
        is_rotating = receiver.old_until is not None and receiver.old_until > now
        old = (receiver.old_secret_sealed,) if is_rotating and receiver.old_secret_sealed else ()
        return Claimed(
            row.id,
            event.id,
            receiver.id,
            receiver.url,
            receiver.may_be_private,
            with_names(session, document) if receiver.has_names else document,
            (receiver.secret_sealed, *old),
            row.attempts,
        )

    return store.transact(work) if store.rows(_HAS_DUE, {"now": now}) else None


def _due() -> Select[EventDelivery]:
    earlier = aliased(EventDelivery)
    is_first = ~exists().where(
        earlier.receiver_id == EventDelivery.receiver_id,
        earlier.course_id == EventDelivery.course_id,
        earlier.event_id < EventDelivery.event_id,
        earlier.state == "pending",
    )
    return (
        select(EventDelivery)
        .join(EventReceiver, EventReceiver.id == EventDelivery.receiver_id)
        .where(
            EventDelivery.state == "pending",
            EventDelivery.due_at <= bindparam("now"),
            EventReceiver.ended_at.is_(None),
            is_first,
        )
        .order_by(EventDelivery.due_at, EventDelivery.id)
        .limit(1)
    )


_DUE = _due()
_HAS_DUE = Prepared(_DUE.with_only_columns(EventDelivery.id))


def finish_delivery(store: Store, now: datetime, claimed: Claimed, outcome: Outcome) -> str:
    """Record what came of a call; return the state: delivered, pending (to retry) or failed."""

    def do(work: Work) -> str:
        row = work.session.get(EventDelivery, claimed.id, with_for_update=True)
        if row is None or row.state != "pending" or row.attempts != claimed.attempts:
            # Another worker has it, or the owner has replayed it meanwhile.
            return "elsewhere"
        row.status, row.said = outcome.status, outcome.said[:_LONGEST_SAID]
        if outcome.is_delivered:
            row.state = "delivered"
        elif outcome.is_gone or row.attempts > len(WAITS_MIN):
            row.state = "failed"
            _open_given_up(work, claimed, outcome)
        else:
            row.due_at = work.now + timedelta(minutes=WAITS_MIN[row.attempts - 1])
        return row.state

    return transact(store, Act(SQUARE, now, f"delivery:{claimed.id}"), do)


def _open_given_up(work: Work, claimed: Claimed, outcome: Outcome) -> None:
    receiver = work.session.get_one(EventReceiver, claimed.receiver_id)
    open_item(
        work,
        kind=GIVEN_UP,
        dedupe=f"{GIVEN_UP}:{receiver.id}:{work.now:%Y-%m-%d}",
        summary=_(
            "Events for {name} could not be delivered: {said}", name=receiver.name, said=outcome.said[:200]
        ),
        details={
            "receiver_id": receiver.id,
            "proposal": _("Look at the program that receives them, then send them again."),
        },
    )


def list_deliveries(
    store: Store,
    *,
    state: str = "",
    receiver_id: str = "",
    limit: int = 100,
    cursor: str | None = None,
    is_oldest_first: bool = False,
) -> Page[DeliveryRow]:
    """Return deliveries, the newest first unless said; raises NotFound for an unreadable cursor."""
    number = EventDelivery.id
    query = (
        select(EventDelivery, OutgoingEvent, EventReceiver.name)
        .join(OutgoingEvent, OutgoingEvent.id == EventDelivery.event_id)
        .join(EventReceiver, EventReceiver.id == EventDelivery.receiver_id)
        .order_by(number.asc() if is_oldest_first else number.desc())
        .limit(limit + 1)
    )
    if state:
        query = query.where(EventDelivery.state == state)
    if receiver_id:
        query = query.where(EventDelivery.receiver_id == receiver_id)
    if cursor:
        last = delivery_number(cursor, _("The list has changed; start it again."))
        query = query.where(number > last if is_oldest_first else number < last)
    with store.reading() as session:
        rows = tuple(_view(*row) for row in session.execute(query))
    return Page.of(rows, limit, lambda delivery: str(delivery.id))


def delivery_number(typed: str, missing: str = NO_DELIVERY) -> int:
    """Return the id of a delivery as it stands in an address; raises NotFound with this sentence."""
    # ASCII digits only: int() refuses some of the other scripts. No database has a longer id.
    if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
        raise NotFound(missing)
    return int(typed)


def _view(row: EventDelivery, event: OutgoingEvent, name: str) -> DeliveryRow:
    return from_row(
        DeliveryRow, row, event_id=event.id, kind=event.kind, receiver_name=name, noted_at=event.noted_at
    )


@allowed()
def replay_delivery(work: Work, delivery_id: int) -> None:
    """Send one delivery again, with the same id; raises NotFound, or Refused where it waits anyway."""
    row = require_row(work.session, EventDelivery, delivery_id, NO_DELIVERY, is_locked=True)
    receiver_for_change(work.session, row.receiver_id)
    if row.state == "pending" and row.attempts == 0:
        raise Refused(_("It is about to be sent anyway."), code="pending")
    row.state, row.attempts, row.due_at = "pending", 0, work.now


def send_failed_again_in(work: Work, receiver_id: str) -> None:
    """Send all failed deliveries of a receiver again, in their order."""
    receiver_for_change(work.session, receiver_id)
    is_failed = (EventDelivery.receiver_id == receiver_id, EventDelivery.state == "failed")
    work.session.execute(
        update(EventDelivery).where(*is_failed).values(state="pending", attempts=0, due_at=work.now)
    )


@allowed()
def replay_span(
    work: Work, receiver_id: str, first: datetime, last: datetime, *, only_failed: bool = False
) -> int:
    """Send the events of a span of time again, also those of before it was added; return how many."""
    if last < first:
        raise InvalidField(_("The end is before the start."), field="to")
    receiver = receiver_for_change(work.session, receiver_id)
    within = (OutgoingEvent.noted_at >= first, OutgoingEvent.noted_at < last)
    events = work.session.scalars(
        select(OutgoingEvent)
        .where(*within, OutgoingEvent.document.is_not(None))
        .order_by(OutgoingEvent.id)
        .limit(MOST_REPLAYED + 1)
    ).all()
    if len(events) > MOST_REPLAYED:
        raise InvalidField(
            _("That is more than {n} events. Choose a shorter time.", n=MOST_REPLAYED), field="to"
        )
    known = _known(work.session, receiver_id, [each.id for each in events])
    if not only_failed:
        fresh = [each for each in events if each.id not in known and wants(receiver, each.kind)]
        work.session.add_all(_delivery(each, receiver, work.now) for each in fresh)
    again = [row.id for row in known.values() if row.state == "failed" or not only_failed]
    for some in batched(again, _AT_ONCE):
        work.session.execute(
            update(EventDelivery)
            .where(EventDelivery.id.in_(some))
            .values(state="pending", attempts=0, due_at=work.now)
        )
    return len(again) + (0 if only_failed else len(fresh))


def _known(session: Session, receiver_id: str, event_ids: Sequence[int]) -> dict[int, EventDelivery]:
    found: dict[int, EventDelivery] = {}
    for some in batched(event_ids, _AT_ONCE):
        rows = select(EventDelivery).where(
            EventDelivery.receiver_id == receiver_id, EventDelivery.event_id.in_(some)
        )
        found |= {row.event_id: row for row in session.scalars(rows)}
    return found


@allowed()
def send_test(work: Work, receiver_id: str) -> None:
    receiver = receiver_for_change(work.session, receiver_id)
    event = OutgoingEvent(
        kind=EventKind.TEST.value,
        subject=f"test:{work.new_id()}",
        course_id="",
        noted_at=work.now,
        document={},
    )
    work.add(event)
    event.document = test_document(event.id, work.now)
    work.session.add(_delivery(event, receiver, work.now))


def note_expiring(store: Store, now: datetime) -> int:
    """Note the courses that expire within 30 or 7 days, each once; return how many."""
    with store.reading() as session:
        if not receivers_in(session):
            return 0
        today = local_date_in(session, now)
        soon = session.execute(_expiring(today)).all()
        wanted = {f"expiring:{course_id}:{day}:{_days(day, today)}": course_id for course_id, day in soon}
        known = set[str]()
        for some in batched(wanted, _AT_ONCE):
            noted = select(OutgoingEvent.subject).where(OutgoingEvent.subject.in_(some))
            known |= set(session.scalars(noted))
    new = {subject: course_id for subject, course_id in wanted.items() if subject not in known}

    def do(session: Session) -> int:
        kind = EventKind.EXPIRING.value
        session.add_all(
            OutgoingEvent(kind=kind, subject=subject, course_id=course_id, noted_at=now)
            for subject, course_id in new.items()
        )
        return len(new)

    return store.transact(do) if new else 0


def _days(day: date, today: date) -> int:
    return min(days for days in EXPIRING_DAYS if (day - today).days <= days)


def _expiring(today: date) -> Select[str, date]:
    return select(ListedCourse.course_id, ListedCourse.expires_on).where(
        ListedCourse.expires_on >= today,
        ListedCourse.expires_on <= today + timedelta(days=max(EXPIRING_DAYS)),
        ListedCourse.sessions_left > 0,
        ListedCourse.status.in_(IN_USE),
    )


def read_delivery(store: Store, delivery_id: int) -> DeliveryRow:
    """Return a delivery; raises NotFound."""
    with store.reading() as session:
        row = require_row(session, EventDelivery, delivery_id, NO_DELIVERY)
        event = session.get_one(OutgoingEvent, row.event_id)
        return _view(row, event, session.get_one(EventReceiver, row.receiver_id).name)
