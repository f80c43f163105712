"""Section G: where Square may answer less kindly than the practice Square at rest, one switch each.

Every answer here is checked against Square's contract as well.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from practice_square.faults import CHOICES, Faults
from practice_square.practice import practice_square_of
from tests.practice_square.counter import Counter, Json, money, open_counter

LINKS = "/v2/online-checkout/payment-links"
ONE = [{"name": "A", "amount": 500}]


@pytest.fixture(scope="module")
def one_counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("variants")) as counter:
        yield counter


@pytest.fixture
def counter(one_counter: Counter) -> Iterator[Counter]:
    yield one_counter
    one_counter.call("PUT", "/practice/faults", {})


def switch(counter: Counter, **faults: Any) -> None:
    counter.call("PUT", "/practice/faults", faults)


def sell(counter: Counter, **sale: Any) -> Json:
    return counter.call("POST", "/practice/sales", {"lines": ONE} | sale)


def test_each_switch_can_be_set_on_the_page_too(counter: Counter) -> None:
    """G."""
    page = counter.page("/faults")
    assert [name for name in asdict(Faults()) if f'name="{name}"' not in page] == ["fail_plan"]
    chosen = {name: values[-1] for name, values in CHOICES.items()}
    ticked = [name for name, value in asdict(Faults()).items() if value is False]
    counter.tap("/faults", **chosen, **dict.fromkeys(ticked, "yes"))
    kept = counter.call("GET", "/practice/faults")
    assert {name: kept[name] for name in chosen} == chosen
    assert all(kept[name] for name in ticked)
    # The token is among them.
    switch(counter)


def test_a_link_payment_by_card_of_nobody_makes_an_instant_profile(counter: Counter) -> None:
    """G1: the same switch as at the register."""
    switch(counter, makes_instant_profiles=True)
    paid = pay(counter, make_link(counter))
    profile = counter.call("GET", f"/v2/customers/{paid['payment']['customer_id']}")["customer"]
    assert profile["creation_source"] == "INSTANT_PROFILE"


def make_link(counter: Counter, **order: Any) -> Json:
    line = {"name": "Course of 6", "quantity": "1", "base_price_money": money(90000)}
    asked = {"location_id": counter.settings.location_id, "line_items": [line], **order}
    body = {"idempotency_key": counter.key(), "order": asked}
    return counter.call("POST", LINKS, body)["payment_link"]


def pay(counter: Counter, link: Json, **how: Any) -> Json:
    return counter.call("POST", f"/practice/payment-links/{link['id']}/pay", how)


@pytest.mark.parametrize("email", [None, "mother@example.org"])
def test_a_paid_link_keeps_no_customer(counter: Counter, email: str | None) -> None:
    """G2."""
    ana = counter.customer(given_name="Ana")
    link = make_link(counter, customer_id=ana)
    switch(counter, drops_link_customer=True)
    paid = pay(counter, link, email=email)
    assert "customer_id" not in paid["order"]
    assert paid["payment"].get("customer_id") != ana
    assert bool(paid["payment"].get("customer_id")) is bool(email)


@pytest.mark.parametrize("by", ["lines", "amount"])
def test_a_return_order_does_not_name_its_refund(counter: Counter, by: str) -> None:
    """G3."""
    switch(counter, hides_return_refunds=True)
    order = sell(counter)["order"]
    lines = [{"uid": order["line_items"][0]["uid"], "quantity": "1"}]
    asked = {"lines": lines} if by == "lines" else {"amount": 500}
    [returned] = counter.call("POST", "/practice/refunds", {"order_id": order["id"], **asked})["orders"]
    assert "refunds" not in counter.read_order(returned["id"])
    assert returned["returns"][0]["source_order_id"] == order["id"]


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("none", ["created", "deleted", "deleted"]),
        ("created", ["deleted", "deleted"]),
        ("first deleted", ["created", "deleted"]),
        ("last deleted", ["created", "deleted"]),
        ("all deleted", ["created"]),
        ("all", []),
    ],
)
def test_events_of_a_merge_are_lost(counter: Counter, lost: str, told: list[str]) -> None:
    """G4."""
    ids = [counter.customer(given_name=name) for name in ("Ana", "Anna")]
    switch(counter, lost_merge_events=lost)
    before = len(counter.events())
    merged = counter.call("POST", "/practice/customers/merge", {"customer_ids": ids})["customer"]
    assert counter.events(before) == [f"customer.{one}" for one in told]
    assert counter.call("GET", f"/v2/customers/{ids[0]}")["customer"]["id"] == merged["id"]


@pytest.mark.parametrize(("is_400", "status"), [(False, 409), (True, 400)])
def test_a_version_mismatch_is_409_or_400(counter: Counter, is_400: bool, status: int) -> None:
    """G5."""
    order = counter.order(("A", 500))
    switch(counter, is_mismatch_400=is_400)
    change = {"order": {"location_id": order["location_id"], "version": 7}}
    assert counter.refused("PUT", f"/v2/orders/{order['id']}", change) == (status, "VERSION_MISMATCH")


def test_a_refused_call_keeps_its_key(counter: Counter) -> None:
    """G6: the key answers with its refusal though the error is corrected."""
    order = counter.order(("A", 500))
    body: Any = {
        "idempotency_key": counter.key(),
        "order": {"location_id": order["location_id"], "version": 2},
    }
    path = f"/v2/orders/{order['id']}"
    switch(counter, keeps_refused_keys=True)
    assert counter.refused("PUT", path, body)[1] == "VERSION_MISMATCH"
    body["order"] |= {"version": 1}
    assert counter.refused("PUT", path, body)[1] == "IDEMPOTENCY_KEY_REUSED"
    body["order"] |= {"version": 2}
    counter.call(
        "PUT",
        path,
        {"order": {"location_id": order["location_id"], "version": 1, "reference_id": "meanwhile"}},
    )
    assert counter.refused("PUT", path, body)[1] == "VERSION_MISMATCH"
    assert counter.call("PUT", path, body | {"idempotency_key": counter.key()})["order"]["version"] == 3


def test_at_rest_a_refused_call_frees_its_key(counter: Counter) -> None:
    """G6."""
    body = {"idempotency_key": counter.key(), "order": {"location_id": "elsewhere"}}
    assert counter.refused("POST", "/v2/orders", body)[1] == "INVALID_LOCATION"
    body["order"] = {"location_id": counter.settings.location_id}
    counter.call("POST", "/v2/orders", body)


@pytest.mark.parametrize(
    ("times", "created", "closed"), [("milliseconds", 24, 24), ("seconds", 20, 20), ("mixed", 24, 20)]
)
def test_times_come_with_and_without_milliseconds(
    counter: Counter, times: str, created: int, closed: int
) -> None:
    """G7: in answers and in events."""
    switch(counter, times=times)
    sold = sell(counter)
    order = counter.read_order(sold["order"]["id"])
    assert (len(order["created_at"]), len(order["closed_at"])) == (created, closed)
    assert len(order["tenders"][0]["created_at"]) == created
    search = {"location_ids": [order["location_id"]], "limit": 1}
    [found] = counter.call("POST", "/v2/orders/search", search)["orders"]
    assert len(found["updated_at"]) == closed


def test_an_event_has_the_times_of_the_answers(counter: Counter) -> None:
    """G7."""
    switch(counter, times="mixed")
    with practice_square_of(counter.app).work() as work:
        work.put("subscription", SUBSCRIPTION)
    sell(counter)
    payment = counter.call("GET", "/practice/events")["deliveries"][0]["body"]
    told = counter.app.json.loads(payment)["data"]["object"]["payment"]
    assert (len(told["created_at"]), len(told["updated_at"])) == (24, 20)


SUBSCRIPTION: Json = {
    "id": "all",
    "enabled": True,
    "event_types": ["payment.updated"],
    "created_at": "2026-01-01T00:00:00.000Z",
    "updated_at": "2026-01-01T00:00:00.000Z",
}


@pytest.mark.parametrize(("hides", "told"), [(False, "1"), (True, None)])
def test_a_429_may_come_without_a_time_to_come_back(counter: Counter, hides: bool, told: str | None) -> None:
    """G9."""
    switch(counter, hides_retry_after=hides, fail_next=1, fail_how="429")
    answer = counter.client.get("/v2/locations", headers={"Authorization": "Bearer t"})
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, told)


def test_a_sparse_dispute_begins_at_another_version(counter: Counter) -> None:
    """G10."""
    switch(counter, has_sparse_disputes=True)
    payment_id = sell(counter)["payments"][0]["id"]
    opened = counter.call("POST", "/practice/disputes", {"payment_id": payment_id})["dispute"]
    read = counter.call("GET", f"/v2/disputes/{opened['id']}")["dispute"]
    assert read["version"] == 4
    assert not {"due_at", "card_brand", "dispute_id", "reported_at", "location_id"} & set(read)
    accepted = counter.call("POST", f"/v2/disputes/{opened['id']}/accept")["dispute"]
    assert (accepted["state"], accepted["version"]) == ("ACCEPTED", 5)
