"""Refunds made in Square POS: the sessions leave in the same act, and an unclear one opens an item."""

from typing import Any

import pytest

from plugin.square.sync import sync
from tests.databases import sqlite_alone
from tests.square.clinic import Clinic, keep

Json = dict[str, Any]


def _uid(order: Json, at: int = 0) -> str:
    uid: str = order["line_items"][at]["uid"]
    return uid


def _closed(clinic: Clinic) -> list[str | None]:
    return [row[8] for row in clinic.ledger()]


def test_a_line_given_back_closes_its_course(clinic: Clinic) -> None:
    order = clinic.sell("ten", "twelve")
    clinic.catch_up()
    clinic.till.refund_lines(order["id"], {_uid(order): "1"}, "changed her mind")
    clinic.catch_up()
    by_name = {row[3]: row[8] for row in clinic.ledger()}
    assert by_name == {
        "Facial acupuncture, course of 10": "refunded",
        "Facial acupuncture, course of 12": None,
    }
    assert clinic.is_sound()


def test_one_of_two_on_a_line_given_back_closes_one(clinic: Clinic) -> None:
    order = clinic.till.sell([clinic.line("ten", "2")])["order"]
    clinic.catch_up()
    clinic.till.refund_lines(order["id"], {_uid(order): "1"})
    clinic.catch_up()
    assert sorted(_closed(clinic), key=str) == [None, "refunded"]


