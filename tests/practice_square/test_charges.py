"""Section G8: modifiers, service charges and card surcharges, priced as the contract says and answered by it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.practice_square.counter import Counter, Json, money, open_counter

BESIDE = {"percentage": "1"}
SERUM = {"name": "Serum", "amount": 1500, "quantity": "2"}


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("charges")) as counter:
        yield counter


def sell(counter: Counter, *lines: Json, **sale: Any) -> Json:
    sold = counter.call("POST", "/practice/sales", {"lines": list(lines), **sale})
    # Read as a caller would: the answer is checked against the contract.
    return sold | {"order": counter.read_order(sold["order"]["id"])}


def facial(amount: int = 10000, **more: Any) -> Json:
    return {"name": "Facial", "amount": amount, **more}


def amount(told: Json, name: str) -> int:
    return int(told[f"{name}_money"]["amount"])


def test_modifiers_are_in_the_gross_and_the_total_but_not_in_the_variations_price(counter: Counter) -> None:
    [line] = sell(counter, facial(quantity="3", modifiers=[SERUM]), tax_percent="10")["order"]["line_items"]
    assert amount(line, "variation_total_price") == 30000
    assert amount(line["modifiers"][0], "total_price") == 9000
    assert (amount(line, "gross_sales"), amount(line, "total_tax"), amount(line, "total")) == (
        39000,
        3900,
        42900,
    )


def test_a_service_charge_beside_the_lines_leaves_them_alone(counter: Counter) -> None:
    charge = {"name": "Services", "percent": "10"}
    order = sell(counter, facial(), facial(5000), service_charges=[charge], tax_percent="10")["order"]
    assert [amount(line, "total") for line in order["line_items"]] == [11000, 5500]
    [told] = order["service_charges"]
    assert (amount(told, "applied"), amount(told, "total"), amount(told, "total_tax")) == (1500, 1500, 0)
    assert (amount(order, "total_service_charge"), amount(order, "total")) == (1500, 18000)
    assert amount(order["net_amounts"], "service_charge") == 1500


@pytest.mark.parametrize(("included", "total", "tax"), [(False, 1100, 100), (True, 1000, 91)])
def test_a_taxable_charge_bears_the_taxes_of_the_order(
    counter: Counter, included: bool, total: int, tax: int
) -> None:
    charge = {"amount": 1000, "taxable": True}
    sale = {"service_charges": [charge], "tax_percent": "10", "tax_included": included}
    order = sell(counter, facial(), **sale)["order"]
    [told] = order["service_charges"]
    assert (amount(told, "total"), amount(told, "total_tax")) == (total, tax)
    assert amount(order["taxes"][0], "applied") == amount(order, "total_tax")
    assert amount(order, "total") == amount(order["line_items"][0], "total") + total


def test_an_apportioned_charge_raises_the_lines_and_their_tax(counter: Counter) -> None:
    charge = {"amount": 1000, "apportioned": True}
    order = sell(counter, facial(), facial(5000), service_charges=[charge], tax_percent="10")["order"]
    lines = order["line_items"]
    assert [amount(line, "total_service_charge") for line in lines] == [667, 333]
    assert [amount(line["applied_service_charges"][0], "applied") for line in lines] == [667, 333]
    assert sum(amount(line, "total") for line in lines) == amount(order, "total") == 17600


@pytest.mark.parametrize(
    ("treatment", "on_lines", "totals"),
    [("APPORTIONED", [300, 150], [10300, 5150]), ("LINE_ITEM", [0, 0], [10000, 5000])],
)
def test_a_card_surcharge_is_beside_the_lines_or_apportioned_to_them(
    counter: Counter, treatment: str, on_lines: list[int], totals: list[int]
) -> None:
    sold = sell(counter, facial(), facial(5000), card_surcharge=treatment)
    order, [payment] = sold["order"], sold["payments"]
    nothing = {"total_card_surcharge_money": money(0)}
    lines = order["line_items"]
    assert [amount(nothing | line, "total_card_surcharge") for line in lines] == on_lines
    assert [amount(line, "total") for line in lines] == totals
    assert (amount(order, "total_card_surcharge"), amount(order, "total")) == (450, 15450)
    read = counter.call("GET", f"/v2/payments/{payment['id']}")["payment"]
    assert amount(read["card_details"]["applied_card_surcharge_details"], "card_surcharge") == 450
    assert (amount(read, "amount"), amount(order, "net_amount_due")) == (15450, 0)


def test_cash_bears_no_surcharge_and_a_split_only_on_its_card(counter: Counter) -> None:
    counter.call("PUT", "/practice/faults", {"card_surcharge": "LINE_ITEM"})
    cash = sell(counter, facial(), tenders=[{"type": "cash"}])["order"]
    split = sell(counter, facial(), tenders=[{"type": "card", "amount": 4000}, {"type": "cash"}])["order"]
    counter.call("PUT", "/practice/faults", {})
    assert (amount(cash, "total"), "total_card_surcharge_money" in cash) == (10000, False)
    assert (amount(split, "total"), amount(split, "total_card_surcharge")) == (10120, 120)


def test_what_was_charged_on_a_line_comes_back_with_it(counter: Counter) -> None:
    order = sell(
        counter,
        facial(quantity="2", modifiers=[SERUM]),
        service_charges=[{"percent": "5", "apportioned": True}],
        card_surcharge="APPORTIONED",
    )["order"]
    [line] = order["line_items"]
    came_back: list[Json] = []
    for _ in range(2):
        asked = {"order_id": order["id"], "lines": [{"uid": line["uid"], "quantity": "1"}]}
        [returned] = counter.call("POST", "/practice/refunds", asked)["orders"]
        [back] = counter.read_order(returned["id"])["returns"][0]["return_line_items"]
        came_back.append(back)
        assert back["return_modifiers"][0]["source_modifier_uid"] == line["modifiers"][0]["uid"]
    for name in ("total", "total_service_charge", "total_card_surcharge"):
        assert sum(amount(back, name) for back in came_back) == amount(line, name)


def test_an_application_can_order_all_of_it(counter: Counter) -> None:
    line = {
        "name": "Facial",
        "quantity": "1",
        "base_price_money": money(10000),
        "modifiers": [{"name": "Serum", "base_price_money": money(1000)}],
        "applied_service_charges": [{"service_charge_uid": "room"}],
    }
    room = {
        "uid": "room",
        "name": "Room",
        "percentage": "10",
        "treatment_type": "APPORTIONED_TREATMENT",
        "scope": "LINE_ITEM",
        "calculation_phase": "APPORTIONED_PERCENTAGE_PHASE",
    }
    service = {"name": "Service", "percentage": "10", "calculation_phase": "TOTAL_PHASE"}
    asked = {"line_items": [line, line | {"applied_service_charges": []}], "service_charges": [room, service]}
    order = counter.order(**asked)
    assert [amount(one, "total") for one in order["line_items"]] == [12100, 11000]
    assert amount(order, "total") == 25410
    change = {"location_id": order["location_id"], "version": 1, "reference_id": "same"}
    updated = counter.call("PUT", f"/v2/orders/{order['id']}", {"order": change})["order"]
    assert (updated["total_money"], len(updated["service_charges"])) == (order["total_money"], 2)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"service_charges": [{"name": "x"}]}, "BAD_REQUEST"),
        ({"service_charges": [{"percentage": "200"}]}, "INVALID_VALUE"),
        (
            {"service_charges": [BESIDE | {"calculation_phase": "APPORTIONED_PERCENTAGE_PHASE"}]},
            "BAD_REQUEST",
        ),
        (
            {"service_charges": [BESIDE | {"calculation_phase": "TOTAL_PHASE", "taxable": True}]},
            "BAD_REQUEST",
        ),
        ({"modifiers": [{"name": "Serum"}]}, "MISSING_REQUIRED_PARAMETER"),
        ({"modifiers": [{"catalog_object_id": "GONE"}]}, "NOT_FOUND"),
        ({"modifiers": [{"base_price_money": money(1), "quantity": "0.5"}]}, "INVALID_VALUE"),
        ({"applied_service_charges": [{"service_charge_uid": "none"}]}, "INVALID_VALUE"),
    ],
)
def test_it_refuses_charges_that_square_would_refuse(counter: Counter, fields: Json, code: str) -> None:
    line = {"name": "A", "quantity": "1", "base_price_money": money(500)}
    is_of_line = "service_charges" not in fields
    order = {
        "location_id": counter.settings.location_id,
        "line_items": [line | fields if is_of_line else line],
    }
    order |= {} if is_of_line else fields
    assert counter.refused("POST", "/v2/orders", {"order": order})[1] == code


@pytest.mark.parametrize(
    "charge", [{"name": "x"}, {"percent": "1", "amount": 1}, {"percent": "abc"}], ids=["none", "both", "bad"]
)
def test_the_till_refuses_a_charge_that_is_none(counter: Counter, charge: Json) -> None:
    body = {"lines": [facial()], "service_charges": [charge]}
    assert counter.refused("POST", "/practice/sales", body)[0] == 400


def test_the_register_rings_up_modifiers_and_service_charges(counter: Counter) -> None:
    counter.tap("/ticket/custom", on="/", custom_name="Facial", custom_amount="100")
    counter.tap("/ticket/lines/0", on="/", modifier_name="Serum", modifier_amount="15.00")
    asked = {"service_charge": "10%", "service_charge_apportioned": "yes"}
    page = counter.tap("/ticket/adjustments", on="/", **asked)
    assert "Serum" in page
    assert "Charge $126.50" in page
    assert 'value="10%"' in page
    counter.call("PUT", "/practice/faults", {"card_surcharge": "APPORTIONED"})
    receipt = counter.tap("/charge", pay="card")
    counter.call("PUT", "/practice/faults", {})
    assert "Card surcharge" in receipt
    assert "$130.30" in receipt
