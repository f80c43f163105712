"""The calls under /v2 as one table: method, path, handler, and its arguments besides the path's ids."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request

from practice_square import (
    catalog,
    catalog_search,
    customer_search,
    customers,
    disputes,
    event_search,
    listings,
    merchant,
    order_search,
    orders,
    payments,
    refunds,
    subscriptions,
)
from practice_square.access.guard import is_seller_level
from practice_square.api import api, body_of, query_of, reading, writing
from practice_square.appointments import availability, booking_search, bookings, team
from practice_square.appointments.plan import reads, require_writes
from practice_square.catalog_shapes import BATCH_UPSERT, UPSERT
from practice_square.checkout import devices, invoice_lists, invoices, links, terminal
from practice_square.directory import attributes, definitions
from practice_square.faults import is_meant
from practice_square.order_shapes import PAY
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal, rate_limited
from practice_square.shapes import Many, Record, Text, checked
from practice_square.storage import Json, Work

__all__ = ["BODY", "NOTHING", "Call", "api"]

# An act's arguments after the ids: none, the query, the body, or the body run once by its idempotency key. A shape in
# their place: the body, checked.
NOTHING, QUERY, BODY, ONCE = "nothing", "query", "body", "once"
_CUSTOMER_IDS = Record(customer_ids=Many(Text(1), least=1, most=100, required=True))
_BOOKING_IDS = Record(booking_ids=Many(Text(1), least=1, required=True))


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `name` is the field of the answer with what the act returns, "" where it returns the answer."""

    method: str
    path: str
    act: Callable[..., Any]
    given: str | Record = NOTHING
    name: str = ""

    def answer(self, **ids: str) -> Response:
        """Answer a request."""

        def act(work: Work, *given: Json) -> Json:
            result = self.act(work, *ids.values(), *given)
            return {self.name: result} if self.name else result

        if self.given == ONCE:
            return writing(act)
        values = self._values()
        return reading(lambda work: act(work, *values))

    def _values(self) -> tuple[Json, ...]:
        if isinstance(self.given, Record):
            return (checked(body_of(), self.given),)
        given = {QUERY: query_of, BODY: body_of}.get(self.given)
        return (given(),) if given else ()


@contextmanager
def _catalog_turn() -> Iterator[None]:
    """Admit one write of the catalog at a time, as Square does."""
    practice = practice_square_of()
    if not practice.catalog_writes.acquire(blocking=False):
        raise rate_limited()
    try:
        faults = request.environ["practice.faults"]
        if faults.slow_s and is_meant(faults, f"{request.method} {request.path}"):
            practice.pause(faults.slow_s)
        yield
    finally:
        practice.catalog_writes.release()


def _batch_upsert(work: Work, body: Json) -> Json:
    return catalog.upsert_batches(work, checked(body, BATCH_UPSERT)["batches"])


def _upsert_object(work: Work, body: Json) -> Json:
    answer = catalog.upsert_objects(work, [checked(body, UPSERT)["object"]], "object")
    mappings = {"id_mappings": answer["id_mappings"]} if "id_mappings" in answer else {}
    return {"catalog_object": answer["objects"][0], **mappings}


def _catalog_object(work: Work, object_id: str) -> Json:
    found = catalog.read_object(work, object_id)
    is_wide = request.args.get("include_related_objects") == "true"
    return {"object": found} | (catalog_search.related_to(work, found) if is_wide else {})


def _catalog_limits(_work: Work) -> Json:
    return {
        "batch_upsert_max_objects_per_batch": catalog.MAX_BATCH,
        "batch_upsert_max_total_objects": catalog.MAX_TOTAL,
        "batch_retrieve_max_object_ids": 1000,
        "search_max_page_limit": 1000,
    }


def _list_customers(work: Work, query: Json) -> Json:
    newest_first = query.get("sort_order") == "DESC"
    limit = listings.read_limit(query.get("limit"), 100)
    found = customer_search.list_customers(work, query, limit, newest_first=newest_first)
    return found.as_body("customers")


