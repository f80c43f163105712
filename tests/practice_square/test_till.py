"""Sales and refunds at the register: their orders and payments, and which events they send."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from square import Square

from practice_square.control import ControlRefused
from practice_square.serving import PracticeServer
from tests.practice_square.conftest import Listener

Json = dict[str, Any]
Find = Callable[[str], str]


def test_a_till_sale_sends_payment_events_and_no_order_event(
    practice: PracticeServer, listener: Listener
) -> None:
    practice.control.sell([{"name": "A", "amount": 500}])
    practice.control.deliver()
    assert listener.types() == ["payment.created", "payment.updated"]
    first, last = (event["data"]["object"]["payment"]["status"] for event in listener.events())
    assert (first, last) == ("APPROVED", "COMPLETED")


def test_cash_is_complete_as_it_is_taken(practice: PracticeServer, listener: Listener) -> None:
    sale = practice.control.sell([{"name": "A", "amount": 500}], tenders=[{"type": "cash", "supplied": 2000}])
    practice.control.deliver()
    assert listener.events()[0]["data"]["object"]["payment"]["status"] == "COMPLETED"
    assert sale["payments"][0]["cash_details"]["change_back_money"]["amount"] == 1500


@pytest.mark.parametrize("place", ["payment", "order", "tender"])
def test_the_client_stands_on_one_place_only(practice: PracticeServer, sdk: Square, place: str) -> None:
    client = sdk.customers.search(limit=1).customers[0].id
    sale = practice.control.sell([{"name": "A", "amount": 500}], customer_id=client, customer_on=place)
    found = {
        "payment": sale["payments"][0].get("customer_id"),
        "order": sale["order"].get("customer_id"),
        "tender": sale["order"]["tenders"][0].get("customer_id"),
    }
    assert {name for name, id_ in found.items() if id_ == client} == {place}
    assert {name for name, id_ in found.items() if id_} == {place}


def test_a_split_sale_has_a_payment_per_tender(practice: PracticeServer, variation: Find) -> None:
    sale = practice.control.sell(
        [{"variation_id": variation("jade"), "quantity": "2"}],
        tenders=[{"type": "card", "amount": 5000, "tip": 700}, {"type": "cash"}],
    )
    order = sale["order"]
    assert [tender["amount_money"]["amount"] for tender in order["tenders"]] == [5700, 2600]
    assert order["total_money"]["amount"] == 8300
    assert order["total_tip_money"]["amount"] == 700
    assert order["line_items"][0]["total_money"]["amount"] == 7600
    assert {payment["order_id"] for payment in sale["payments"]} == {order["id"]}


def test_a_comped_sale_has_no_payment_and_no_event(practice: PracticeServer, listener: Listener) -> None:
    sale = practice.control.sell([{"name": "Visit", "amount": 16500, "discount": {"percent": "100"}}])
    assert sale["payments"] == []
    assert sale["order"]["state"] == "COMPLETED"
    practice.control.deliver()
    assert listener.types() == []


def test_an_offline_sale_keeps_its_time_and_arrives_now(practice: PracticeServer, sdk: Square) -> None:
    sale = practice.control.sell([{"name": "A", "amount": 500}], created_at="2026-01-05T10:00:00-08:00")
    order = sale["order"]
    assert order["created_at"] == order["closed_at"] == "2026-01-05T18:00:00.000Z"
    assert order["updated_at"] > order["created_at"]
    assert sale["payments"][0]["is_offline_payment"] is True


@pytest.mark.parametrize(
    ("sale", "what"),
    [
        ({"tenders": [{"type": "card", "amount": 501}]}, "more than the total"),
        ({"tenders": [{"type": "card", "amount": 499}]}, "do not cover"),
        ({"tenders": [{"type": "shells"}]}, "card, cash, gift_card or other"),
        ({"customer_id": "NOBODY"}, "not found"),
        ({"customer_on": "receipt"}, "payment, order or tender"),
        ({"discount": {"percent": "101"}}, "between 0 and 100"),
        ({"tax_percent": "abc"}, "not a percentage"),
        ({"created_at": "yesterday"}, "not an RFC 3339 time"),
    ],
)
def test_it_refuses_a_sale_that_cannot_be(practice: PracticeServer, sale: Json, what: str) -> None:
    with pytest.raises(ControlRefused, match=what):
        practice.control.sell([{"name": "A", "amount": 500}], **sale)


@pytest.mark.parametrize("quantity", ["0", "-1", "abc", "1e3x"])
def test_it_refuses_a_quantity_that_is_none(practice: PracticeServer, quantity: str) -> None:
    with pytest.raises(ControlRefused):
        practice.control.sell([{"name": "A", "amount": 500, "quantity": quantity}])


def test_lines_come_back_as_a_return_order_of_their_own(
    practice: PracticeServer, variation: Find, listener: Listener, sdk: Square
) -> None:
    sale = practice.control.sell([{"variation_id": variation("jade"), "quantity": "3"}], tax_percent="9.5")
    line = sale["order"]["line_items"][0]
    told = practice.control.refund_lines(sale["order"]["id"], {line["uid"]: "1"})
    back = told["orders"][0]["returns"][0]
    assert told["orders"][0]["id"] not in (sale["order"]["id"],)
    assert back["source_order_id"] == sale["order"]["id"]
    assert back["return_line_items"][0]["source_line_item_uid"] == line["uid"]
    assert back["return_line_items"][0]["catalog_object_id"] == line["catalog_object_id"]
    assert "line_items" not in told["orders"][0]
    practice.control.deliver()
    assert listener.types()[2:] == ["refund.created", "refund.updated", "payment.updated"]
    assert listener.events()[-1]["data"]["object"]["payment"]["refunded_money"]["amount"] == 4161


def test_lines_refunded_one_by_one_give_the_lines_money_exactly(practice: PracticeServer) -> None:
    sale = practice.control.sell(
        [{"name": "A", "amount": 3333, "quantity": "3", "discount": {"amount": 1}}], tax_percent="9.5"
    )
    uid = sale["order"]["line_items"][0]["uid"]
    parts = [
        practice.control.refund_lines(sale["order"]["id"], {uid: "1"})["refunds"][0]["amount_money"]["amount"]
        for _ in range(3)
    ]
    assert sum(parts) == sale["order"]["total_money"]["amount"]
    with pytest.raises(ControlRefused, match="Of this line 0 can still be refunded"):
        practice.control.refund_lines(sale["order"]["id"], {uid: "1"})


def test_an_amount_comes_back_without_naming_a_line(practice: PracticeServer) -> None:
    sale = practice.control.sell([{"name": "A", "amount": 5000}])
    told = practice.control.refund_amount(1200, order_id=sale["order"]["id"], reason="Kindness")
    line = told["orders"][0]["returns"][0]["return_line_items"][0]
    assert line["item_type"] == "CUSTOM_AMOUNT"
    assert "source_line_item_uid" not in line
    assert told["refunds"][0]["reason"] == "Kindness"


def test_a_refund_of_a_split_sale_goes_back_to_each_tender(practice: PracticeServer) -> None:
    sale = practice.control.sell(
        [{"name": "A", "amount": 5000}], tenders=[{"type": "card", "amount": 2000}, {"type": "cash"}]
    )
    uid = sale["order"]["line_items"][0]["uid"]
    refunds = practice.control.refund_lines(sale["order"]["id"], {uid: "1"})["refunds"]
    assert [one["amount_money"]["amount"] for one in refunds] == [2000, 3000]
    assert len({one["order_id"] for one in refunds}) == 1


def test_a_merge_tells_the_new_profile_and_both_old_ones(
    practice: PracticeServer, sdk: Square, listener: Listener
) -> None:
    ids = [client.id for client in sdk.customers.search(limit=2).customers]
    merged = practice.control.merge_customers(*ids)
    practice.control.deliver()
    assert listener.types() == ["customer.created", "customer.deleted", "customer.deleted"]
    for event in listener.events():
        merge = event["data"]["object"]["event_context"]["merge"]
        assert merge == {"from_customer_ids": ids, "to_customer_id": merged["id"]}


def test_a_plain_deletion_has_no_merge_context(
    practice: PracticeServer, sdk: Square, listener: Listener
) -> None:
    sdk.customers.delete(sdk.customers.search(limit=1).customers[0].id)
    practice.control.deliver()
    assert "event_context" not in listener.events()[0]["data"]["object"]
    assert listener.events()[0]["data"]["deleted"] is True


def test_a_forged_order_is_answered_as_it_was_forged(practice: PracticeServer, sdk: Square) -> None:
    order = practice.control.sell([{"name": "A", "amount": 500}])["order"]
    practice.control.forge("order", order["id"], {"location_id": "LOTHER", "source": None})
    read = sdk.orders.get(order["id"]).order
    assert (read.location_id, read.source) == ("LOTHER", None)


def test_a_reset_begins_again_with_the_same_location(practice: PracticeServer, sdk: Square) -> None:
    practice.control.sell([{"name": "A", "amount": 500}])
    practice.control.reset("empty")
    assert sdk.locations.get("main").location.id == practice.location_id
    assert sdk.orders.search(location_ids=[practice.location_id]).orders is None
    assert sdk.customers.search().customers is None


@pytest.mark.parametrize("path", ["/practice/faults", "/practice/events"])
def test_the_control_interface_wants_the_token(practice: PracticeServer, path: str) -> None:
    assert httpx.get(practice.base_url + path).status_code == 401


def test_eight_tills_at_once_lose_nothing(practice: PracticeServer, listener: Listener) -> None:
    def ring(_: int) -> str:
        return str(practice.control.sell([{"name": "A", "amount": 500}])["order"]["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(ring, range(40)))
    practice.control.deliver()
    told = {event["data"]["object"]["payment"]["order_id"] for event in listener.events()}
    assert len(set(ids)) == 40
    assert told == set(ids)
    assert len({event["event_id"] for event in listener.events()}) == 80
