"""The JSON control interface under /practice, as one table: acts of tests and the demo without a screen."""

from typing import Any

from flask import Blueprint, Response, jsonify

from practice_square import catalog, catalog_edits, customers, disputes
from practice_square.access.authorization import end_permission
from practice_square.access.guard import bearer_is
from practice_square.access.tokens import make_code
from practice_square.api import body_of
from practice_square.appointments import bookings, team
from practice_square.appointments.plan import PLANS, set_plan
from practice_square.appointments.seller_day import book_as_seller
from practice_square.checkout import devices, invoice_page, link_page, links, terminal_screen
from practice_square.delivery_queue import queue_as_told, release_withheld, resend
from practice_square.directory import attributes, definitions, recovery
from practice_square.directory.value_kinds import KINDS, schema_of
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
from practice_square.refusals import Refusal, find, missing, unauthorized
from practice_square.routes import BODY, Call
from practice_square.sale_json import read_sale
from practice_square.shapes import Flag, Many, Record, Text, Whole
from practice_square.storage import Json, Work
from practice_square.till import ring_up

control = Blueprint("practice_control", __name__, url_prefix="/practice")

ID = Text(1, required=True)
RETURNED = Record(uid=ID, quantity=ID)
REFUND = Record(
    order_id=Text(1),
    payment_id=Text(1),
    lines=Many(RETURNED),
    amount=Whole(least=1),
    tip=Whole(least=1),
    reason=Text(most=192),
)
EXCHANGE = Record(
    order_id=ID,
    returned=Many(RETURNED, least=1, required=True),
    sale=Record(required=True),
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
FORGE = Record(kind=Text(one_of=FORGED, required=True), id=ID, patch=Record(required=True))
DEFINE = Record(
    key=ID,
    name=ID,
    visibility=Text(one_of=definitions.VISIBILITIES, required=True),
    owner=ID,
    kind=Text(one_of=KINDS, required=True),
)
DISPUTE = Record(payment_id=ID, reason=Text(), amount=Whole(least=1), state=Text())
OUTCOME = Record(status=Text(one_of=REFUND_OUTCOMES, required=True))
STATUS = Record(status=Text(required=True))
STATE = Record(state=Text(required=True))
PLAN = Record(plan=Text(one_of=PLANS, required=True))
TEAM_MEMBER = Record(given_name=ID, family_name=ID)
VARIATION = Record(price=Whole(least=0), name=Text(1))
ITEM = Record(name=Text(1), is_archived=Flag())
ACCESS = Record(scopes=ID, code_challenge=Text(), redirect_uri=Text())
MERGE = Record(customer_ids=Many(Text(1), least=2, required=True))
PAIR = Record(code=ID)
TAP = Record(tip=Whole(least=0))
PAY_LINK = Record(email=Text(3, 254), tip=Whole(least=0))
PAY_INVOICE = Record(amount=Whole(least=1), tender=Text(one_of=("card", "cash", "other")))


@control.before_request
def _guard() -> None:
    if not bearer_is(practice_square_of().settings.access_token):
        raise unauthorized("UNAUTHORIZED", "This request could not be authorized.")


@control.errorhandler(Refusal)
def _refused(refused: Refusal) -> tuple[Response, int]:
    return jsonify(refused.body()), refused.status


def _refund(work: Work, body: Json) -> Json:
    reason, amount, tip = body.get("reason"), body.get("amount"), body.get("tip") or 0
    if body.get("lines") or tip:
        order = find_order(work, body.get("order_id") or "")
        refunds = refund_lines(work, order, _quantities(body.get("lines") or []), reason, tip=tip)
    elif amount is None:
        raise missing("amount", "Give `lines` or `amount`.")
    elif body.get("payment_id"):
        refunds = [refund_amount(work, read_payment(work, body["payment_id"]), amount, reason)]
    else:
        refunds = refund_over_tenders(work, find_order(work, body.get("order_id") or ""), amount, reason)
    return {"refunds": refunds, "orders": [find_order(work, one["order_id"]) for one in refunds]}


def _exchange(work: Work, body: Json) -> Json:
    source = find_order(work, body["order_id"])
    return exchange(work, source, _quantities(body["returned"]), read_sale(body["sale"]))


def _quantities(lines: list[Json]) -> dict[str, str]:
    return {line["uid"]: line["quantity"] for line in lines}


def _set_faults(work: Work, changes: Json) -> Json:
    """Set the named faults; `{}` turns all of them off."""
    faults = change_faults(work, changes) if changes else keep_faults(work, Faults())
    return faults.as_json()


def _resend(work: Work, event_id: str) -> Json:
    resend(work, event_id)
    return {}


def _forge(work: Work, body: Json) -> Json:
    """Overwrite stored fields, valid or not: a server that we do not control may answer anything."""
    stored = find(work, body["kind"], body["id"], body["kind"], "id")
    return work.put(body["kind"], _patched(stored, body["patch"]) | {"id": stored["id"]})


def _patched(stored: Any, patch: Any) -> Any:
    """Merge as RFC 7396 does: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict) or not isinstance(stored, dict):
        return patch
    merged = {name: value for name, value in stored.items() if patch.get(name, value) is not None}
    return merged | {
        name: _patched(stored.get(name), value) for name, value in patch.items() if value is not None
    }


def _add_team_member(work: Work, body: Json) -> Json:
    return team.add_team_member(work, body["given_name"], body["family_name"])


def _define_attribute(work: Work, body: Json) -> Json:
    given = {
        "key": body["key"],
        "name": body["name"],
        "description": body["name"],
        "visibility": body["visibility"],
        "schema": schema_of(body["kind"]),
    }
    return definitions.as_seen(work, definitions.define(work, given, body["owner"]))


def _unmerge(work: Work, customer_id: str, body: Json) -> list[Json]:
    return recovery.unmerge_customer(work, customer_id, has_new_ids=bool(body.get("has_new_ids")))


def _open_dispute(work: Work, body: Json) -> Json:
    named = {name: body[name] for name in ("reason", "amount", "state") if body.get(name)}
    return disputes.open_dispute(work, body["payment_id"], **named)


def _edit_variation(work: Work, id_: str, body: Json) -> Json:
    return catalog_edits.edit_variation(work, id_, price=body.get("price"), name=body.get("name"))


def _edit_item(work: Work, id_: str, body: Json) -> Json:
    return catalog_edits.edit_item(work, id_, name=body.get("name"), is_archived=body.get("is_archived"))


def _authorize(work: Work, body: Json) -> str:
    return make_code(work, body["scopes"].split(), body.get("code_challenge"), body.get("redirect_uri"))


def _revoke(work: Work, body: Json) -> Json:
    end_permission(work, str(body.get("revoker_type") or "MERCHANT"))
    return {}


def _pay_link(work: Work, link_id: str, body: Json) -> Json:
    link = links.find_link(work, link_id)
    return link_page.pay_link(work, link, email=body.get("email"), tip=body.get("tip") or 0)


def _pay_invoice(work: Work, invoice_id: str, body: Json) -> Json:
    return invoice_page.pay_invoice(work, invoice_id, body.get("amount"), body.get("tender") or "card")


_CUSTOMER = "/customers/<customer_id>"
CALLS = (
    Call("POST", "/sales", lambda work, body: ring_up(work, read_sale(body)), BODY),
    Call("POST", "/refunds", _refund, REFUND),
    Call(
        "POST",
        "/refunds/<refund_id>/end",
        lambda work, id_, body: finish_refund(work, read_refund(work, id_), body["status"]),
        OUTCOME,
        "refund",
    ),
    Call("POST", "/exchanges", _exchange, EXCHANGE),
    Call("POST", "/customers", lambda work, body: customers.create_customer(work, body, "DIRECTORY"), BODY),
    Call(
        "POST",
        "/customers/merge",
        lambda work, body: customers.merge_customers(work, body["customer_ids"]),
        MERGE,
    ),
    Call("DELETE", _CUSTOMER, customers.delete_customer),
    Call("POST", f"{_CUSTOMER}/unmerge", _unmerge, BODY, "customers"),
    Call("POST", f"{_CUSTOMER}/recover", recovery.recover_customer, name="customer"),
    Call("GET", f"{_CUSTOMER}/attributes", attributes.attributes_on_profile, name="attributes"),
    Call(
        "PUT",
        f"{_CUSTOMER}/attributes/<key>",
        lambda work, id_, key, body: attributes.set_as_seller(work, id_, key, body.get("value")),
        BODY,
        "custom_attribute",
    ),
    Call("POST", "/attribute-definitions", _define_attribute, DEFINE, "custom_attribute_definition"),
    Call("GET", "/faults", lambda work: read_faults(work).as_json()),
    Call("PUT", "/faults", _set_faults, BODY),
    Call("GET", "/events", lambda work: queue_as_told(work, 1000, has_bodies=True), name="deliveries"),
    Call("POST", "/events/<event_id>/resend", _resend),
    Call("POST", "/forge", _forge, FORGE),
    Call("GET", "/team", lambda work: work.all("team_member"), name="team_members"),
    Call("POST", "/team", _add_team_member, TEAM_MEMBER, "team_member"),
    Call("PUT", "/appointments-plan", lambda work, body: set_plan(work, body["plan"]), PLAN),
    Call("POST", "/bookings", book_as_seller, BODY, "booking"),
    Call(
        "POST",
        "/bookings/<booking_id>/status",
        lambda work, id_, body: bookings.set_status(work, id_, body["status"]),
        STATUS,
        "booking",
    ),
    Call("POST", "/disputes", _open_dispute, DISPUTE, "dispute"),
    Call(
        "POST",
        "/disputes/<dispute_id>/state",
        lambda work, id_, body: disputes.move_dispute(work, id_, body["state"]),
        STATE,
        "dispute",
    ),
    Call("PUT", "/variations/<variation_id>", _edit_variation, VARIATION, "object"),
    Call("PUT", "/items/<item_id>", _edit_item, ITEM, "object"),
    Call("DELETE", "/items/<object_id>", catalog.delete_object),
    Call("POST", "/access", _authorize, ACCESS, "code"),
    Call("POST", "/access/revoke", _revoke, BODY),
    Call(
        "POST",
        "/terminals/pair",
        lambda work, body: devices.device_as_told(devices.pair(work, body["code"])),
        PAIR,
        "device",
    ),
    Call("POST", "/terminals/<device_id>/show", terminal_screen.show_checkout, name="checkout"),
    Call(
        "POST",
        "/checkouts/<checkout_id>/tap",
        lambda work, id_, body: terminal_screen.tap_card(work, id_, body.get("tip") or 0),
        TAP,
        "checkout",
    ),
    Call("POST", "/checkouts/<checkout_id>/client-cancels", terminal_screen.client_cancels, name="checkout"),
    Call("POST", "/checkouts/<checkout_id>/leave", terminal_screen.leave_it, name="checkout"),
    Call("POST", "/payment-links/<link_id>/pay", _pay_link, PAY_LINK),
    Call("POST", "/invoices/<invoice_id>/pay", _pay_invoice, PAY_INVOICE),
)
for call in CALLS:
    control.add_url_rule(
        call.path, endpoint=f"{call.method} {call.path}", view_func=call.answer, methods=[call.method]
    )


@control.post("/deliver")
def deliver() -> Response:
    """Send what is queued, now; the sender has transactions of its own."""
    if body_of().get("withheld"):
        with practice_square_of().work() as work:
            release_withheld(work)
    return jsonify(practice_square_of().sender.flush())


@control.post("/reset")
def reset() -> Response:
    """Reset to another seed."""
    practice_square_of().reset(body_of().get("seed"))
    return jsonify({})
