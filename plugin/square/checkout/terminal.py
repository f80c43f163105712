"""A sale on a Square Terminal: it is asked for the order's money, looked at until it has an answer, called off."""

from __future__ import annotations

from datetime import timedelta

from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import is_sold, with_order
from plugin.square.checkout.payment import pay_nothing
from plugin.square.checkout.saving import about_to_ask, save_waiting, will_end
from plugin.square.client import SquareNotFound
from plugin.square.parsing import Json, optional_moment, square_id, text
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


def go_on(services: Services, row: Checkout) -> str | RunAgain:
    """Ask the Terminal, then look what has become of it."""
    row = with_order(services, row)
    if row.amount == 0:
        return pay_nothing(services, row)
    if row.square_object_id is None:
        row = ask(services, row)
    return look(services, row)


def ask(services: Services, row: Checkout) -> Checkout:
    """Have the Terminal ask for the money."""
    about_to_ask(services, row, TERMINAL)
    answer = services.square.create_terminal_checkout(f"{row.id}-terminal", _wanted(row))
    return save_waiting(services, row, square_object_id=square_id(answer.get("id"), "Terminal checkout id"))


def look(services: Services, row: Checkout) -> str | RunAgain:
    """Say how the Terminal stands, and have a payment booked."""
    answer = services.square.terminal_checkout(square_id(row.square_object_id, "Terminal checkout id"))
    return heed(services, row, answer)


def heed(services: Services, row: Checkout, answer: Json) -> str | RunAgain:
    """Act on what Square says of the Terminal, whichever way it reached us."""
    status = text(answer.get("status"))
    if status == "COMPLETED":
        if is_sold(services, row):
            return "Paid at the Terminal; the sale is booked next."
        return RunAgain(_SOON_S, "Paid at the Terminal; Square does not show it on the order so far.")
    if status == "CANCELED":
        state, said = _CANCELED_BY.get(text(answer.get("cancel_reason")), ("canceled", ""))
        will_end(services, row, row.ends_as if row.cancel_asked_at else state, row.problem or said)
        return RunAgain(0, "The Terminal has ended.")
    # From when it was asked: before that, Square may have been away for long.
    waited = services.clock() - (
        optional_moment(answer.get("created_at"), "checkout created_at") or row.created_at
    )
    if waited > LONGEST_WAIT and row.cancel_asked_at is None:
        will_end(services, row, "timed_out", "Nobody paid at the Terminal in time.")
        return RunAgain(0, "The Terminal is called off.")
    soon = waited < timedelta(seconds=30)
    return RunAgain(_SOON_S if soon else _LATER_S, f"The Terminal is {status.lower() or 'asked'}.")


def take_back(services: Services, row: Checkout) -> RunAgain | None:
    """Have the Terminal stop; None once it has. It may say that the client has just paid."""
    if row.square_object_id is None:
        return None
    answer = _stopped(services, row.square_object_id)
    status = text(answer.get("status")) if answer is not None else "CANCELED"
    if status == "CANCELED":
        return None
    if status == "COMPLETED":
        waits = RunAgain(_SOON_S, "Paid at the Terminal; Square does not show it on the order so far.")
        return None if is_sold(services, row) else waits
    return RunAgain(1, "The Terminal is stopping.")


def _stopped(services: Services, checkout_id: str) -> Json | None:
    try:
        return services.square.cancel_terminal_checkout(checkout_id)
    except SquareNotFound:
        return None
    except SquareFailed as error:
        if not error.permanent:
            raise
        # Refused where it has ended: how it ended tells whether it is a sale.
        return services.square.terminal_checkout(checkout_id)


def _wanted(row: Checkout) -> Json:
    wanted: Json = {
        "amount_money": {"amount": row.amount, "currency": row.currency},
        "device_options": {"device_id": row.square_device_id},
        "order_id": row.square_order_id,
        "reference_id": row.id,
    }
    return wanted | ({"customer_id": row.square_customer_id} if row.square_customer_id else {})
