"""Every call of the practice Square, over real HTTP with the real SDK, checked against the contract."""

import httpx
import pytest
from square import Square
from square.core.api_error import ApiError

from practice_square.serving import PracticeServer
from tests.practice_square.contract import CALLS, CLINIC_CALLS, Contract, Exchange, find_call, walk
from tests.practice_square.plays_checkout import play_invoices, play_links, play_terminals

NO_RETRY = {"max_retries": 0}


def money(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "USD"}


def test_every_call_it_plays_keeps_to_the_contract(
    sdk: Square, practice: PracticeServer, contract: Contract, variation
) -> None:
    play_places(sdk)
    play_customers(sdk)
    play_catalog(sdk)
    play_orders(sdk, practice, variation("jade"))
    play_payments_and_refunds(sdk, practice)
    play_terminals(sdk, practice)
    play_links(sdk, practice)
    play_invoices(sdk, practice)
    play_webhooks(sdk, practice)
    contract.assert_kept()
    assert set(contract.seen) == set(CALLS) - set(CLINIC_CALLS)


def play_places(sdk: Square) -> None:
    assert sdk.locations.get("main").location.id == sdk.locations.list().locations[0].id
    assert sdk.merchants.get("me").merchant.currency == "USD"
    assert len(list(sdk.merchants.list())) == 1


def play_customers(sdk: Square) -> None:
    made = sdk.customers.create(
        idempotency_key="c1", given_name="Ines", email_address="ines@example.org", phone_number="+13105550150"
    ).customer
    sdk.customers.update(made.id, note="Prefers mornings", family_name=None, version=0)
    assert sdk.customers.get(made.id).customer.version == 1
    assert (
        sdk.customers.search(query={"filter": {"phone_number": {"exact": "+13105550150"}}}, count=True).count
        == 1
    )
    found = sdk.customers.bulk_retrieve_customers(customer_ids=[made.id, "nope"]).responses
    assert found[made.id].customer.given_name == "Ines"
    assert found["nope"].errors[0].code == "NOT_FOUND"
    assert len(list(sdk.customers.list(limit=5, sort_field="DEFAULT", sort_order="ASC"))) == 13
    sdk.customers.delete(made.id, version=1)


def play_catalog(sdk: Square) -> None:
    item = {
        "type": "ITEM",
        "id": "#i",
        "item_data": {"name": "Serum", "product_type": "REGULAR", "variations": [variation_of("#v", 4000)]},
    }
    made = sdk.catalog.batch_upsert(idempotency_key="k1", batches=[{"objects": [item]}])
    ids = {one.client_object_id: one.object_id for one in made.id_mappings}
    balm = {"name": "Balm", "variations": [variation_of("#w", 2500, "#j")]}
    again = sdk.catalog.object.upsert(
        idempotency_key="k2", object={"type": "ITEM", "id": "#j", "item_data": balm}
    )
    assert again.catalog_object.item_data.name == "Balm"
    sdk.catalog.object.get(ids["#v"], include_related_objects=True)
    sdk.catalog.batch_get(object_ids=list(ids.values()), include_related_objects=True)
    assert sdk.catalog.search(object_types=["ITEM"], query={"text_query": {"keywords": ["serum"]}}).objects
    assert sdk.catalog.search_items(text_filter="serum").matched_variation_ids == [ids["#v"]]
    assert len(list(sdk.catalog.list(types="ITEM"))) == 8
    assert sdk.catalog.info().limits.batch_upsert_max_objects_per_batch == 1000
    assert set(sdk.catalog.object.delete(ids["#i"]).deleted_object_ids) == set(ids.values())


def variation_of(id_: str, amount: int, item_id: str = "#i") -> dict[str, object]:
    data = {"item_id": item_id, "name": "One", "pricing_type": "FIXED_PRICING", "price_money": money(amount)}
    return {"type": "ITEM_VARIATION", "id": id_, "item_variation_data": data}


