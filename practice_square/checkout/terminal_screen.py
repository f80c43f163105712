"""The screen of a terminal: it shows the next checkout, and the client pays, cancels or leaves."""

from practice_square.checkout.devices import find_terminal, terminal_id
from practice_square.checkout.taking import take
from practice_square.checkout.terminal import (
    FINAL,
    allows_tip,
    change_checkout,
    end_checkout,
    find_checkout,
    lapse_checkouts,
)
from practice_square.merchant import location_id
from practice_square.orders import create_order, find_order, require_payable
from practice_square.payment_sources import amount_of, card_source
from practice_square.refusals import Refusal, bad_request
from practice_square.storage import Json, Work


def checkout_on(work: Work, device_id: str) -> Json | None:
    """Return the checkout that is this terminal's turn: the oldest that has not ended."""
    return next(iter(waiting_on(work, device_id)), None)


def waiting_on(work: Work, device_id: str) -> list[Json]:
    """List the checkouts pending at a terminal, in the order they were sent."""
    lapse_checkouts(work)
    return [one for one in work.all("checkout") if _waits_on(one, device_id)]


def show_checkout(work: Work, device_id: str) -> Json | None:
    """Let a terminal that is on poll: show the next checkout, confirm a cancellation."""
    find_terminal(work, device_id)
    checkout = checkout_on(work, device_id)
    if checkout is None:
        return None
    if checkout["status"] == "CANCEL_REQUESTED":
        end_checkout(work, checkout, "SELLER_CANCELED")
        return show_checkout(work, device_id)
    if checkout["status"] == "PENDING":
        return change_checkout(work, checkout, {"status": "IN_PROGRESS"})
    return checkout


def last_checkout_on(work: Work, device_id: str) -> Json | None:
    """Return what this terminal did last, for its closing screen."""
    done = [one for one in work.all("checkout") if one["device_options"]["device_id"] == device_id]
    return max(done, key=lambda one: str(one["updated_at"]), default=None)


def tap_card(work: Work, id_: str, tip: int = 0) -> Json:
    """Let the client pay. Returns the checkout, COMPLETED. A tap before the terminal stopped still counts."""
    checkout = _at_hand(work, id_)
    if tip and not allows_tip(checkout):
        raise bad_request("This checkout does not ask for a tip.", "tip")
    payment = take(
        work,
        _order_to_pay(work, checkout),
        amount=amount_of(checkout, "amount_money") or 0,
        tip=tip or amount_of(checkout, "tip_money") or 0,
        source=card_source("EMV"),
        square_product="TERMINAL_API",
        named=_named(work, checkout),
        is_captured=(checkout.get("payment_options") or {}).get("autocomplete") is not False,
    )
    return change_checkout(work, checkout, {"status": "COMPLETED", "payment_ids": [payment["id"]]})


def client_cancels(work: Work, id_: str) -> Json:
    return end_checkout(work, _at_hand(work, id_), "BUYER_CANCELED")


def leave_it(work: Work, id_: str) -> Json:
    """Time the checkout out, without the wait."""
    return end_checkout(work, _at_hand(work, id_), "TIMED_OUT")


def _waits_on(checkout: Json, device_id: str) -> bool:
    return checkout["status"] not in FINAL and checkout["device_options"]["device_id"] == device_id


def _at_hand(work: Work, id_: str) -> Json:
    checkout = find_checkout(work, id_)
    if checkout["status"] in FINAL:
        raise bad_request(f"The checkout is {checkout['status']} already.", "checkout_id")
    first = checkout_on(work, checkout["device_options"]["device_id"])
    if first is None or first["id"] != id_:
        raise bad_request("The terminal has another checkout before this one.", "checkout_id")
    if checkout["status"] == "PENDING":
        return change_checkout(work, checkout, {"status": "IN_PROGRESS"})
    return checkout


def _order_to_pay(work: Work, checkout: Json) -> Json:
    """Return the order the checkout names; for none, Square makes one with a custom amount."""
    if checkout.get("order_id"):
        order = find_order(work, checkout["order_id"])
        require_payable(work, order)
        if (amount_of(checkout, "amount_money") or 0) > order["net_amount_due_money"]["amount"]:
            raise Refusal("PAYMENT_AMOUNT_MISMATCH", "The payment total does not match the order total.")
        return order
    line = {"quantity": "1", "base_price_money": checkout["amount_money"], "item_type": "CUSTOM_AMOUNT"}
    made = create_order(work, {"order": {"location_id": location_id(work), "line_items": [line]}})
    return find_order(work, made["order"]["id"])


def _named(work: Work, checkout: Json) -> Json:
    device = find_terminal(work, checkout["device_options"]["device_id"])
    kept = ("customer_id", "reference_id", "note", "team_member_id")
    return {name: checkout.get(name) for name in kept} | {
        "terminal_checkout_id": checkout["id"],
        "device_details": {"device_id": terminal_id(device), "device_name": device["attributes"]["name"]},
    }
