"""Disputed payments: what an event or a look brings, with the order whose courses it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.dispute_flags import question_mark
from plugin.courses.base.inbox import receive
from plugin.courses.base.work import Work
from plugin.courses.refunds.disputes import DisputeRecord, save_dispute
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.effects import Effects
from plugin.square.event_body import object_in
from plugin.square.models import Payment
from plugin.square.parsing import (
    Json,
    moment,
    money,
    optional_id,
    optional_moment,
    record,
    square_id,
    text,
)
from plugin.square.synthetic_events import Looked
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.queues import Attention
from plugin.store.square_side import Dispute

SWEPT_DISPUTE = "sweep.dispute"


def handle_dispute(services: Services, data: Json) -> Effects:
    """Say what a dispute brings, with its payment's order."""
    answer = _answer(services, data)
    payment_id = _payment_id(answer)
    told = dispute_of(answer, payment_id, _order_of(services, payment_id))

    def keep(work: Work) -> str:
        return save_dispute(work, told)

    return Effects(effects=(keep,))


def sync_disputes(services: Services, _since: datetime) -> Iterator[Looked]:
    """Look through all disputes: news are those that moved, and those whose sale was booked after them."""
    for page in services.square.disputes():
        known = _known(services.store, page)
        found = [
            {"kind": "dispute", "id": id_, "what": f"A dispute, {text(one.get('state'))}"}
            for one in page
            if (id_ := _id(one)) and known.get(id_) != text(one.get("state")) and _receive(services, id_, one)
        ]
        yield Looked(len(page), found)


def dispute_of(answer: Json, payment_id: str | None, order_id: str | None) -> DisputeRecord:
    """Read a dispute; raises SquareFailed."""
    version = answer.get("version")
    updated_at = optional_moment(answer.get("updated_at"), "dispute updated_at")
    return DisputeRecord(
        square_dispute_id=square_id(_id(answer), "dispute id"),
        state=text(answer.get("state"))[:40],
        amount=money(answer.get("amount_money"), "dispute amount"),
        reason=text(answer.get("reason"))[:80],
        due_at=optional_moment(answer.get("due_at"), "dispute due_at"),
        square_payment_id=payment_id,
        square_order_id=order_id,
        version=version if isinstance(version, int) else None,
        updated_at=updated_at or moment(answer.get("created_at"), "dispute created_at"),
    )


def _id(answer: Json) -> str:
    return text(answer.get("id")) or text(answer.get("dispute_id"))


def _answer(services: Services, data: Json) -> Json:
    try:
        return services.square.dispute(square_id(data.get("id"), "dispute id"))
    except SquareNotFound:
        # The event was signed, so what it carries is Square's word as well; Square's schema calls it "object".
        told = object_in(data, "dispute") or object_in(data, "object")
        if told is None:
            raise
        return told


def _payment_id(answer: Json) -> str | None:
    disputed = record(answer.get("disputed_payment") or {}, "disputed_payment")
    return optional_id(disputed.get("payment_id"), "disputed payment_id")


def _order_of(services: Services, payment_id: str | None) -> str | None:
    if payment_id is None:
        return None
    try:
        return Payment.read(services.square.payment(payment_id)).order_id
    except SquareNotFound:
        return None


def _known(store: Store, page: Sequence[Json]) -> dict[str, str]:
    """Return the state in which each of these disputes is known; "" where its question is still to be asked."""
    rows = select(Dispute).where(Dispute.square_dispute_id.in_([_id(one) for one in page]))
    with store.reading() as session:
        return {
            row.square_dispute_id: "" if _is_unasked(session, row) else row.state
            for row in session.scalars(rows)
        }


def _is_unasked(session: Session, row: Dispute) -> bool:
    if row.square_order_id is None or row.state in ("WON", "INQUIRY_CLOSED"):
        return False
    mark = question_mark(row.square_dispute_id)
    if session.scalar(select(Attention.id).where(Attention.dedupe == mark)) is not None:
        return False
    open_course = select(Course.id).where(
        Course.square_order_id == row.square_order_id, Course.closed_as.is_(None)
    )
    return session.scalar(open_course.limit(1)) is not None


def _receive(services: Services, id_: str, dispute: Json) -> bool:
    now = services.clock()
    # With the hour, for a dispute may be news again though Square changed nothing: its sale was booked since.
    event_id = f"{SWEPT_DISPUTE}:{id_[:150]}:{text(dispute.get('state'))[:40]}:{now:%Y%m%d%H}"
    body = json.dumps({"event_id": event_id, "type": SWEPT_DISPUTE, "data": {"id": id_, "object": {}}})
    return receive(services.store, event_id=event_id, event_type=SWEPT_DISPUTE, body=body, now=now)
