"""Sales by payment link: Square makes the page and its order; the client pays there, now or later."""

from dataclasses import dataclass
from datetime import timedelta

from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import is_sold, order_wanted, save_order, with_customer
from plugin.square.checkout.row import note_call, save_waiting
from plugin.square.client import SquareNotFound
from plugin.square.parsing import Json, record, records, square_id, text
from plugin.store.selling import Checkout
from plugin.wording import _

LINK = "link"
# While a person may be looking at the code on the screen; later, an event or a sync reports the payment.
WATCHED_FOR = timedelta(minutes=15)
_AT_FIRST = timedelta(minutes=3)


def create_link(services: Services, row: Checkout) -> Checkout:
    """Create the page and its order."""
    row = with_customer(services, row)
    note_call(services, row, LINK)
    made = make_link(services, f"{row.id}-link", _wanted(row))
    row = save_order(services, row, made.order, square_object_id=made.id)
    return save_waiting(services, row, url=made.url)


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """A page that Square has made, its address, and the order that it pays."""

    id: str
    url: str
    order: Json


def make_link(services: Services, key: str, wanted: Json) -> PaymentLink:
    """Have Square make a payment link; the same key and body again return the same one. Raises SquareFailed."""
    answer = services.square.create_payment_link(key, wanted)
    link = record(answer.get("payment_link"), "payment_link")
    related = record(answer.get("related_resources") or {}, "related_resources")
    orders = records(related.get("orders"), "orders")
    order = orders[0] if orders else services.square.order(square_id(link.get("order_id"), "order id"))
    url = text(link.get("url")) or text(link.get("long_url"))
    return PaymentLink(square_id(link.get("id"), "payment link id"), url, order)


def wait_for_payment(services: Services, row: Checkout) -> str | RunAgain:
    """Check whether the order is paid, for as long as a person may be waiting before a screen."""
    if is_sold(services, row):
        return _("Paid; the sale is booked next.")
    waited = services.clock() - row.created_at
    if waited > WATCHED_FOR:
        return _("The client has the address; waiting for Square’s event.")
    return RunAgain(4 if waited < _AT_FIRST else 15, _("The client has not paid yet."))


def delete_link(services: Services, row: Checkout) -> RunAgain | None:
    """Delete the page; None once it is deleted."""
    if row.square_object_id is not None:
        try:
            services.square.delete_payment_link(row.square_object_id)
        except SquareNotFound:
            return None
    return None


def _wanted(row: Checkout) -> Json:
    wanted: Json = {"order": order_wanted(row)}
    return wanted | ({"pre_populated_data": {"buyer_email": row.mail_to}} if row.mail_to else {})