def _customers_by_id(work: Work, body: Json) -> Json:
    return {id_: customers.read_one_of_many(work, id_) for id_ in body["customer_ids"]}


def _bookings_by_id(work: Work, body: Json) -> Json:
    return {id_: _booking_or_error(work, id_) for id_ in body["booking_ids"]}


def _booking_or_error(work: Work, id_: str) -> Json:
    try:
        return {"booking": bookings.find_booking(work, id_)}
    except Refusal as refused:
        return refused.body()


def _list_bookings(work: Work, query: Json) -> Json:
    return booking_search.list_bookings(work, query, is_seller=is_seller_level("APPOINTMENTS_ALL_READ"))


def _create_booking(work: Work, body: Json) -> Json:
    require_writes(work, is_seller=is_seller_level("APPOINTMENTS_ALL_WRITE"))
    return bookings.create_booking(work, body)


def _update_booking(work: Work, booking_id: str, body: Json) -> Json:
    require_writes(work, is_seller=is_seller_level("APPOINTMENTS_ALL_WRITE"))
    return bookings.update_booking(work, booking_id, body)


def _cancel_booking(work: Work, booking_id: str, body: Json) -> Json:
    is_seller = is_seller_level("APPOINTMENTS_ALL_WRITE")
    require_writes(work, is_seller=is_seller)
    return bookings.cancel_booking(work, booking_id, body, is_seller=is_seller)


def _delete_invoice(work: Work, invoice_id: str, query: Json) -> Json:
    version = query.get("version")
    if version is not None and not version.isdigit():
        raise Refusal("EXPECTED_INTEGER", "Expected an integer value.", field="version")
    return invoices.delete_invoice(work, invoice_id, None if version is None else int(version))


def _base_url() -> str:
    return request.host_url.rstrip("/")


