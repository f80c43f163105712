"""Section G8: a package sold with modifiers, service charges or a card surcharge: what its course cost, and its papers.

What a course cost is its line's total less the line's tax. Modifiers and service charges apportioned to the line are in
that total; charges beside the lines are not; a card surcharge never counts, wherever Square has it.
"""

from typing import Any

import pytest

from plugin.courses.documents.sale_record import SoldSale
from plugin.errors import SquareFailed
from plugin.square.models import Line, Order
from plugin.square.sales import sold_sale, surcharge_on
from tests.square.clinic import Clinic
from tests.square.test_sale_records import _adds_up, _issued

Json = dict[str, Any]
SERUM = {"name": "Serum", "amount": 15000}
NAMED_SURCHARGE = {"name": "Credit card surcharge", "percent": "3", "apportioned": True}
COSTS: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "modifier": ({"modifiers": [SERUM]}, {}, 180000),
    "charge beside the line": ({}, {"service_charges": [{"percent": "10"}]}, 165000),
    "charge apportioned": ({}, {"service_charges": [{"percent": "10", "apportioned": True}]}, 181500),
    "surcharge beside the line": ({}, {"card_surcharge": "LINE_ITEM"}, 165000),
    "surcharge apportioned": ({}, {"card_surcharge": "APPORTIONED"}, 165000),
    "surcharge as a charge": ({}, {"service_charges": [NAMED_SURCHARGE]}, 165000),
}


def sell(clinic: Clinic, name: str, **more: Any) -> Json:
    on_line, on_sale, _ = COSTS[name]
    ana = clinic.till.add_customer(given_name="Ana", family_name="Souza")
    sale = clinic.till.sell([clinic.line("ten", **on_line)], customer_id=ana["id"], **on_sale, **more)
    clinic.catch_up()
    order: Json = sale["order"]
    return order


def cost(clinic: Clinic) -> int:
    [row] = clinic.ledger()
    return int(row[5])


@pytest.mark.parametrize("tax", [{}, {"tax_percent": "9.5"}, {"tax_percent": "9.5", "tax_included": True}])
@pytest.mark.parametrize("name", COSTS)
def test_a_course_costs_its_lines_total_less_tax_and_card_surcharge(
    clinic: Clinic, name: str, tax: Json
) -> None:
    order = sell(clinic, name, **tax)
    _, _, right = COSTS[name]
    if tax.get("tax_included"):
        [line] = order["line_items"]
        surcharge = surcharge_on(Order.read(order), Line.read(line), "USD")
        right = line["total_money"]["amount"] - line["total_tax_money"]["amount"] - surcharge
        assert right < COSTS[name][2]
    assert cost(clinic) == right
    assert clinic.is_sound()


@pytest.mark.parametrize("name", COSTS)
def test_its_invoice_adds_up_to_what_was_paid(clinic: Clinic, name: str) -> None:
    order = sell(clinic, name, tax_percent="9.5")
    clinic.papers()
    [invoice] = _issued(clinic)
    assert _adds_up(invoice)
    assert invoice.total.amount == order["total_money"]["amount"]
    assert invoice.balance_due.amount == 0


@pytest.mark.parametrize("name", COSTS)
def test_its_line_given_back_closes_the_course(clinic: Clinic, name: str) -> None:
    order = sell(clinic, name)
    clinic.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})
    clinic.catch_up()
    assert [row[8] for row in clinic.ledger()] == ["refunded"]
    assert clinic.is_sound()


@pytest.mark.parametrize("name", COSTS)
def test_all_of_its_money_given_back_closes_the_course(clinic: Clinic, name: str) -> None:
    order = sell(clinic, name)
    clinic.till.refund_amount(order["total_money"]["amount"], order_id=order["id"])
    clinic.catch_up()
    assert [row[8] for row in clinic.ledger()] == ["refunded"]
    assert clinic.is_sound()


EMPTY: Json = {
    "id": "O",
    "location_id": "LOCATION",
    "created_at": "2026-03-02T18:00:00Z",
    "total_money": {"amount": 100, "currency": "USD"},
}


def read(**order: Any) -> SoldSale:
    return sold_sale(Order.read({**EMPTY, **order}))


def usd(amount: int) -> Json:
    return {"amount": amount, "currency": "USD"}


def test_a_surcharge_in_another_currency_is_not_believed() -> None:
    line = Line.read({"uid": "L", "total_card_surcharge_money": {"amount": 1, "currency": "EUR"}})
    with pytest.raises(SquareFailed, match="another currency"):
        surcharge_on(Order.read(EMPTY), line, "USD")


def test_a_surcharge_beside_the_lines_is_a_charge_of_its_own() -> None:
    [charge] = read(total_card_surcharge_money=usd(3)).charges
    assert (charge.total, charge.tax) == (3, 0)
    line = {"uid": "L", "quantity": "1", "total_card_surcharge_money": usd(3), "total_money": usd(103)}
    apportioned = read(total_card_surcharge_money=usd(3), line_items=[line])
    assert (apportioned.charges, apportioned.lines[0].service_charge) == ((), 3)
