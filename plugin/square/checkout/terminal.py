"""A sale on a Square Terminal: it is asked for the order's money, looked at until it has an answer, called off."""

from __future__ import annotations

from datetime import timedelta

from plugin.errors import SquareFailed
from plugin.house import House
from plugin.square.checkout.keeping import about_to_ask, keep_waiting, will_end
from plugin.square.checkout.order import is_sold, with_order
from plugin.square.checkout.payment import pay_nothing
from plugin.square.client import SquareNotFound
from plugin.square.errand import Later
from plugin.square.fields import Json, optional_moment, square_id, text
from plugin.store.selling import Checkout

TERMINAL = "terminal"
# Square ends an unanswered request after five minutes; ours is the wider net.
LONGEST_WAIT = timedelta(minutes=6)
_SOON_S = 2.0
_LATER_S = 5.0
_CANCELED_BY = {
    "BUYER_CANCELED": ("canceled", "The client canceled at the Terminal."),
    "SELLER_CANCELED": ("canceled", ""),
    "TIMED_OUT": ("timed_out", "Nobody paid at the Terminal in time."),
}


def go_on(house: House, row: Checkout) -> str | Later:
    """Ask the Terminal, then look what has become of it."""
    row = with_order(house, row)
    if row.amount == 0:
        return pay_nothing(house, row)
    if row.square_object_id is None:
        row = ask(house, row)
    return look(house, row)


def ask(house: House, row: Checkout) -> Checkout:
    """Have the Terminal ask for the money."""
    about_to_ask(house, row, TERMINAL)
    answer = house.square.create_terminal_checkout(f"{row.id}-terminal", _wanted(row))
    return keep_waiting(house, row, square_object_id=square_id(answer.get("id"), "Terminal checkout id"))


def look(house: House, row: Checkout) -> str | Later:
    """Say how the Terminal stands, and have a payment booked."""
    answer = house.square.terminal_checkout(square_id(row.square_object_id, "Terminal checkout id"))
    return heed(house, row, answer)


def heed(house: House, row: Checkout, answer: Json) -> str | Later:
    """Act on what Square says of the Terminal, whichever way it reached us."""
    status = text(answer.get("status"))
    if status == "COMPLETED":
        if is_sold(house, row):
            return "Paid at the Terminal; the sale is booked next."
        return Later(_SOON_S, "Paid at the Terminal; Square does not show it on the order so far.")
    if status == "CANCELED":
        state, said = _CANCELED_BY.get(text(answer.get("cancel_reason")), ("canceled", ""))
        will_end(house, row, row.ends_as if row.cancel_asked_at else state, row.problem or said)
        return Later(0, "The Terminal has ended.")
    # From when it was asked: before that, Square may have been away for long.
    waited = house.clock() - (
        optional_moment(answer.get("created_at"), "checkout created_at") or row.created_at
    )
    if waited > LONGEST_WAIT and row.cancel_asked_at is None:
        will_end(house, row, "timed_out", "Nobody paid at the Terminal in time.")
        return Later(0, "The Terminal is called off.")
    soon = waited < timedelta(seconds=30)
    return Later(_SOON_S if soon else _LATER_S, f"The Terminal is {status.lower() or 'asked'}.")


def take_back(house: House, row: Checkout) -> Later | None:
    """Have the Terminal stop; None once it has. It may say that the client has just paid."""
    if row.square_object_id is None:
        return None
    answer = _stopped(house, row.square_object_id)
    status = text(answer.get("status")) if answer is not None else "CANCELED"
    if status == "CANCELED":
        return None
    if status == "COMPLETED":
        waits = Later(_SOON_S, "Paid at the Terminal; Square does not show it on the order so far.")
        return None if is_sold(house, row) else waits
    return Later(1, "The Terminal is stopping.")


def _stopped(house: House, checkout_id: str) -> Json | None:
    try:
        return house.square.cancel_terminal_checkout(checkout_id)
    except SquareNotFound:
        return None
    except SquareFailed as error:
        if not error.permanent:
            raise
        # Refused where it has ended: how it ended tells whether it is a sale.
        return house.square.terminal_checkout(checkout_id)


def _wanted(row: Checkout) -> Json:
    wanted: Json = {
        "amount_money": {"amount": row.amount, "currency": row.currency},
        "device_options": {"device_id": row.square_device_id},
        "order_id": row.square_order_id,
        "reference_id": row.id,
    }
    return wanted | ({"customer_id": row.square_customer_id} if row.square_customer_id else {})
