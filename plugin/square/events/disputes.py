"""Handler of dispute events: a payment that the client's bank questions, with the order whose courses it is about."""

from plugin.courses.refunds.disputes import DisputeRecord, save_dispute
from plugin.services import Services
from plugin.square.events.effects import Effects
from plugin.square.inbox import fetch
from plugin.square.parsing import Json, moment, money, optional_id, optional_moment, record, square_id, text
from plugin.square.refunds import order_of_payment


def handle_dispute_state_updated(services: Services, data: Json) -> Effects:
    """Return the dispute as it is now, with its payment's order."""
    # Square's schema calls the dispute of an event "object".
    answer = fetch(services.square.dispute, data, "dispute", "object")
    payment_id = _payment_id(answer)
    dispute = dispute_of(answer, payment_id, order_of_payment(services, payment_id))
    return Effects((lambda work: save_dispute(work, dispute),))


def dispute_of(answer: Json, payment_id: str | None, order_id: str | None) -> DisputeRecord:
    """Read a dispute; raises SquareFailed."""
    version = answer.get("version")
    updated_at = optional_moment(answer.get("updated_at"), "dispute updated_at")
    return DisputeRecord(
        square_dispute_id=square_id(dispute_id(answer), "dispute id"),
        state=text(answer.get("state"))[:40],
        amount=money(answer.get("amount_money"), "dispute amount"),
        reason=text(answer.get("reason"))[:80],
        due_at=optional_moment(answer.get("due_at"), "dispute due_at"),
        square_payment_id=payment_id,
        square_order_id=order_id,
        version=version if isinstance(version, int) else None,
        updated_at=updated_at or moment(answer.get("created_at"), "dispute created_at"),
    )


def dispute_id(answer: Json) -> str:
    """Return the id, named dispute_id in older answers; "" where there is none."""
    return text(answer.get("id")) or text(answer.get("dispute_id"))


def _payment_id(answer: Json) -> str | None:
    disputed = record(answer.get("disputed_payment") or {}, "disputed_payment")
    return optional_id(disputed.get("payment_id"), "disputed payment_id")
