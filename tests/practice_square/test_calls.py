"""What the API accepts and refuses: tokens, bad input, idempotency, versions, cursors, merges."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from square import Square
from square.core.api_error import ApiError

from practice_square.directory.value_kinds import schema_of
from practice_square.serving import PracticeServer

Json = dict[str, Any]
ONCE: Any = {"max_retries": 0}


def usd(amount: int) -> Json:
    return {"amount": amount, "currency": "USD"}


def refusal(act: Callable[[], object]) -> tuple[int | None, str, str | None]:
    with pytest.raises(ApiError) as caught:
        act()
    error = caught.value.errors[0]
    return caught.value.status_code, str(error.code), error.field


def post(practice: PracticeServer, path: str, body: Any, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or practice.access_token}"}
    return httpx.post(practice.base_url + path, json=body, headers=headers)


@pytest.mark.parametrize("token", ["wrong", "", "practice-access-token "])
def test_it_refuses_a_wrong_token(practice: PracticeServer, token: str) -> None:
    answer = httpx.get(practice.base_url + "/v2/locations", headers={"Authorization": f"Bearer {token}x"})
    assert answer.status_code == 401
    assert answer.json()["errors"][0] == {
        "category": "AUTHENTICATION_ERROR",
        "code": "UNAUTHORIZED",
        "detail": "This request could not be authorized.",
    }


def test_every_answer_names_its_version(practice: PracticeServer, sdk: Square) -> None:
    answer = httpx.get(practice.base_url + "/v2/locations")
    assert answer.headers["Square-Version"] == "2025-08-20"


ORDER = {
    "location_id": "LPRACTICE0001",
    "line_items": [{"name": "A", "quantity": "1", "base_price_money": usd(100)}],
}


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("/v2/orders", {}, "MISSING_REQUIRED_PARAMETER", "order"),
        ("/v2/orders", {"order": {}}, "MISSING_REQUIRED_PARAMETER", "order.location_id"),
        ("/v2/orders", {"order": {"location_id": "LOTHER"}}, "INVALID_LOCATION", "order.location_id"),
        (
            "/v2/orders",
            {"order": {**ORDER, "line_items": [{"quantity": 1}]}},
            "EXPECTED_STRING",
            "order.line_items[0].quantity",
        ),
        (
            "/v2/orders",
            {"order": {**ORDER, "line_items": [{"name": "A"}]}},
            "MISSING_REQUIRED_PARAMETER",
            "order.line_items[0].quantity",
        ),
        (
            "/v2/orders",
            {"order": {**ORDER, "reference_id": "x" * 41}},
            "VALUE_TOO_LONG",
            "order.reference_id",
        ),
        (
            "/v2/orders",
            {"order": {**ORDER, "line_items": [{"quantity": "1", "catalog_object_id": "GONE"}]}},
            "NOT_FOUND",
            "catalog_object_id",
        ),
        (
            "/v2/orders",
            {"order": {**ORDER, "taxes": [{"percentage": "900"}]}},
            "INVALID_VALUE",
            "order.taxes[0].percentage",
        ),
        (
            "/v2/orders",
            {"order": {**ORDER, "service_charges": [{"name": "x"}]}},
            "BAD_REQUEST",
            "order.service_charges[0]",
        ),
        (
            "/v2/orders",
            {"order": {**ORDER, "fulfillments": [{"uid": "x"}]}},
            "NOT_IMPLEMENTED",
            "order.fulfillments",
        ),
        ("/v2/orders/search", {"location_ids": []}, "MISSING_REQUIRED_PARAMETER", "location_ids"),
        ("/v2/orders/search", {"location_ids": ["LPRACTICE0001"], "limit": 1001}, "VALUE_TOO_HIGH", "limit"),
        ("/v2/orders/batch-retrieve", {"order_ids": []}, "ARRAY_EMPTY", "order_ids"),
        ("/v2/payments", {"source_id": "CASH"}, "MISSING_REQUIRED_PARAMETER", "idempotency_key"),
        (
            "/v2/payments",
            {"source_id": "CASH", "idempotency_key": "x" * 46},
            "VALUE_TOO_LONG",
            "idempotency_key",
        ),
        (
            "/v2/payments",
            {"source_id": "CASH", "idempotency_key": "a", "amount_money": usd(5)},
            "MISSING_REQUIRED_PARAMETER",
            "cash_details",
        ),
        (
            "/v2/payments",
            {"source_id": "EXTERNAL", "idempotency_key": "a", "amount_money": usd(5)},
            "MISSING_REQUIRED_PARAMETER",
            "external_details",
        ),
        (
            "/v2/payments",
            {
                "source_id": "cnon:card-nonce-ok",
                "idempotency_key": "a",
                "amount_money": {"amount": 5, "currency": "EUR"},
            },
            "CURRENCY_MISMATCH",
            "amount_money.currency",
        ),
        (
            "/v2/payments",
            {"source_id": "cnon:card-nonce-declined", "idempotency_key": "a", "amount_money": usd(5)},
            "GENERIC_DECLINE",
            "source_id",
        ),
        ("/v2/refunds", {"idempotency_key": "a"}, "MISSING_REQUIRED_PARAMETER", "amount_money"),
        ("/v2/customers", {}, "BAD_REQUEST", None),
        ("/v2/customers", {"email_address": "no"}, "INVALID_EMAIL_ADDRESS", "email_address"),
        ("/v2/customers", {"phone_number": "12"}, "INVALID_PHONE_NUMBER", "phone_number"),
        ("/v2/customers/search", {"limit": 101}, "VALUE_TOO_HIGH", "limit"),
        ("/v2/catalog/batch-upsert", {"idempotency_key": "a", "batches": []}, "ARRAY_EMPTY", "batches"),
        (
            "/v2/catalog/object",
            {"idempotency_key": "a", "object": {"type": "ITEM", "id": "#a"}},
            "MISSING_REQUIRED_PARAMETER",
            "object[0].item_data",
        ),
        (
            "/v2/webhooks/subscriptions",
            {"subscription": {"name": "x", "event_types": ["nope"], "notification_url": "http://x"}},
            "INVALID_VALUE",
            "subscription.event_types[0]",
        ),
        (
            "/v2/webhooks/subscriptions",
            {
                "subscription": {
                    "name": "x",
                    "event_types": ["payment.created"],
                    "notification_url": "ftp://x",
                }
            },
            "INVALID_VALUE",
            "subscription.notification_url",
        ),
    ],
)
def test_it_refuses_what_square_refuses(
    practice: PracticeServer, path: str, body: Json, code: str, field: str
) -> None:
    answer = post(practice, path, body)
    assert 400 <= answer.status_code < 502
    error = answer.json()["errors"][0]
    assert (error["code"], error.get("field")) == (code, field)


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"', b"\xff\xfe"])
def test_it_refuses_a_body_that_is_no_json_object(practice: PracticeServer, content: bytes) -> None:
    headers = {"Authorization": f"Bearer {practice.access_token}", "Content-Type": "application/json"}
    answer = httpx.post(practice.base_url + "/v2/orders", content=content, headers=headers)
    assert answer.json()["errors"][0]["code"] == "EXPECTED_JSON_BODY"


def test_the_same_key_gives_the_same_answer_and_does_nothing_twice(sdk: Square) -> None:
    first = sdk.customers.create(idempotency_key="k", given_name="Ada")
    again = sdk.customers.create(idempotency_key="k", given_name="Ada")
    assert first == again
    assert sdk.customers.search(count=True).count == 13


def test_the_same_key_with_another_body_is_refused(sdk: Square) -> None:
    sdk.customers.create(idempotency_key="k", given_name="Ada")
    told = refusal(lambda: sdk.customers.create(idempotency_key="k", given_name="Eve", request_options=ONCE))
    assert told == (400, "IDEMPOTENCY_KEY_REUSED", "idempotency_key")


def test_a_refused_call_leaves_its_key_free(sdk: Square) -> None:
    refusal(lambda: sdk.customers.create(idempotency_key="k", email_address="no", request_options=ONCE))
    assert sdk.customers.create(idempotency_key="k", email_address="yes@example.org").customer


def test_pages_follow_the_cursor_and_give_everything_once(sdk: Square) -> None:
    ids, cursor = [], None
    while True:
        page = sdk.customers.search(limit=5, **({"cursor": cursor} if cursor else {}))
        ids += [one.id for one in page.customers or []]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(ids) == len(set(ids)) == 12


def test_a_cursor_belongs_to_its_query(sdk: Square) -> None:
    cursor = sdk.customers.search(limit=5).cursor
    for wrong in (cursor, "rubbish"):
        query: Any = {"sort": {"field": "CREATED_AT", "order": "DESC"}}
        told = refusal(partial(sdk.customers.search, cursor=wrong, query=query, request_options=ONCE))
        assert told == (400, "INVALID_CURSOR", "cursor")


def test_order_search_sorts_by_the_field_it_filters_by(sdk: Square, practice: PracticeServer) -> None:
    query: Any = {
        "filter": {"date_time_filter": {"updated_at": {"start_at": "2020-01-01T00:00:00Z"}}},
        "sort": {"sort_field": "CREATED_AT"},
    }
    told = refusal(
        lambda: sdk.orders.search(location_ids=[practice.location_id], query=query, request_options=ONCE)
    )
    assert told == (400, "BAD_REQUEST", "query.sort.sort_field")


def test_order_search_finds_the_client_on_the_order_and_on_the_tender(
    sdk: Square, practice: PracticeServer
) -> None:
    client = sdk.customers.search(limit=1).customers[0].id
    for place in ("order", "tender", "payment"):
        practice.control.sell([{"name": place, "amount": 100}], customer_id=client, customer_on=place)
    found = sdk.orders.search(
        location_ids=[practice.location_id], query={"filter": {"customer_filter": {"customer_ids": [client]}}}
    )
    assert sorted(order.line_items[0].name for order in found.orders) == ["order", "tender"]


def test_order_search_reads_a_half_open_time_range(sdk: Square, practice: PracticeServer) -> None:
    at = practice.control.sell([{"name": "A", "amount": 100}])["order"]["updated_at"]

    def count(**times: str) -> int:
        query: Any = {
            "filter": {"date_time_filter": {"updated_at": times}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        }
        return len(sdk.orders.search(location_ids=[practice.location_id], query=query).orders or [])

    assert (count(start_at=at), count(end_at=at), count(start_at="2031-01-01T00:00:00+02:00")) == (1, 0, 0)


def test_an_update_needs_the_version_in_force(sdk: Square, practice: PracticeServer) -> None:
    client = sdk.customers.search(limit=1).customers[0]
    sdk.customers.update(client.id, nickname="A", version=client.version)
    told = refusal(
        lambda: sdk.customers.update(client.id, nickname="B", version=client.version, request_options=ONCE)
    )
    assert told == (409, "CONFLICT", "version")


def test_a_till_order_has_no_version_and_cannot_be_changed(sdk: Square, practice: PracticeServer) -> None:
    order = practice.control.sell([{"name": "A", "amount": 100}])["order"]
    assert "version" not in order
    change: Any = {"location_id": practice.location_id, "version": 1}
    told = refusal(lambda: sdk.orders.update(order["id"], order=change, request_options=ONCE))
    assert told == (400, "BAD_REQUEST", "order_id")


def test_a_null_clears_a_field_and_an_omitted_one_stays(sdk: Square) -> None:
    made = sdk.customers.create(given_name="Ada", note="Keep").customer
    changed = sdk.customers.update(made.id, note=None).customer
    assert (changed.given_name, changed.note) == ("Ada", None)


def test_a_merge_gives_a_new_id_and_the_old_ones_answer_with_it(
    sdk: Square, practice: PracticeServer
) -> None:
    one, two = (client.id for client in sdk.customers.search(limit=2).customers)
    merged = practice.control.merge_customers(one, two)
    assert merged["id"] not in (one, two)
    assert sdk.customers.get(one).customer.id == sdk.customers.get(two).customer.id == merged["id"]
    assert sdk.customers.get(merged["id"]).customer.creation_source == "MERGE"
    told = refusal(lambda: sdk.customers.update(one, nickname="A", request_options=ONCE))
    assert told[:2] == (404, "NOT_FOUND")


def test_a_merge_of_a_merge_is_followed_to_the_end(sdk: Square, practice: PracticeServer) -> None:
    ids = [client.id for client in sdk.customers.search(limit=3).customers]
    first = practice.control.merge_customers(ids[0], ids[1])
    last = practice.control.merge_customers(first["id"], ids[2])
    assert sdk.customers.get(ids[0]).customer.id == last["id"]


@pytest.mark.parametrize(
    ("asked", "many"),
    [
        ({"email_address": {"exact": "GRACE.KIM@example.org"}}, 1),
        ({"email_address": {"exact": "grace"}}, 0),
        ({"email_address": {"fuzzy": "grace"}}, 1),
        ({"phone_number": {"exact": "+13105550102"}}, 1),
        ({"phone_number": {"fuzzy": "424555"}}, 4),
        ({"creation_source": {"values": ["THIRD_PARTY"], "rule": "INCLUDE"}}, 0),
        ({"creation_source": {"values": ["THIRD_PARTY"], "rule": "EXCLUDE"}}, 12),
    ],
)
def test_customers_are_found_as_square_finds_them(sdk: Square, asked: Any, many: int) -> None:
    assert len(sdk.customers.search(query={"filter": asked}).customers or []) == many


def test_an_exact_phone_search_must_be_in_e164(sdk: Square) -> None:
    asked: Any = {"filter": {"phone_number": {"exact": "(310) 555-0102"}}}
    told = refusal(lambda: sdk.customers.search(query=asked, request_options=ONCE))
    assert told[1] == "INVALID_PHONE_NUMBER"


def item(name: str, *prices: int, id_: str = "#i", **more: Any) -> Json:
    variations = [
        {
            "type": "ITEM_VARIATION",
            "id": f"#v{place}",
            "item_variation_data": {
                "item_id": id_,
                "name": f"{place}",
                "pricing_type": "FIXED_PRICING",
                "price_money": usd(price),
            },
        }
        for place, price in enumerate(prices)
    ]
    return {"type": "ITEM", "id": id_, "item_data": {"name": name, "variations": variations}, **more}


def test_what_is_missing_is_named_by_its_field(sdk: Square) -> None:
    free = item("Course", 165000)
    del free["item_data"]["variations"][0]["item_variation_data"]["price_money"]
    told = refusal(lambda: sdk.catalog.object.upsert(idempotency_key="a", object=free, request_options=ONCE))
    where = "object[0].item_data.variations[0].item_variation_data.price_money"
    assert told == (400, "MISSING_REQUIRED_PARAMETER", where)
    nameless: Any = {
        "key": "balance",
        "description": "Sessions left",
        "visibility": "VISIBILITY_READ_ONLY",
        "schema": schema_of("String"),
    }
    define = sdk.customers.custom_attribute_definitions.create
    told = refusal(lambda: define(custom_attribute_definition=nameless, request_options=ONCE))
    assert told == (400, "MISSING_REQUIRED_PARAMETER", "custom_attribute_definition.name")


def test_an_item_left_without_a_variation_loses_it(sdk: Square) -> None:
    made = sdk.catalog.object.upsert(
        idempotency_key="a", object=item("Course", 165000, 198000)
    ).catalog_object
    kept = made.dict(exclude_none=True)
    kept["item_data"]["variations"] = kept["item_data"]["variations"][:1]
    changed = sdk.catalog.object.upsert(idempotency_key="b", object=kept).catalog_object
    assert len(changed.item_data.variations) == 1
    gone = made.item_data.variations[1].id
    assert refusal(lambda: sdk.catalog.object.get(gone, request_options=ONCE))[0] == 404
    assert sdk.catalog.batch_get(object_ids=[gone], include_deleted_objects=True).objects[0].is_deleted


def test_a_catalog_write_with_an_old_version_is_a_conflict(sdk: Square) -> None:
    made = sdk.catalog.object.upsert(idempotency_key="a", object=item("Course", 165000)).catalog_object
    kept = made.dict(exclude_none=True)
    sdk.catalog.object.upsert(idempotency_key="b", object=kept)
    told = refusal(lambda: sdk.catalog.object.upsert(idempotency_key="c", object=kept, request_options=ONCE))
    assert told[:2] == (409, "VERSION_MISMATCH")


def test_a_batch_is_all_or_nothing(sdk: Square) -> None:
    bad = item("", 1, id_="#j")
    told = refusal(
        lambda: sdk.catalog.batch_upsert(
            idempotency_key="a", batches=[{"objects": [item("Good", 100), bad]}], request_options=ONCE
        )
    )
    assert told[1] == "VALUE_EMPTY"
    assert not sdk.catalog.search_items(text_filter="good").items


def test_a_second_catalog_write_at_the_same_time_gets_a_429(serve: Callable[..., PracticeServer]) -> None:
    first_is_in, may_go_on = threading.Event(), threading.Event()

    def pause(_: float) -> None:
        first_is_in.set()
        may_go_on.wait(10)

    practice = serve(pause=pause)
    practice.control.set_faults(slow_s=1, fail_only="POST /v2/catalog")
    statuses: list[int] = []

    def write(key: str) -> None:
        body = {"idempotency_key": key, "object": item("Course", 165000)}
        statuses.append(post(practice, "/v2/catalog/object", body).status_code)

    first = threading.Thread(target=write, args=("one",))
    first.start()
    assert first_is_in.wait(10)
    write("two")
    may_go_on.set()
    first.join(10)
    assert sorted(statuses) == [200, 429]


def test_changes_since_a_time_are_found_with_tombstones(sdk: Square) -> None:
    made = sdk.catalog.object.upsert(idempotency_key="a", object=item("Course", 165000)).catalog_object
    since = sdk.catalog.search(object_types=["ITEM"]).latest_time
    sdk.catalog.object.delete(made.id)
    found = sdk.catalog.search(object_types=["ITEM"], begin_time=since, include_deleted_objects=True)
    assert [(one.id, one.is_deleted) for one in found.objects] == [(made.id, True)]


def test_an_order_is_paid_by_two_held_payments(sdk: Square, practice: PracticeServer, listener: Any) -> None:
    order = sdk.orders.create(order={**ORDER, "location_id": practice.location_id}, idempotency_key="o").order
    held = [
        sdk.payments.create(
            source_id="cnon:card-nonce-ok",
            idempotency_key=f"p{part}",
            amount_money=usd(part),
            order_id=order.id,
            autocomplete=False,
        ).payment.id
        for part in (30, 70)
    ]
    too_little = refusal(
        lambda: sdk.orders.pay(order.id, idempotency_key="x", payment_ids=held[:1], request_options=ONCE)
    )
    assert too_little[1] == "PAYMENT_AMOUNT_MISMATCH"
    paid = sdk.orders.pay(order.id, idempotency_key="y", payment_ids=held).order
    assert (paid.state, len(paid.tenders), paid.net_amount_due_money.amount) == ("COMPLETED", 2, 0)
    practice.control.deliver()
    assert "order.updated" in listener.types()


def test_a_payment_must_be_the_orders_total(sdk: Square, practice: PracticeServer) -> None:
    order = sdk.orders.create(order={**ORDER, "location_id": practice.location_id}, idempotency_key="o").order
    for amount in (99, 101):
        told = refusal(
            partial(
                sdk.payments.create,
                source_id="cnon:card-nonce-ok",
                idempotency_key=f"p{amount}",
                amount_money=usd(amount),
                order_id=order.id,
                request_options=ONCE,
            )
        )
        assert told[1] == "PAYMENT_AMOUNT_MISMATCH"


@pytest.mark.parametrize(("amount", "is_given"), [(1, True), (5000, True), (5001, False)])
def test_a_refund_gives_back_what_is_left_and_not_a_cent_more(
    sdk: Square, amount: int, is_given: bool
) -> None:
    payment = sdk.payments.create(
        source_id="cnon:card-nonce-ok", idempotency_key="p", amount_money=usd(5000)
    ).payment

    def refund() -> object:
        return sdk.refunds.refund_payment(
            idempotency_key="r", payment_id=payment.id, amount_money=usd(amount), request_options=ONCE
        )

    if is_given:
        refund()
        assert sdk.payments.get(payment.id).payment.refunded_money.amount == amount
    else:
        assert refusal(refund)[:2] == (400, "REFUND_AMOUNT_INVALID")