def test_the_whole_amount_given_back_without_a_line_closes_the_sale(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    clinic.till.refund_amount(165000, order_id=order["id"])
    clinic.catch_up()
    assert _closed(clinic) == ["refunded"]


def test_an_amount_that_names_no_line_asks_a_person(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    clinic.till.refund_amount(50000, order_id=order["id"])
    clinic.catch_up()
    assert _closed(clinic) == [None]
    assert "unclear_refund" in [item.kind for item in clinic.attention()]


def test_a_refund_heard_before_its_sale_books_the_sale_first(clinic: Clinic) -> None:
    clinic.till.set_faults(has_withheld_events=True)
    order = clinic.sell("ten")
    clinic.till.set_faults(has_withheld_events=False)
    clinic.till.refund_lines(order["id"], {_uid(order): "1"})
    clinic.catch_up()
    assert _closed(clinic) == ["refunded"]


def test_a_split_sale_given_back_closes_its_course_once(clinic: Clinic) -> None:
    order = clinic.sell("ten", tenders=[{"type": "card", "amount": 65000}, {"type": "cash"}])
    clinic.catch_up()
    clinic.till.refund_lines(order["id"], {_uid(order): "1"})
    clinic.catch_up()
    assert _closed(clinic) == ["refunded"]
    assert clinic.is_sound()


def test_a_refund_that_failed_opens_the_course_again(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    [refund] = clinic.till.refund_lines(order["id"], {_uid(order): "1"})["refunds"]
    clinic.catch_up()
    clinic.till.forge("refund", refund["id"], {"status": "FAILED"})
    keep(clinic.services, {"event_id": "failed", "type": "refund.updated", "data": {"id": refund["id"]}})
    clinic.work()
    assert _closed(clinic) == [None]
    assert clinic.is_sound()


@sqlite_alone
def test_a_refund_in_a_state_that_square_does_not_document_leaves_the_course_open(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    [refund] = clinic.till.refund_lines(order["id"], {_uid(order): "1"})["refunds"]
    clinic.till.forge("refund", refund["id"], {"status": "NEW"})
    clinic.catch_up()
    assert _closed(clinic) == [None]
    assert clinic.is_sound()


def test_a_refund_of_retail_is_ignored_in_words(clinic: Clinic) -> None:
    order = clinic.till.sell([{"name": "Facial oil", "amount": 5400, "quantity": "1"}])["order"]
    clinic.till.refund_amount(5400, order_id=order["id"])
    clinic.catch_up()
    told = {row[1:] for row in clinic.messages() if row[0].startswith("refund.")}
    assert told == {("ignored", "No package in this order.")}


def test_a_refund_without_a_return_order_belongs_to_the_order_of_its_payment(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    [refund] = clinic.till.refund_amount(165000, order_id=order["id"])["refunds"]
    clinic.till.forge("refund", refund["id"], {"order_id": None})
    clinic.catch_up()
    assert _closed(clinic) == ["refunded"]


def test_an_exchange_without_money_closes_the_one_and_opens_the_other(clinic: Clinic) -> None:
    old = clinic.sell("ten")
    clinic.catch_up()
    new = clinic.till.sell([clinic.line("twelve")], delivered=False)["order"]
    line = old["line_items"][0]
    returned = {
        "uid": "r1",
        "source_line_item_uid": line["uid"],
        "quantity": "1",
        "total_money": line["total_money"],
    }
    returns = [{"uid": "R", "source_order_id": old["id"], "return_line_items": [returned]}]
    clinic.till.forge("order", new["id"], {"returns": returns})
    told = {"order_updated": {"order_id": new["id"]}}
    keep(
        clinic.services, {"event_id": "x", "type": "order.updated", "data": {"id": new["id"], "object": told}}
    )
    clinic.work()
    assert {row[3]: row[8] for row in clinic.ledger()} == {
        "Facial acupuncture, course of 10": "refunded",
        "Facial acupuncture, course of 12": None,
    }


def test_a_return_whose_refund_does_not_show_yet_is_looked_at_again_until_it_does(clinic: Clinic) -> None:
    """B14."""
    order = clinic.sell("ten")
    clinic.catch_up()
    clinic.till.set_faults(has_withheld_events=True)
    returning = clinic.till.refund_lines(order["id"], {_uid(order): "1"})["orders"][0]
    clinic.till.forge("order", returning["id"], {"refunds": None})
    told = {"order_updated": {"order_id": returning["id"]}}
    keep(clinic.services, {"event_id": "0", "type": "order.updated", "data": {"id": "x", "object": told}})
    clinic.work()
    waits = ("order.updated", "pending", "The refund of this return does not show in Square yet.")
    assert waits in clinic.messages()
    clinic.till.deliver(withheld=True)
    clinic.catch_up(seconds=2)
    assert ("order.updated", "ignored", "Its refund is booked.") in clinic.messages()
    assert _closed(clinic) == ["refunded"]


@pytest.mark.parametrize("has_events", [True, False], ids=["told by events", "found by sweeps"])
def test_a_return_order_that_names_no_refund_is_done_once_the_refund_is_booked(
    clinic: Clinic, has_events: bool
) -> None:
    """B14: `refunds` of an order is optional in Square's contract."""
    retail = clinic.till.sell([{"name": "Facial oil", "amount": 5400, "quantity": "1"}])["order"]
    split = clinic.sell("ten", tenders=[{"type": "card", "amount": 65000}, {"type": "cash"}])
    clinic.catch_up()
    clinic.till.set_faults(has_withheld_events=not has_events)
    for order in (retail, split):
        returning = clinic.till.refund_lines(order["id"], {_uid(order): "1"})["orders"][0]
        clinic.till.forge("order", returning["id"], {"refunds": None})
        told = {"order_updated": {"order_id": returning["id"]}}
        if has_events:
            event = {"event_id": returning["id"], "type": "order.updated"}
            keep(clinic.services, {**event, "data": {"id": "x", "object": told}})
    for _ in range(2):
        sync(clinic.services)
        clinic.catch_up(seconds=3)
    assert _closed(clinic) == ["refunded"]
    assert {state for _, state, _ in clinic.messages()} == {"done", "ignored"}
    assert clinic.attention() == []
    assert clinic.is_sound()


@pytest.mark.parametrize("quantity", ["0.5", "abc"])
def test_part_of_a_package_given_back_asks_a_person(clinic: Clinic, quantity: str) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    [returning] = clinic.till.refund_lines(order["id"], {_uid(order): "1"})["orders"]
    [refund_id] = [one["id"] for one in returning["refunds"]]
    returns = returning["returns"]
    returns[0]["return_line_items"][0]["quantity"] = quantity
    clinic.till.forge("order", returning["id"], {"returns": returns})
    clinic.till.forge("refund", refund_id, {"amount_money": {"amount": 82500, "currency": "USD"}})
    clinic.catch_up()
    assert _closed(clinic) == [None]
    assert "unclear_refund" in [item.kind for item in clinic.attention()]
