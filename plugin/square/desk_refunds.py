"""The outbox job of a refund begun at the desk: the amount is split over the sale's payments, and Square is asked once
for each. The effects wait for Square's event, as with any other refund."""

import hashlib

from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.words import money_text
from plugin.courses.refunds import desk_refund_parts
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.inbox import SWEPT_REFUND, receive_synthetic
from plugin.square.models import Order, Payment, PaymentRefund
from plugin.wording import _

# Square's own limit for the reason of a refund.
MOST_REASON = 192


def run(services: Services, job: Job) -> str:
    """Ask Square for every part that is not requested yet; raises SquareFailed."""
    refund = desk_refund_parts.refund_to_ask(services.store, job.subject)
    if refund.has_ended:
        return _("The refund has ended already.")
    parts = refund.parts or desk_refund_parts.plan_parts(services.store, refund.id, _shares(services, refund))
    for part in parts:
        _request(services, refund, part)
    return _("Refund requested; waiting for Square’s event.")


def give_up(services: Services, job: Job, sentence: str) -> None:
    """Record that Square refuses the rest; the parts it has accepted stay."""
    desk_refund_parts.refuse_rest(services.store, job.act(SQUARE, services.clock()), job.subject, sentence)


def _request(
    services: Services, refund: desk_refund_parts.RefundToAsk, part: desk_refund_parts.PartView
) -> None:
    square_refund_id = part.square_refund_id
    if square_refund_id is None and part.status == "":
        answer = PaymentRefund.read(
            services.square.refund_payment(
                key=_key(refund.id, part.square_payment_id),
                payment_id=part.square_payment_id,
                amount=part.amount,
                reason=refund.reason[:MOST_REASON],
            )
        )
        square_refund_id = answer.id
        desk_refund_parts.note_answer(
            services.store,
            refund.id,
            part.square_payment_id,
            square_refund_id=answer.id,
            status=answer.status,
        )
    if square_refund_id is not None:
        # Through the same inbox as an event, so that it works where webhooks are disabled.
        receive_synthetic(services, SWEPT_REFUND, square_refund_id, "desk")


def _key(refund_id: str, payment_id: str) -> str:
    # At most 45 characters, the same at each try, another for each payment.
    return f"{refund_id}-{hashlib.sha256(payment_id.encode()).hexdigest()[:8]}"


def _shares(services: Services, refund: desk_refund_parts.RefundToAsk) -> list[tuple[str, int]]:
    """Split the amount over the sale's payments, first paid first; raises SquareFailed where they are worth less."""
    order = Order.read(services.square.order(refund.square_order_id))
    shares, left = list[tuple[str, int]](), refund.amount.amount
    for payment_id in dict.fromkeys(one.payment_id for one in order.tenders if one.payment_id):
        share = min(left, _refundable(services, payment_id, refund.amount.currency))
        if share > 0:
            shares.append((payment_id, share))
            left -= share
    if left:
        raise _too_much(services, Money(refund.amount.amount - left, refund.amount.currency))
    return shares


def _refundable(services: Services, payment_id: str, currency: str) -> int:
    try:
        payment = Payment.read(services.square.payment(payment_id))
    except SquareNotFound:
        return 0
    if payment.status != "COMPLETED" or payment.total is None or payment.total.currency != currency:
        return 0
    return payment.total.amount - (payment.refunded.amount if payment.refunded else 0)


def _too_much(services: Services, most: Money) -> SquareFailed:
    clinic = read_clinic(services.store)
    written = money_text(most, clinic)
    reason = _("Only {written} of what was paid can still be refunded in Square.", written=written)
    return SquareFailed(reason, permanent=True, code="square_refused")
