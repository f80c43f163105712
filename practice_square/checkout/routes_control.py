"""The control calls under /practice about terminals, links and invoices: what a person would do at each screen."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, jsonify

from practice_square.api import body_of
from practice_square.checkout import devices, invoice_page, link_page, links, terminal_screen
from practice_square.control_api import control
from practice_square.practice import practice_square_of
from practice_square.shapes import Record, Text, Whole, checked
from practice_square.storage import Json, Work

PAIR = Record({"code": Text(1, required=True)})
TAP = Record({"tip": Whole(least=0)})
PAY_LINK = Record({"email": Text(3, 254), "tip": Whole(least=0)})
PAY_INVOICE = Record({"amount": Whole(least=1), "tender": Text(one_of=("card", "cash", "other"))})


@control.post("/terminals/pair")
def pair_terminal() -> Response:
    body = checked(body_of(), PAIR)
    return _done(lambda work: {"device": devices.device_as_told(devices.pair(work, body["code"]))})


@control.post("/terminals/<device_id>/show")
def show_at_terminal(device_id: str) -> Response:
    return _done(lambda work: {"checkout": terminal_screen.show_checkout(work, device_id)})


@control.post("/checkouts/<checkout_id>/tap")
def tap_card(checkout_id: str) -> Response:
    tip = checked(body_of(), TAP).get("tip") or 0
    return _done(lambda work: {"checkout": terminal_screen.tap_card(work, checkout_id, tip)})


@control.post("/checkouts/<checkout_id>/client-cancels")
def client_cancels(checkout_id: str) -> Response:
    return _done(lambda work: {"checkout": terminal_screen.client_cancels(work, checkout_id)})


@control.post("/checkouts/<checkout_id>/leave")
def leave_it(checkout_id: str) -> Response:
    return _done(lambda work: {"checkout": terminal_screen.leave_it(work, checkout_id)})


@control.post("/payment-links/<link_id>/pay")
def pay_link(link_id: str) -> Response:
    body = checked(body_of(), PAY_LINK)
    return _done(
        lambda work: link_page.pay_link(
            work, links.find_link(work, link_id), email=body.get("email"), tip=body.get("tip") or 0
        )
    )


@control.post("/invoices/<invoice_id>/pay")
def pay_invoice(invoice_id: str) -> Response:
    body = checked(body_of(), PAY_INVOICE)
    return _done(
        lambda work: invoice_page.pay_invoice(
            work, invoice_id, body.get("amount"), body.get("tender") or "card"
        )
    )


def _done(act: Callable[[Work], Json]) -> Response:
    with practice_square_of().work() as work:
        return jsonify(act(work))
