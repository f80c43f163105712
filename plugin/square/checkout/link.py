"""Sales by payment link: Square makes the page and its order; the client pays there, now or later."""

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
    answer = services.square.create_payment_link(f"{row.id}-link", _wanted(row))
    link = record(answer.get("payment_link"), "payment_link")
    row = save_order(
        services,
        row,
        _order_in(services, answer, link),
        square_object_id=square_id(link.get("id"), "payment link id"),
    )
    return save_waiting(services, row, url=text(link.get("url")) or text(link.get("long_url")))


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


def _order_in(services: Services, answer: Json, link: Json) -> Json:
    related = record(answer.get("related_resources") or {}, "related_resources")
    orders = records(related.get("orders"), "orders")
    return orders[0] if orders else services.square.order(square_id(link.get("order_id"), "order id"))


def _wanted(row: Checkout) -> Json:
    wanted: Json = {"order": order_wanted(row)}
    return wanted | ({"pre_populated_data": {"buyer_email": row.mail_to}} if row.mail_to else {})