def play_orders(sdk: Square, practice: PracticeServer, variation_id: str) -> None:
    drawn = {
        "location_id": practice.location_id,
        "line_items": [{"catalog_object_id": variation_id, "quantity": "2"}],
        "discounts": [{"uid": "d", "name": "Ten", "percentage": "10", "scope": "ORDER"}],
        "taxes": [{"uid": "t", "name": "Tax", "percentage": "9.5", "scope": "ORDER"}],
    }
    assert sdk.orders.calculate(order=drawn).order.total_money.amount == 7490
    made = sdk.orders.create(order=drawn, idempotency_key="o1").order
    changed = sdk.orders.update(
        made.id, order={"location_id": practice.location_id, "version": 1, "reference_id": "R-1"}
    ).order
    assert (changed.version, changed.reference_id) == (2, "R-1")
    assert sdk.orders.get(made.id).order.state == "OPEN"
    assert len(sdk.orders.batch_get(order_ids=[made.id, "unknown"]).orders) == 1
    nothing = sdk.orders.create(
        order={
            "location_id": practice.location_id,
            "line_items": [{"name": "Visit", "quantity": "1", "base_price_money": money(0)}],
        },
        idempotency_key="o2",
    ).order
    assert sdk.orders.pay(nothing.id, idempotency_key="p0", payment_ids=[]).order.state == "COMPLETED"
    found = sdk.orders.search(
        location_ids=[practice.location_id],
        query={
            "filter": {"date_time_filter": {"updated_at": {"start_at": "2020-01-01T00:00:00Z"}}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        },
    )
    assert {made.id, nothing.id} <= {one.id for one in found.orders}
    assert sdk.orders.search(location_ids=[practice.location_id], return_entries=True).order_entries


def play_payments_and_refunds(sdk: Square, practice: PracticeServer) -> None:
    paid = sdk.payments.create(
        source_id="cnon:card-nonce-ok",
        idempotency_key="pay-1",
        amount_money=money(5000),
        tip_money=money(500),
    ).payment
    cash = sdk.payments.create(
        source_id="CASH",
        idempotency_key="pay-2",
        amount_money=money(2000),
        cash_details={"buyer_supplied_money": money(2500)},
    ).payment
    assert cash.cash_details.change_back_money.amount == 500
    sdk.payments.create(
        source_id="EXTERNAL",
        idempotency_key="pay-3",
        amount_money=money(100),
        external_details={"type": "CHECK", "source": "Bank"},
    )
    held = [
        sdk.payments.create(
            source_id="cnon:card-nonce-ok",
            idempotency_key=f"held-{n}",
            amount_money=money(700),
            autocomplete=False,
        ).payment
        for n in (1, 2)
    ]
    assert sdk.payments.cancel(held[0].id).payment.status == "CANCELED"
    assert sdk.payments.complete(held[1].id).payment.status == "COMPLETED"
    assert sdk.payments.get(paid.id).payment.total_money.amount == 5500
    assert len(list(sdk.payments.list(limit=2, sort_field="UPDATED_AT", sort_order="ASC"))) == 5
    refund = sdk.refunds.refund_payment(
        idempotency_key="r1", payment_id=paid.id, amount_money=money(1000), reason="Two sessions"
    ).refund
    assert refund.status == "PENDING"
    assert sdk.refunds.get(refund.id).refund.status == "COMPLETED"
    assert [one.id for one in sdk.refunds.list()] == [refund.id]
    returned = sdk.orders.get(refund.order_id).order
    assert returned.returns[0].source_order_id == paid.order_id
    assert returned.returns[0].return_line_items[0].source_line_item_uid is None


def play_webhooks(sdk: Square, practice: PracticeServer) -> None:
    assert "payment.updated" in sdk.webhooks.event_types.list().event_types
    assert sdk.events.list_event_types().event_types
    first = next(iter(sdk.webhooks.subscriptions.list()))
    assert first.signature_key == practice.signature_key
    made = sdk.webhooks.subscriptions.create(
        subscription={
            "name": "Mine",
            "event_types": ["payment.updated"],
            "notification_url": first.notification_url,
            "api_version": "2025-08-20",
        },
        idempotency_key="w1",
    ).subscription
    assert sdk.webhooks.subscriptions.get(made.id).subscription.name == "Mine"
    assert not sdk.webhooks.subscriptions.update(
        made.id, subscription={"enabled": False}
    ).subscription.enabled
    assert sdk.webhooks.subscriptions.update_signature_key(made.id).signature_key != made.signature_key
    told = sdk.webhooks.subscriptions.test(made.id, event_type="payment.updated").subscription_test_result
    assert told.status_code == 200
    sdk.webhooks.subscriptions.delete(made.id)
    assert sdk.events.search_events(limit=5).events


def test_every_event_keeps_to_the_contract(
    practice: PracticeServer, sdk: Square, contract: Contract, variation, listener
) -> None:
    till_sale = practice.control.sell(
        [{"variation_id": variation("oil")}], tenders=[{"type": "card", "tip": 300}]
    )
    line = till_sale["order"]["line_items"][0]["uid"]
    practice.control.refund_lines(till_sale["order"]["id"], {line: "1"})
    one, two = practice.control.add_customer(given_name="A"), practice.control.add_customer(given_name="B")
    practice.control.merge_customers(one["id"], two["id"])
    sdk.customers.update(sdk.customers.get(one["id"]).customer.id, nickname="Al")
    play_orders(sdk, practice, variation("jade"))
    play_catalog(sdk)
    practice.control.deliver()
    for body, _ in listener.taken:
        contract.check_event(body)
    assert set(listener.types()) == {
        "catalog.version.updated",
        "customer.created",
        "customer.deleted",
        "customer.updated",
        "order.created",
        "order.updated",
        "payment.created",
        "payment.updated",
        "refund.created",
        "refund.updated",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2/gift-cards"), ("POST", "/v2/loyalty/accounts"), ("PATCH", "/v2/orders"), ("GET", "/v2/")],
)
def test_it_answers_an_unplayed_route_as_square_does(
    sdk: Square, practice: PracticeServer, method, path
) -> None:
    answer = httpx.request(
        method, practice.base_url + path, headers={"Authorization": f"Bearer {practice.access_token}"}
    )
    assert answer.status_code in (404, 405)
    assert answer.json()["errors"][0]["category"] == "INVALID_REQUEST_ERROR"


def test_the_checker_hooks_into_the_callers_own_client(practice: PracticeServer) -> None:
    own = Contract()
    with httpx.Client(event_hooks=own.httpx_hooks()) as client:
        Square(base_url=practice.base_url, token=practice.access_token, httpx_client=client).locations.list()
        client.get(practice.base_url + "/v2/locations?colour=red", headers={"Authorization": "Bearer wrong"})
    assert own.seen == {("GET", "/v2/locations"): 2}
    own.assert_kept()


def test_the_checker_itself_finds_a_breach() -> None:
    strict = Contract()
    order = b'{"order": {"location_id": "L", "line_items": [{"quantity": 1}], "colour": "red"}}'
    strict.check(Exchange("GET", "/v2/orders/O1", b"", 200, order))
    told = "\n".join(strict.breaches)
    assert "colour" in told
    assert "quantity" in told
    strict.breaches.clear()
    strict.check(Exchange("GET", "/v2/orders/O1", b"", 500, b"<html>"))
    assert strict.breaches


def test_the_checker_finds_a_bad_request_by_the_document() -> None:
    schema = {"$ref": "#/components/schemas/CreatePaymentRequest"}
    body = {"source_id": "", "idempotency_key": "x" * 46, "amount_money": {"amount": "1"}, "tip": None}
    told = "\n".join(walk(body, schema, "request"))
    assert "source_id is too short" in told
    assert "idempotency_key is too long" in told
    assert "amount should be integer" in told
    assert "tip is not in CreatePaymentRequest" in told


def test_the_checker_looks_at_every_value_of_a_map() -> None:
    schema = {"$ref": "#/components/schemas/BulkRetrieveBookingsResponse"}
    body = {"bookings": {"B1": {"booking": {"id": "B1"}}, "B2": {"colour": "red"}}}
    told = list(walk(body, schema, "answer", is_answer=True))
    assert told == ["answer.bookings[B2].colour is not in RetrieveBookingResponse"]


def test_a_fixed_path_wins_over_a_placeholder() -> None:
    assert find_call("POST", "/v2/customers/search") == ("POST", "/v2/customers/search")
    assert find_call("GET", "/v2/customers/C1") == ("GET", "/v2/customers/{customer_id}")
    assert find_call("GET", "/v2/gift-cards") is None


def test_errors_have_squares_shape(sdk: Square, practice: PracticeServer) -> None:
    with pytest.raises(ApiError) as caught:
        sdk.orders.get("nope", request_options=NO_RETRY)
    assert caught.value.status_code == 404
    assert caught.value.errors[0].code == "NOT_FOUND"
