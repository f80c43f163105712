"""The control interface's part about what surrounds a sale: calendar, directory, disputes, catalog, access."""

from __future__ import annotations

from flask import Response, jsonify

from practice_square import catalog, catalog_edits, customers, disputes
from practice_square.access.authorization import end_permission
from practice_square.access.tokens import make_code
from practice_square.api import body_of
from practice_square.appointments import bookings, team
from practice_square.appointments.seller_day import book_as_seller
from practice_square.control_api import control
from practice_square.directory import attributes, definitions, recovery
from practice_square.directory.value_kinds import KINDS, schema_of
from practice_square.practice import practice_square_of
from practice_square.shapes import Flag, Record, Text, Whole, checked

DEFINE = Record(
    {
        "key": Text(1, required=True),
        "name": Text(1, required=True),
        "visibility": Text(one_of=definitions.VISIBILITIES, required=True),
        "owner": Text(1, required=True),
        "kind": Text(one_of=KINDS, required=True),
    }
)
DISPUTE = Record(
    {"payment_id": Text(1, required=True), "reason": Text(), "amount": Whole(least=1), "state": Text()}
)
STATUS = Record({"status": Text(required=True)})
STATE = Record({"state": Text(required=True)})
TEAM_MEMBER = Record({"given_name": Text(1, required=True), "family_name": Text(1, required=True)})
VARIATION = Record({"price": Whole(least=0), "name": Text(1)})
ITEM = Record({"name": Text(1), "is_archived": Flag()})
ACCESS = Record({"scopes": Text(1, required=True), "code_challenge": Text(), "redirect_uri": Text()})


@control.get("/team")
def list_team() -> Response:
    with practice_square_of().work() as work:
        return jsonify({"team_members": work.all("team_member")})


@control.post("/team")
def add_team_member() -> Response:
    body = checked(body_of(), TEAM_MEMBER)
    with practice_square_of().work() as work:
        return jsonify({"team_member": team.add_team_member(work, body["given_name"], body["family_name"])})


@control.post("/bookings")
def book() -> Response:
    body = body_of()
    with practice_square_of().work() as work:
        return jsonify({"booking": book_as_seller(work, body)})


@control.post("/bookings/<booking_id>/status")
def set_booking_status(booking_id: str) -> Response:
    status = checked(body_of(), STATUS)["status"]
    with practice_square_of().work() as work:
        return jsonify({"booking": bookings.set_status(work, booking_id, status)})


@control.post("/attribute-definitions")
def define_attribute() -> Response:
    body = checked(body_of(), DEFINE)
    given = {
        "key": body["key"],
        "name": body["name"],
        "description": body["name"],
        "visibility": body["visibility"],
        "schema": schema_of(body["kind"]),
    }
    with practice_square_of().work() as work:
        defined = definitions.define(work, given, body["owner"])
        return jsonify({"custom_attribute_definition": definitions.as_seen(work, defined)})


@control.get("/customers/<customer_id>/attributes")
def list_attributes(customer_id: str) -> Response:
    with practice_square_of().work() as work:
        return jsonify({"attributes": attributes.attributes_on_profile(work, customer_id)})


@control.put("/customers/<customer_id>/attributes/<key>")
def set_attribute(customer_id: str, key: str) -> Response:
    value = body_of().get("value")
    with practice_square_of().work() as work:
        return jsonify({"custom_attribute": attributes.set_as_seller(work, customer_id, key, value)})


@control.post("/customers/<customer_id>/unmerge")
def unmerge_customer(customer_id: str) -> Response:
    has_new_ids = bool(body_of().get("has_new_ids"))
    with practice_square_of().work() as work:
        recovered = recovery.unmerge_customer(work, customer_id, has_new_ids=has_new_ids)
        return jsonify({"customers": recovered})


@control.delete("/customers/<customer_id>")
def delete_customer(customer_id: str) -> Response:
    with practice_square_of().work() as work:
        return jsonify(customers.delete_customer(work, customer_id))


@control.post("/customers/<customer_id>/recover")
def recover_customer(customer_id: str) -> Response:
    with practice_square_of().work() as work:
        return jsonify({"customer": recovery.recover_customer(work, customer_id)})


@control.post("/disputes")
def open_dispute() -> Response:
    body = checked(body_of(), DISPUTE)
    named = {name: body[name] for name in ("reason", "amount", "state") if body.get(name)}
    with practice_square_of().work() as work:
        return jsonify({"dispute": disputes.open_dispute(work, body["payment_id"], **named)})


@control.post("/disputes/<dispute_id>/state")
def move_dispute(dispute_id: str) -> Response:
    state = checked(body_of(), STATE)["state"]
    with practice_square_of().work() as work:
        return jsonify({"dispute": disputes.move_dispute(work, dispute_id, state)})


@control.put("/variations/<variation_id>")
def edit_variation(variation_id: str) -> Response:
    body = checked(body_of(), VARIATION)
    with practice_square_of().work() as work:
        edited = catalog_edits.edit_variation(
            work, variation_id, price=body.get("price"), name=body.get("name")
        )
        return jsonify({"object": edited})


@control.put("/items/<item_id>")
def edit_item(item_id: str) -> Response:
    body = checked(body_of(), ITEM)
    with practice_square_of().work() as work:
        edited = catalog_edits.edit_item(
            work, item_id, name=body.get("name"), is_archived=body.get("is_archived")
        )
        return jsonify({"object": edited})


@control.delete("/items/<object_id>")
def delete_item(object_id: str) -> Response:
    with practice_square_of().work() as work:
        return jsonify(catalog.delete_object(work, object_id))


@control.post("/access")
def authorize() -> Response:
    body = checked(body_of(), ACCESS)
    with practice_square_of().work() as work:
        code = make_code(work, body["scopes"].split(), body.get("code_challenge"), body.get("redirect_uri"))
    return jsonify({"code": code})


@control.post("/access/revoke")
def revoke_access() -> Response:
    revoker_type = str(body_of().get("revoker_type") or "MERCHANT")
    with practice_square_of().work() as work:
        end_permission(work, revoker_type)
    return jsonify({})