CATALOG_WRITES = (
    Call("POST", "/catalog/batch-upsert", _batch_upsert, ONCE),
    Call("POST", "/catalog/object", _upsert_object, ONCE),
    Call("DELETE", "/catalog/object/<object_id>", catalog.delete_object),
)
_ATTRIBUTE = "/customers/<customer_id>/custom-attributes"
_DEFINITION = "/customers/custom-attribute-definitions"
_LINK = "/online-checkout/payment-links"
_SUBSCRIPTION = "/webhooks/subscriptions"
CALLS = (
    *CATALOG_WRITES,
    Call("GET", "/catalog/object/<object_id>", _catalog_object),
    Call("GET", "/catalog/list", catalog_search.list_objects, QUERY),
    Call("GET", "/catalog/info", _catalog_limits, name="limits"),
    Call("POST", "/catalog/search", catalog_search.search_objects, BODY),
    Call("POST", "/catalog/search-catalog-items", catalog_search.search_items, BODY),
    Call("POST", "/catalog/batch-retrieve", catalog_search.retrieve_objects, BODY),
    Call("POST", "/orders", orders.create_order, ONCE),
    Call("POST", "/orders/calculate", orders.calculate_order, BODY),
    Call("POST", "/orders/batch-retrieve", orders.retrieve_orders, BODY),
    Call("POST", "/orders/search", order_search.search_orders, BODY),
    Call("GET", "/orders/<order_id>", orders.read_order),
    Call("PUT", "/orders/<order_id>", orders.update_order, ONCE),
    Call(
        "POST",
        "/orders/<order_id>/pay",
        lambda work, id_, body: payments.pay_order(work, id_, checked(body, PAY)),
        ONCE,
    ),
    Call("POST", "/payments", payments.create_payment, ONCE),
    Call("GET", "/payments", listings.list_payments, QUERY),
    Call("GET", "/payments/<payment_id>", payments.read_payment, name="payment"),
    Call(
        "POST",
        "/payments/<payment_id>/cancel",
        lambda work, id_, _body: payments.cancel_payment(work, id_),
        ONCE,
    ),
    Call("POST", "/payments/<payment_id>/complete", payments.complete_payment, ONCE),
    Call("POST", "/refunds", refunds.refund_payment, ONCE),
    Call("GET", "/refunds", listings.list_refunds, QUERY),
    Call("GET", "/refunds/<refund_id>", refunds.read_refund, name="refund"),
    Call("GET", "/disputes", disputes.list_disputes, QUERY),
    Call("GET", "/disputes/<dispute_id>", disputes.find_dispute, name="dispute"),
    Call(
        "POST",
        "/disputes/<dispute_id>/accept",
        lambda work, id_: disputes.move_dispute(work, id_, "ACCEPTED"),
        name="dispute",
    ),
    Call("GET", "/locations", merchant.list_locations),
    Call("GET", "/locations/<location_id>", merchant.read_location, name="location"),
    Call("GET", "/merchants", lambda work: [merchant.read_merchant(work, "me")], name="merchant"),
    Call("GET", "/merchants/<merchant_id>", merchant.read_merchant, name="merchant"),
    Call("POST", "/customers", customers.create_customer, ONCE),
    Call("GET", "/customers", _list_customers, QUERY),
    Call("POST", "/customers/search", customer_search.search_customers, BODY),
    Call("POST", "/customers/bulk-retrieve", _customers_by_id, _CUSTOMER_IDS, "responses"),
    Call("GET", "/customers/<customer_id>", customers.read_customer, name="customer"),
    Call("PUT", "/customers/<customer_id>", customers.update_customer, ONCE),
    Call(
        "DELETE",
        "/customers/<customer_id>",
        lambda work, id_: customers.delete_customer(work, id_, request.args.get("version", type=int)),
    ),
    Call("GET", _DEFINITION, definitions.list_definitions, QUERY),
    Call("POST", _DEFINITION, definitions.create_definition, ONCE),
    Call(
        "GET",
        f"{_DEFINITION}/<key>",
        lambda work, key: definitions.read_definition(work, key, request.args.get("version")),
    ),
    Call("PUT", f"{_DEFINITION}/<key>", definitions.update_definition, ONCE),
    Call("DELETE", f"{_DEFINITION}/<key>", definitions.delete_definition),
    Call("POST", "/customers/custom-attributes/bulk-upsert", attributes.upsert_many, ONCE),
    Call("GET", _ATTRIBUTE, attributes.list_attributes, QUERY),
    Call("GET", f"{_ATTRIBUTE}/<key>", attributes.read_attribute, QUERY),
    Call("POST", f"{_ATTRIBUTE}/<key>", attributes.upsert_attribute, ONCE),
    Call("DELETE", f"{_ATTRIBUTE}/<key>", attributes.delete_attribute),
    Call("GET", "/bookings", reads(_list_bookings), QUERY),
    Call("POST", "/bookings", reads(_create_booking), ONCE),
    Call("POST", "/bookings/availability/search", reads(availability.search_availability), BODY),
    Call("POST", "/bookings/bulk-retrieve", reads(_bookings_by_id), _BOOKING_IDS, "bookings"),
    Call("GET", "/bookings/business-booking-profile", team.business_profile),
    Call("GET", "/bookings/team-member-booking-profiles", team.list_booking_profiles, QUERY),
    Call("GET", "/bookings/<booking_id>", reads(bookings.find_booking), name="booking"),
    Call("PUT", "/bookings/<booking_id>", reads(_update_booking), ONCE),
    Call("POST", "/bookings/<booking_id>/cancel", reads(_cancel_booking), ONCE),
    Call("POST", "/team-members/search", team.search_team, BODY),
    Call("GET", "/team-members/<team_member_id>", team.read_team_member, name="team_member"),
    Call("GET", "/devices", devices.list_devices, QUERY),
    Call("GET", "/devices/<device_id>", devices.read_device),
    Call("POST", "/devices/codes", devices.create_code, ONCE),
    Call("GET", "/devices/codes", devices.list_codes, QUERY),
    Call("GET", "/devices/codes/<code_id>", devices.read_code),
    Call("POST", "/terminals/checkouts", terminal.create_checkout, ONCE),
    Call("POST", "/terminals/checkouts/search", terminal.search_checkouts, BODY),
    Call("GET", "/terminals/checkouts/<checkout_id>", terminal.read_checkout),
    Call(
        "POST",
        "/terminals/checkouts/<checkout_id>/cancel",
        lambda work, id_, _body: terminal.cancel_checkout(work, id_),
        ONCE,
    ),
    Call(
        "POST",
        "/terminals/checkouts/<checkout_id>/dismiss",
        lambda work, id_, _body: terminal.dismiss_checkout(work, id_),
        ONCE,
    ),
    Call("POST", _LINK, lambda work, body: links.create_link(work, body, _base_url()), ONCE),
    Call("GET", _LINK, links.list_links, QUERY),
    Call("GET", f"{_LINK}/<link_id>", links.read_link),
    Call("PUT", f"{_LINK}/<link_id>", links.update_link, ONCE),
    Call("DELETE", f"{_LINK}/<link_id>", links.delete_link),
    Call("POST", "/invoices", invoices.create_invoice, ONCE),
    Call("GET", "/invoices", invoice_lists.list_invoices, QUERY),
    Call("POST", "/invoices/search", invoice_lists.search_invoices, BODY),
    Call("GET", "/invoices/<invoice_id>", invoices.read_invoice),
    Call("PUT", "/invoices/<invoice_id>", invoices.update_invoice, ONCE),
    Call(
        "POST",
        "/invoices/<invoice_id>/publish",
        lambda work, id_, body: invoices.publish_invoice(work, id_, body, _base_url()),
        ONCE,
    ),
    Call("POST", "/invoices/<invoice_id>/cancel", invoices.cancel_invoice, ONCE),
    Call("DELETE", "/invoices/<invoice_id>", _delete_invoice, QUERY),
    Call("GET", "/webhooks/event-types", lambda _work: subscriptions.event_types()),
    Call("GET", "/events/types", lambda _work: subscriptions.event_types()),
    Call("POST", "/events", event_search.search_events, BODY),
    Call(
        "GET",
        _SUBSCRIPTION,
        lambda work: subscriptions.list_subscriptions(
            work, has_disabled=request.args.get("include_disabled") == "true"
        ),
    ),
    Call("POST", _SUBSCRIPTION, subscriptions.create_subscription, ONCE),
    Call("GET", f"{_SUBSCRIPTION}/<subscription_id>", subscriptions.read_subscription, name="subscription"),
    Call("PUT", f"{_SUBSCRIPTION}/<subscription_id>", subscriptions.update_subscription, ONCE),
    Call("DELETE", f"{_SUBSCRIPTION}/<subscription_id>", subscriptions.delete_subscription),
    Call(
        "POST",
        f"{_SUBSCRIPTION}/<subscription_id>/signature-key",
        lambda work, id_, _body: subscriptions.change_signature_key(work, id_),
        ONCE,
    ),
)


@api.post(f"{_SUBSCRIPTION}/<subscription_id>/test")
def test_subscription(subscription_id: str) -> Response:
    """Send a sample event; no transaction is open meanwhile, because the sender has its own."""
    result = practice_square_of().sender.test(subscription_id, body_of().get("event_type"))
    return jsonify({"subscription_test_result": result})


def _one_at_a_time(call: Call) -> Callable[..., Response]:
    def answer(**ids: str) -> Response:
        with _catalog_turn():
            return call.answer(**ids)

    return answer


for call in CALLS:
    api.add_url_rule(
        call.path,
        endpoint=f"{call.method} {call.path}",
        view_func=_one_at_a_time(call) if call in CATALOG_WRITES else call.answer,
        methods=[call.method],
    )
