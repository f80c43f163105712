"""A sale by payment link: Square makes the page and its order; the client pays there, now or another day."""

from __future__ import annotations

from datetime import timedelta

from plugin.house import House
from plugin.square.checkout.keeping import about_to_ask, keep_waiting
from plugin.square.checkout.order import is_sold, keep_order, order_wanted, with_customer
from plugin.square.client import SquareNotFound
from plugin.square.errand import Later
from plugin.square.fields import Json, record, records, square_id, text
from plugin.store.selling import Checkout

LINK = "link"
# As long as somebody may be looking at the code on the screen; later, event or sweep tell of the payment.
LOOKED_AT = timedelta(minutes=15)
_AT_FIRST = timedelta(minutes=3)


def go_on(house: House, row: Checkout) -> str | Later:
    """Make the page, then look whether it was paid."""
    if row.square_object_id is None:
        row = ask(house, with_customer(house, row))
    return wait_for_payment(house, row)


def ask(house: House, row: Checkout) -> Checkout:
    """Have Square make the page."""
    about_to_ask(house, row, LINK)
    answer = house.square.create_payment_link(f"{row.id}-link", _wanted(row))
    link = record(answer.get("payment_link"), "payment_link")
    row = keep_order(
        house,
        row,
        _order_in(house, answer, link),
        square_object_id=square_id(link.get("id"), "payment link id"),
    )
    return keep_waiting(house, row, url=text(link.get("url")) or text(link.get("long_url")))


def wait_for_payment(house: House, row: Checkout) -> str | Later:
    """Look whether the order was paid, for as long as somebody may be waiting before a screen."""
    if is_sold(house, row):
        return "Paid; the sale is booked next."
    waited = house.clock() - row.created_at
    if waited > LOOKED_AT:
        return "The client has the address; Square tells when it is paid."
    return Later(4 if waited < _AT_FIRST else 15, "The client has not paid so far.")


def take_back(house: House, row: Checkout) -> Later | None:
    """Take the page away; None once it is gone."""
    if row.square_object_id is not None:
        try:
            house.square.delete_payment_link(row.square_object_id)
        except SquareNotFound:
            return None
    return None


def _order_in(house: House, answer: Json, link: Json) -> Json:
    related = record(answer.get("related_resources") or {}, "related_resources")
    orders = records(related.get("orders"), "orders")
    return orders[0] if orders else house.square.order(square_id(link.get("order_id"), "order id"))


def _wanted(row: Checkout) -> Json:
    wanted: Json = {"order": order_wanted(row)}
    return wanted | ({"pre_populated_data": {"buyer_email": row.mail_to}} if row.mail_to else {})
