"""The arithmetic of orders: banker's rounding, the order of reductions, and parts that always add up."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice_square.pricing import price_order, read_percentage, read_quantity, rounded, spread
from practice_square.refusals import Refusal

Json = dict[str, Any]


def line(uid: str, amount: int, quantity: str = "1", **more: Any) -> Json:
    return {
        "uid": uid,
        "quantity": quantity,
        "base_price_money": {"amount": amount, "currency": "USD"},
        **more,
    }


def percent_off(uid: str, percentage: str, scope: str = "ORDER") -> Json:
    return {"uid": uid, "type": "FIXED_PERCENTAGE", "percentage": percentage, "scope": scope}


def amount_off(uid: str, amount: int, scope: str = "ORDER") -> Json:
    return {
        "uid": uid,
        "type": "FIXED_AMOUNT",
        "amount_money": {"amount": amount, "currency": "USD"},
        "scope": scope,
    }


def tax(uid: str, percentage: str, type_: str = "ADDITIVE", scope: str = "ORDER") -> Json:
    return {"uid": uid, "type": type_, "percentage": percentage, "scope": scope}


def total(order: Json) -> int:
    return int(order["total_money"]["amount"])


@pytest.mark.parametrize(("text", "cents"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("3.5", 4), ("2.51", 3)])
def test_halves_go_to_the_even_cent(text: str, cents: int) -> None:
    from decimal import Decimal

    assert rounded(Decimal(text)) == cents


def test_a_course_of_twelve_with_ten_percent_off_and_tax() -> None:
    order = {
        "line_items": [line("a", 198000)],
        "discounts": [percent_off("d", "10")],
        "taxes": [tax("t", "9.5")],
    }
    priced = price_order(order, "USD")
    assert priced["total_discount_money"]["amount"] == 19800
    assert priced["total_tax_money"]["amount"] == 16929
    assert total(priced) == 195129


def test_percentages_come_before_amounts_whatever_their_place_in_the_order() -> None:
    order = {
        "line_items": [line("a", 10000)],
        "discounts": [amount_off("five", 500), percent_off("ten", "10")],
    }
    priced = price_order(order, "USD")
    applied = {one["uid"]: one["applied_money"]["amount"] for one in priced["discounts"]}
    assert applied == {"ten": 1000, "five": 500}


def test_a_line_discount_touches_its_own_line_only() -> None:
    order = {
        "line_items": [line("a", 1000, applied_discounts=[{"discount_uid": "d"}]), line("b", 1000)],
        "discounts": [percent_off("d", "50", "LINE_ITEM")],
    }
    priced = price_order(order, "USD")
    assert [one["total_money"]["amount"] for one in priced["line_items"]] == [500, 1000]
    assert "applied_discounts" not in priced["line_items"][1]


def test_a_discount_never_takes_more_than_there_is() -> None:
    priced = price_order({"line_items": [line("a", 300)], "discounts": [amount_off("d", 5000)]}, "USD")
    assert total(priced) == 0
    assert priced["discounts"][0]["applied_money"]["amount"] == 300


def test_an_included_tax_leaves_the_total_and_lowers_the_gross_sales() -> None:
    priced = price_order({"line_items": [line("a", 110)], "taxes": [tax("t", "10", "INCLUSIVE")]}, "USD")
    one = priced["line_items"][0]
    assert one["total_tax_money"]["amount"] == 10
    assert one["gross_sales_money"]["amount"] == 100
    assert one["total_money"]["amount"] == total(priced) == 110


def test_three_equal_lines_share_an_odd_cent_without_losing_it() -> None:
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(5, [0, 0]) == [0, 0]


def test_a_comped_order_costs_nothing_and_owes_nothing() -> None:
    priced = price_order({"line_items": [line("a", 16500)], "discounts": [percent_off("d", "100")]}, "USD")
    assert total(priced) == priced["net_amount_due_money"]["amount"] == 0


@pytest.mark.parametrize("text", ["abc", "-1", "NaN", "Infinity", ""])
def test_it_refuses_a_quantity_that_is_none(text: str) -> None:
    with pytest.raises(Refusal):
        read_quantity(text, has_unit=True, field_name="q")


def test_a_fraction_needs_a_unit() -> None:
    assert str(read_quantity("1.5", has_unit=True, field_name="q")) == "1.5"
    with pytest.raises(Refusal):
        read_quantity("1.5", has_unit=False, field_name="q")


@pytest.mark.parametrize(
    ("text", "is_right"), [("0", True), ("100", True), ("100.01", False), ("-1", False), ("x", False)]
)
def test_a_percentage_lies_between_nothing_and_all(text: str, is_right: bool) -> None:
    if is_right:
        read_percentage(text, "p")
        return
    with pytest.raises(Refusal):
        read_percentage(text, "p")


percentages = st.integers(0, 10000).map(lambda n: f"{n // 100}.{n % 100:02d}")
lines = st.lists(st.tuples(st.integers(0, 300000), st.integers(1, 9)), min_size=1, max_size=6)
reductions = st.lists(
    st.one_of(percentages.map(lambda p: ("percent", p)), st.integers(1, 400000).map(lambda n: ("amount", n))),
    max_size=3,
)
taxes = st.lists(
    st.tuples(st.integers(0, 2500).map(lambda n: f"{n / 100}"), st.sampled_from(["ADDITIVE", "INCLUSIVE"])),
    max_size=2,
)


@given(lines, reductions, taxes, st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_parts_always_add_up(
    given_lines: Any, given_reductions: Any, given_taxes: Any, is_on_line: bool
) -> None:
    scope = "LINE_ITEM" if is_on_line else "ORDER"
    order: Json = {
        "line_items": [
            line(f"l{n}", amount, str(quantity)) for n, (amount, quantity) in enumerate(given_lines)
        ],
        "discounts": [
            percent_off(f"d{n}", value, scope) if kind == "percent" else amount_off(f"d{n}", value, scope)
            for n, (kind, value) in enumerate(given_reductions)
        ],
        "taxes": [tax(f"t{n}", rate, type_) for n, (rate, type_) in enumerate(given_taxes)],
    }
    if is_on_line:
        order["line_items"][0]["applied_discounts"] = [
            {"discount_uid": one["uid"]} for one in order["discounts"]
        ]
    priced = price_order(order, "USD")
    for name in ("total_money", "total_tax_money", "total_discount_money"):
        assert sum(one[name]["amount"] for one in priced["line_items"]) == priced[name]["amount"]
    for kind, plural in (("discount", "discounts"), ("tax", "taxes")):
        for adjustment in priced.get(plural, []):
            parts = [
                by["applied_money"]["amount"]
                for one in priced["line_items"]
                for by in one.get(f"applied_{plural}", [])
                if by[f"{kind}_uid"] == adjustment["uid"]
            ]
            assert sum(parts) == adjustment["applied_money"]["amount"]
    for one in priced["line_items"]:
        assert one["total_money"]["amount"] >= 0
        sums = (one["gross_sales_money"], one["total_tax_money"], one["total_discount_money"])
        gross, taxed, off = (part["amount"] for part in sums)
        assert gross - off + taxed == one["total_money"]["amount"]
