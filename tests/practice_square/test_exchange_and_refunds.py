"""At the register: an exchange in one order, gift cards as tender, refunds that do not end well."""

from typing import Any

import pytest

from practice_square.control import ControlRefused
from practice_square.serving import PracticeServer

Json = dict[str, Any]


def _sold(practice: PracticeServer, amount: int, **sale: Any) -> Json:
    order: Json = practice.control.sell([{"name": "Serum", "amount": amount}], **sale)["order"]
    return order


@pytest.mark.parametrize(
    ("amount", "paid", "given_back"),
    [(3000, 1000, 0), (2000, 0, 0), (500, 0, 1500)],
    ids=["more", "same", "less"],
)
def test_an_exchange_moves_only_the_difference(
    practice: PracticeServer, amount: int, paid: int, given_back: int
) -> None:
    old = _sold(practice, 2000)
    uid = old["line_items"][0]["uid"]
    made = practice.control.exchange(old["id"], {uid: "1"}, [{"name": "Mask", "amount": amount}])
    order = made["order"]
    assert order["returns"][0]["source_order_id"] == old["id"]
    assert order["total_money"]["amount"] == amount
    assert order["net_amounts"]["total_money"]["amount"] == amount - 2000
    assert sum(payment["amount_money"]["amount"] for payment in made["payments"]) == paid
    assert sum(refund["amount_money"]["amount"] for refund in made["refunds"]) == given_back
    assert {refund["order_id"] for refund in made["refunds"]} <= {order["id"]}


def test_a_line_is_exchanged_once(practice: PracticeServer) -> None:
    old = _sold(practice, 2000)
    uid = old["line_items"][0]["uid"]
    practice.control.exchange(old["id"], {uid: "1"}, [{"name": "Mask", "amount": 2000}])
    with pytest.raises(ControlRefused, match="can still be refunded"):
        practice.control.exchange(old["id"], {uid: "1"}, [{"name": "Mask", "amount": 2000}])


def test_a_gift_card_is_a_tender_of_its_own_kind(practice: PracticeServer) -> None:
    order = _sold(practice, 2000, tenders=[{"type": "gift_card", "amount": 1500}, {"type": "cash"}])
    assert [tender["type"] for tender in order["tenders"]] == ["SQUARE_GIFT_CARD", "CASH"]


@pytest.mark.parametrize(("status", "taken"), [("COMPLETED", 700), ("FAILED", 0), ("REJECTED", 0)])
def test_a_refund_left_pending_ends_as_it_is_told(practice: PracticeServer, status: str, taken: int) -> None:
    order = _sold(practice, 2000)
    practice.control.set_faults(refund_outcome="PENDING")
    [refund] = practice.control.refund_amount(700, order_id=order["id"])["refunds"]
    assert refund["status"] == "PENDING"
    assert practice.control.end_refund(refund["id"], status)["status"] == status
    payment = practice.control.call("GET", f"/v2/payments/{order['tenders'][0]['id']}")["payment"]
    assert payment.get("refunded_money", {}).get("amount", 0) == taken


def test_an_outcome_it_does_not_know_is_refused(practice: PracticeServer) -> None:
    with pytest.raises(ControlRefused, match="refund_outcome"):
        practice.control.set_faults(refund_outcome="LOST")


def test_a_tip_comes_back_beside_the_tender_that_took_it(practice: PracticeServer) -> None:
    order = _sold(practice, 2000, tenders=[{"type": "cash", "amount": 500}, {"type": "card", "tip": 300}])
    cash, card = (tender["id"] for tender in order["tenders"])
    made = practice.control.refund_lines(order["id"], {}, tip=200)
    [back] = made["orders"][0]["returns"]
    assert [(tip["applied_money"]["amount"], tip["source_tender_id"]) for tip in back["return_tips"]] == [
        (200, card)
    ]
    assert (back["return_amounts"]["tip_money"]["amount"], cash != card) == (200, True)
    with pytest.raises(ControlRefused, match="no such tip"):
        practice.control.refund_lines(order["id"], {}, tip=101)


def test_all_of_a_sale_is_given_back_with_its_tip(practice: PracticeServer) -> None:
    order = _sold(practice, 2000, tenders=[{"type": "card", "tip": 300}])
    uid = order["line_items"][0]["uid"]
    [refund] = practice.control.refund_lines(order["id"], {uid: "1"}, tip=300)["refunds"]
    assert refund["amount_money"]["amount"] == 2300
