"""The JSON control interface under /practice: what tests and the demo do at the till without a screen."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from practice_square.access.guard import bearer_is
from practice_square.customers import create_customer, merge_customers
from practice_square.delivery_queue import queue_as_told, release_withheld, resend
from practice_square.exchange import exchange
from practice_square.faults import REFUND_OUTCOMES, Faults, change_faults, keep_faults, read_faults
from practice_square.orders import find_order
from practice_square.payments import read_payment
from practice_square.practice import practice_square_of
from practice_square.refunds import (
    finish_refund,
    read_refund,
    refund_amount,
    refund_lines,
    refund_over_tenders,
)
from practice_square.refusals import Refusal, not_found, unauthorized
from practice_square.sale_json import read_sale
from practice_square.shapes import Many, Record, Text, Whole, checked
from practice_square.storage import Json
from practice_square.till import ring_up

control = Blueprint("practice_control", __name__, url_prefix="/practice")

RETURNED = Record({"uid": Text(1, required=True), "quantity": Text(1, required=True)})
REFUND = Record(
    {
        "order_id": Text(1),
        "payment_id": Text(1),
        "lines": Many(RETURNED),
        "amount": Whole(least=1),
        "tip": Whole(least=1),
        "reason": Text(most=192),
    }
)
EXCHANGE = Record(
    {
        "order_id": Text(1, required=True),
        "returned": Many(RETURNED, least=1, required=True),
        "sale": Record({}, required=True),
    }
)
FORGED = (
    "order",
    "payment",
    "refund",
    "customer",
    "catalog",
    "checkout",
    "payment_link",
    "invoice",
    "booking",
)
FORGE = Record(
    {
        "kind": Text(one_of=FORGED, required=True),
        "id": Text(1, required=True),
        "patch": Record({}, required=True),
    }
)


@control.before_request
def _guard() -> None:
    if not bearer_is(practice_square_of().settings.access_token):
        raise unauthorized("UNAUTHORIZED", "This request could not be authorized.")


@control.errorhandler(Refusal)
def _refused(refused: Refusal) -> tuple[Response, int]:
    return jsonify(refused.body()), refused.status


@control.post("/sales")
def sell() -> Response:
    sale = read_sale(_body())
    with practice_square_of().work() as work:
        return jsonify(ring_up(work, sale))


@control.post("/refunds")
def refund() -> Response:
    body = checked(_body(), REFUND)
    with practice_square_of().work() as work:
        reason = body.get("reason")
        if body.get("lines") or body.get("tip"):
            order = find_order(work, body.get("order_id") or "")
            quantities = {line["uid"]: line["quantity"] for line in body.get("lines") or []}
            refunds = refund_lines(work, order, quantities, reason, tip=body.get("tip") or 0)
        elif body.get("amount") is None:
            raise Refusal("MISSING_REQUIRED_PARAMETER", "Give `lines` or `amount`.", field="amount")
        elif body.get("payment_id"):
            refunds = [refund_amount(work, read_payment(work, body["payment_id"]), body["amount"], reason)]
        else:
            refunds = refund_over_tenders(
                work, find_order(work, body.get("order_id") or ""), body["amount"], reason
            )
        return jsonify({"refunds": refunds, "orders": [find_order(work, one["order_id"]) for one in refunds]})


@control.post("/refunds/<refund_id>/end")
def end_refund(refund_id: str) -> Response:
    """Let a refund that was left pending end."""
    outcome = checked(_body(), Record({"status": Text(one_of=REFUND_OUTCOMES, required=True)}))["status"]
    with practice_square_of().work() as work:
        return jsonify({"refund": finish_refund(work, read_refund(work, refund_id), outcome)})


@control.post("/exchanges")
def make_exchange() -> Response:
    body = checked(_body(), EXCHANGE)
    quantities = {line["uid"]: line["quantity"] for line in body["returned"]}
    with practice_square_of().work() as work:
        source = find_order(work, body["order_id"])
        return jsonify(exchange(work, source, quantities, read_sale(body["sale"])))


@control.post("/customers")
def add_customer() -> Response:
    with practice_square_of().work() as work:
        return jsonify(create_customer(work, _body(), "DIRECTORY"))


@control.post("/customers/merge")
def merge() -> Response:
    ids = checked(_body(), Record({"customer_ids": Many(Text(1), least=2, required=True)}))["customer_ids"]
    with practice_square_of().work() as work:
        return jsonify(merge_customers(work, ids))


@control.get("/faults")
def show_faults() -> Response:
    with practice_square_of().work() as work:
        return jsonify(read_faults(work).as_json())


@control.put("/faults")
def set_faults() -> Response:
    """Set the named faults; `{}` turns all of them off."""
    changes = _body()
    with practice_square_of().work() as work:
        if not changes:
            return jsonify(keep_faults(work, Faults()).as_json())
        return jsonify(change_faults(work, changes).as_json())


@control.post("/deliver")
def deliver() -> Response:
    if _body().get("withheld"):
        with practice_square_of().work() as work:
            release_withheld(work)
    return jsonify(practice_square_of().sender.flush())


@control.get("/events")
def list_events() -> Response:
    with practice_square_of().work() as work:
        return jsonify({"deliveries": queue_as_told(work, 1000, has_bodies=True)})


@control.post("/events/<event_id>/resend")
def send_again(event_id: str) -> Response:
    with practice_square_of().work() as work:
        resend(work, event_id)
    return jsonify({})


@control.post("/forge")
def forge() -> Response:
    """Overwrite stored fields as they are given, sense or nonsense: what a server we do not control may answer."""
    body = checked(_body(), FORGE)
    with practice_square_of().work() as work:
        kept = work.get(body["kind"], body["id"])
        if kept is None:
            raise not_found(body["kind"], body["id"], "id")
        forged = _patched(kept, body["patch"]) | {"id": kept["id"]}
        return jsonify(work.put(body["kind"], forged))


@control.post("/reset")
def reset() -> Response:
    practice_square_of().reset(_body().get("seed"))
    return jsonify({})


def _patched(kept: Any, patch: Any) -> Any:
    """Merge as RFC 7396 does: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict) or not isinstance(kept, dict):
        return patch
    merged = {name: value for name, value in kept.items() if patch.get(name, value) is not None}
    return merged | {
        name: _patched(kept.get(name), value) for name, value in patch.items() if value is not None
    }


def _body() -> Json:
    body = request.get_json(force=True, silent=True) if request.get_data(cache=True) else {}
    if not isinstance(body, dict):
        raise Refusal("EXPECTED_JSON_BODY", "Expected a JSON object as the body.")
    return body
