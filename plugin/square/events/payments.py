"""Handler of payment events: a completed payment may pay an order that sells packages."""

from __future__ import annotations

from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.events.effects import Effects
from plugin.square.events.orders import OTHER_LOCATION, is_at_other_location, order_effects
from plugin.square.inbox import object_in
from plugin.square.models import Payment
from plugin.square.parsing import Json, square_id


def handle_payment_updated(services: Services, data: Json) -> Effects:
    """Return the effects of the payment's order."""
    payment = _fetched(services, data)
    if is_at_other_location(services, payment.location_id):
        return OTHER_LOCATION
    if payment.status != "COMPLETED":
        return Effects(
            says=f"The payment is {payment.status or 'not complete'}; only a completed one counts."
        )
    if payment.order_id is None:
        return Effects(says="A payment without an order sells no package.")
    return order_effects(services, payment.order_id, payment=payment)


def _fetched(services: Services, data: Json) -> Payment:
    payment_id = square_id(data.get("id"), "payment id")
    try:
        return Payment.read(services.square.payment(payment_id))
    except SquareNotFound:
        # The event was signed, so the payment that it carries is authentic as well.
        carried = object_in(data, "payment")
        if carried is None:
            raise
        return Payment.read(carried)
