"""Handler of payment events: a completed payment may pay an order that sells packages."""

from plugin.services import Services
from plugin.square.events.effects import Effects
from plugin.square.events.fetch import fetch
from plugin.square.events.orders import OTHER_LOCATION, is_at_other_location, order_effects
from plugin.square.models import Payment
from plugin.square.parsing import Json


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
