"""Handlers of events about payments and refunds: a completed payment may pay an order that sells packages."""

from plugin.services import Services
from plugin.square.events.effects import Effects
from plugin.square.events.orders import (
    OTHER_LOCATION,
    is_at_other_location,
    order_effects,
    refund_of_sale,
)
from plugin.square.inbox import fetch
from plugin.square.models import Payment, PaymentRefund
from plugin.square.parsing import Json
from plugin.square.refunds import given_back


def handle_payment_updated(services: Services, data: Json) -> Effects:
    """Return the effects of the payment's order."""
    payment = Payment.read(fetch(services.square.payment, data, "payment"))
    if is_at_other_location(services, payment.location_id):
        return OTHER_LOCATION
    if payment.status != "COMPLETED":
        return Effects(
            says=f"The payment is {payment.status or 'not complete'}; only a completed one counts."
        )
    if payment.order_id is None:
        return Effects(says="A payment without an order sells no package.")
    return order_effects(services, payment.order_id, payment=payment)


def handle_refund_updated(services: Services, data: Json) -> Effects:
    """Return the refund together with the sale it belongs to."""
    refund = PaymentRefund.read(fetch(services.square.refund, data, "refund"))
    if is_at_other_location(services, refund.location_id):
        return OTHER_LOCATION
    if refund.order_id is None and refund.status == "PENDING":
        return Effects(says="The refund is pending; waiting for its next event.")
    if refund.order_id is None:
        return refund_of_sale(services, given_back(services, refund, None))
    return order_effects(services, refund.order_id, refund=refund)
