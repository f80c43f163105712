"""Prices an order as Square does: discounts, service charges, taxes, banker's rounding, parts that add up to the cent.

Pure arithmetic on the order's JSON. Order of discounts (Square's price adjustments page): percentages on lines,
percentages on the order, amounts on lines, amounts on the order; each works on what the earlier ones left.
Service charges follow: apportioned ones raise the lines they apply to, the others are beside the lines.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TypeVar

from practice_square.priced import (
    PLURAL,
    PricedCharge,
    PricedLine,
    Surcharge,
    Taxed,
    is_apportioned,
    written,
)
from practice_square.refusals import invalid
from practice_square.storage import Json

PERCENT_TYPES = ("FIXED_PERCENTAGE", "VARIABLE_PERCENTAGE")


_T = TypeVar("_T", bound=Taxed)


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Allocate an amount by weight so that the parts add up, by the largest remainder method."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    rests = [amount * weight % whole for weight in weights]
    odd_cents = amount - sum(parts)
    for place in sorted(range(len(weights)), key=lambda at: (-rests[at], at))[:odd_cents]:
        parts[place] += 1
    return parts


def price_order(order: Json, currency: str, surcharge: Surcharge | None = None) -> Json:
    """Return the order with every computed money field filled in. Lines must carry uid and base_price_money."""
    lines = [_line(line) for line in order.get("line_items", [])]
    taxes = order.get("taxes", [])
    for discount in sorted(order.get("discounts", []), key=_discount_phase):
        _apply_discount(lines, discount)
    charges = [PricedCharge(one) for one in order.get("service_charges", [])]
    for charge in sorted(charges, key=_charge_phase):
        _apply_charge(lines, charge)
    beside = [one for one in charges if not is_apportioned(one.json)]
    taxed: list[Taxed] = [*lines, *(one for one in beside if one.json.get("taxable"))]
    for tax in sorted(taxes, key=lambda one: one.get("type") != "INCLUSIVE"):
        _apply_tax(taxed, tax, taxes)
    for charge in beside:
        if charge.json["calculation_phase"] == "TOTAL_PHASE":
            rest = [one for one in beside if one.json["calculation_phase"] != "TOTAL_PHASE"]
            charge.applied = _charged(charge.json, sum(one.total for one in [*lines, *rest]))
    if surcharge is not None and surcharge.is_apportioned:
        for one, part in zip(lines, spread(surcharge.amount, [one.total for one in lines]), strict=True):
            one.surcharge = part
    return written(order, lines, charges, currency, surcharge)


def read_quantity(text: str, *, has_unit: bool, field_name: str) -> Decimal:
    """Read a quantity. Raises Refusal unless it is a whole number, or a measure with its unit."""
    try:
        quantity = Decimal(text)
    except InvalidOperation:
        raise invalid(f"`{text}` is not a quantity.", field_name) from None
    if not quantity.is_finite() or quantity < 0:
        raise invalid(f"`{text}` is not a quantity.", field_name)
    if not has_unit and quantity != quantity.to_integral_value():
        raise invalid("A fractional quantity needs a `quantity_unit`.", field_name)
    return quantity


def read_percentage(text: str, field_name: str) -> Decimal:
    try:
        percentage = Decimal(text)
    except InvalidOperation:
        raise invalid(f"`{text}` is not a percentage.", field_name) from None
    if not percentage.is_finite() or not 0 <= percentage <= 100:
        raise invalid("A percentage is between 0 and 100.", field_name)
    return percentage


def _line(line: Json) -> PricedLine:
    quantity = Decimal(line["quantity"])
    price = rounded(line["base_price_money"]["amount"] * quantity)
    modifiers = [
        rounded(one["base_price_money"]["amount"] * Decimal(one.get("quantity", "1")) * quantity)
        for one in line.get("modifiers", [])
    ]
    return PricedLine(line, price=price, modifiers=modifiers)


def _discount_phase(discount: Json) -> tuple[bool, bool]:
    return discount.get("type") not in PERCENT_TYPES, discount.get("scope") == "ORDER"


def _charge_phase(charge: PricedCharge) -> tuple[bool, bool]:
    return not is_apportioned(charge.json), "percentage" not in charge.json


def _touched(lines: Sequence[_T], kind: str, adjustment: Json) -> list[_T]:
    if adjustment.get("scope") == "ORDER":
        return list(lines)
    uid = adjustment["uid"]
    return [one for one in lines if any(by[f"{kind}_uid"] == uid for by in one.json.get(PLURAL[kind], []))]


def _apply_discount(lines: list[PricedLine], discount: Json) -> None:
    touched = _touched(lines, "discount", discount)
    left = [one.discounted for one in touched]
    if discount.get("type") in PERCENT_TYPES:
        amount = rounded(sum(left) * Decimal(discount["percentage"]) / 100)
    else:
        amount = min(discount["amount_money"]["amount"], sum(left))
    for one, part in zip(touched, spread(amount, left), strict=True):
        one.discounts[discount["uid"]] = part


def _apply_charge(lines: list[PricedLine], charge: PricedCharge) -> None:
    """Apportion a charge to its lines, or compute it on all of them; one on the total is computed after the taxes."""
    if not is_apportioned(charge.json):
        charge.applied = _charged(charge.json, sum(one.left for one in lines))
        return
    touched = _touched(lines, "service_charge", charge.json)
    left = [one.left for one in touched]
    charge.applied = _charged(charge.json, sum(left)) if sum(left) else 0
    for one, part in zip(touched, spread(charge.applied, left), strict=True):
        one.charges[charge.json["uid"]] = part


def _charged(charge: Json, base: int) -> int:
    if "percentage" in charge:
        return rounded(base * Decimal(charge["percentage"]) / 100)
    amount: int = charge["amount_money"]["amount"]
    return amount


def _apply_tax(taxed: list[Taxed], tax: Json, taxes: list[Json]) -> None:
    touched = _touched(taxed, "tax", tax)
    rate = Decimal(tax["percentage"]) / 100
    if tax.get("type") == "INCLUSIVE":
        all_rates = sum(Decimal(one["percentage"]) / 100 for one in taxes if one.get("type") == "INCLUSIVE")
        bases = [one.left for one in touched]
        amount = rounded(sum(bases) * rate / (1 + all_rates))
    else:
        bases = [one.left - one.included_tax for one in touched]
        amount = rounded(sum(bases) * rate)
    for one, part in zip(touched, spread(amount, bases), strict=True):
        one.taxes[tax["uid"]] = part
        if tax.get("type") == "INCLUSIVE":
            one.included_tax += part
