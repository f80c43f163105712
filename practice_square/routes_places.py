"""The calls about places, people and webhooks: locations, merchants, customers, events, subscriptions."""

from __future__ import annotations

from flask import Response, jsonify, request

from practice_square import (
    customer_search,
    customers,
    event_search,
    listings,
    merchant,
    subscriptions,
)
from practice_square.api import api, body_of, query_of, reading, writing
from practice_square.practice import practice_square_of
from practice_square.shapes import Many, Record, Text, checked

BULK = Record({"customer_ids": Many(Text(1), least=1, most=100, required=True)})


@api.get("/locations")
def list_locations() -> Response:
    return reading(merchant.list_locations)


@api.get("/locations/<location_id>")
def get_location(location_id: str) -> Response:
    return reading(lambda work: {"location": merchant.read_location(work, location_id)})


@api.get("/merchants")
def list_merchants() -> Response:
    return reading(lambda work: {"merchant": [merchant.read_merchant(work, "me")]})


@api.get("/merchants/<merchant_id>")
def get_merchant(merchant_id: str) -> Response:
    return reading(lambda work: {"merchant": merchant.read_merchant(work, merchant_id)})


@api.post("/customers")
def create_customer() -> Response:
    return writing(customers.create_customer)


@api.get("/customers")
def list_customers() -> Response:
    query = query_of()
    newest_first = query.get("sort_order") == "DESC"
    limit = listings.read_limit(query.get("limit"), 100)
    return reading(
        lambda work: customer_search.list_customers(work, query, limit, newest_first=newest_first).as_body(
            "customers"
        )
    )


@api.post("/customers/search")
def search_customers() -> Response:
    body = body_of()
    return reading(lambda work: customer_search.search_customers(work, body))


@api.post("/customers/bulk-retrieve")
def retrieve_customers() -> Response:
    ids = checked(body_of(), BULK)["customer_ids"]
    return reading(lambda work: {"responses": {id_: customers.read_one_of_many(work, id_) for id_ in ids}})


@api.get("/customers/<customer_id>")
def get_customer(customer_id: str) -> Response:
    return reading(lambda work: {"customer": customers.read_customer(work, customer_id)})


@api.put("/customers/<customer_id>")
def update_customer(customer_id: str) -> Response:
    return writing(lambda work, body: customers.update_customer(work, customer_id, body))


@api.delete("/customers/<customer_id>")
def delete_customer(customer_id: str) -> Response:
    version = request.args.get("version", type=int)
    return reading(lambda work: customers.delete_customer(work, customer_id, version))


@api.get("/webhooks/event-types")
@api.get("/events/types")
def list_event_types() -> Response:
    return jsonify(subscriptions.event_types())


@api.post("/events")
def search_events() -> Response:
    body = body_of()
    return reading(lambda work: event_search.search_events(work, body))


@api.get("/webhooks/subscriptions")
def list_subscriptions() -> Response:
    has_disabled = request.args.get("include_disabled") == "true"
    return reading(lambda work: subscriptions.list_subscriptions(work, has_disabled=has_disabled))


@api.post("/webhooks/subscriptions")
def create_subscription() -> Response:
    return writing(subscriptions.create_subscription)


@api.get("/webhooks/subscriptions/<subscription_id>")
def get_subscription(subscription_id: str) -> Response:
    return reading(lambda work: {"subscription": subscriptions.read_subscription(work, subscription_id)})


@api.put("/webhooks/subscriptions/<subscription_id>")
def update_subscription(subscription_id: str) -> Response:
    return writing(lambda work, body: subscriptions.update_subscription(work, subscription_id, body))


@api.delete("/webhooks/subscriptions/<subscription_id>")
def delete_subscription(subscription_id: str) -> Response:
    return reading(lambda work: subscriptions.delete_subscription(work, subscription_id))


@api.post("/webhooks/subscriptions/<subscription_id>/signature-key")
def change_signature_key(subscription_id: str) -> Response:
    return writing(lambda work, _: subscriptions.change_signature_key(work, subscription_id))


@api.post("/webhooks/subscriptions/<subscription_id>/test")
def test_subscription(subscription_id: str) -> Response:
    body = body_of()
    return jsonify(
        {
            "subscription_test_result": practice_square_of().sender.test(
                subscription_id, body.get("event_type")
            )
        }
    )
