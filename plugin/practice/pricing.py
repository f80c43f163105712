"""Prices an order as Square does: discounts, then taxes, banker's rounding, parts that add up to the cent.

Pure arithmetic on the order's JSON. Order of discounts (Square's price adjustments page): percentages on lines,
percentages on the order, amounts on lines, amounts on the order; each works on what the ones before left over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from plugin.practice.refusals import Refusal
from plugin.practice.storage import Json

PLURAL = {"discount": "applied_discounts", "tax": "applied_taxes"}
_Money = Callable[[int], Json]

PERCENT_TYPES = ("FIXED_PERCENTAGE", "VARIABLE_PERCENTAGE")


@dataclass
class _Line:
    line: Json
    price: int
    discounts: dict[str, int] = field(default_factory=dict)
    taxes: dict[str, int] = field(default_factory=dict)
    included_tax: int = 0

    @property
    def left(self) -> int:
        return self.price - sum(self.discounts.values())

    @property
    def total(self) -> int:
        return self.left + sum(self.taxes.values()) - self.included_tax


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount by weight so that the parts add up; the odd cents go to the largest remainders."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    rests = [amount * weight % whole for weight in weights]
    odd_cents = amount - sum(parts)
    for place in sorted(range(len(weights)), key=lambda at: (-rests[at], at))[:odd_cents]:
        parts[place] += 1
    return parts


def price_order(order: Json, currency: str) -> Json:
    """Return the order with every computed money field filled in. Lines must carry uid and base_price_money."""
    lines = [_Line(line, _line_price(line)) for line in order.get("line_items", [])]
    discounts = order.get("discounts", [])
    taxes = order.get("taxes", [])
    for discount in sorted(discounts, key=_discount_phase):
        _apply_discount(lines, discount)
    for tax in sorted(taxes, key=lambda one: one.get("type") != "INCLUSIVE"):
        _apply_tax(lines, tax, taxes)
    return _written(order, lines, currency)


def read_quantity(text: str, *, has_unit: bool, field_name: str) -> Decimal:
    """Read a quantity. Raises Refusal unless it is a whole number, or a measure with its unit."""
    try:
        quantity = Decimal(text)
    except InvalidOperation:
        raise Refusal("INVALID_VALUE", f"`{text}` is not a quantity.", field=field_name) from None
    if not quantity.is_finite() or quantity < 0:
        raise Refusal("INVALID_VALUE", f"`{text}` is not a quantity.", field=field_name)
    if not has_unit and quantity != quantity.to_integral_value():
        raise Refusal("INVALID_VALUE", "A fractional quantity needs a `quantity_unit`.", field=field_name)
    return quantity


def read_percentage(text: str, field_name: str) -> Decimal:
    try:
        percentage = Decimal(text)
    except InvalidOperation:
        raise Refusal("INVALID_VALUE", f"`{text}` is not a percentage.", field=field_name) from None
    if not percentage.is_finite() or not 0 <= percentage <= 100:
        raise Refusal("INVALID_VALUE", "A percentage is between 0 and 100.", field=field_name)
    return percentage


def _line_price(line: Json) -> int:
    return rounded(Decimal(line["base_price_money"]["amount"]) * Decimal(line["quantity"]))


def _discount_phase(discount: Json) -> tuple[bool, bool]:
    return discount.get("type") not in PERCENT_TYPES, discount.get("scope") == "ORDER"


def _touched(lines: list[_Line], kind: str, adjustment: Json) -> list[_Line]:
    if adjustment.get("scope") == "ORDER":
        return lines
    uid = adjustment["uid"]
    return [one for one in lines if any(by[f"{kind}_uid"] == uid for by in one.line.get(PLURAL[kind], []))]


def _apply_discount(lines: list[_Line], discount: Json) -> None:
    touched = _touched(lines, "discount", discount)
    left = [one.left for one in touched]
    if discount.get("type") in PERCENT_TYPES:
        amount = rounded(sum(left) * Decimal(discount["percentage"]) / 100)
    else:
        amount = min(discount["amount_money"]["amount"], sum(left))
    for one, part in zip(touched, spread(amount, left), strict=True):
        one.discounts[discount["uid"]] = part


def _apply_tax(lines: list[_Line], tax: Json, taxes: list[Json]) -> None:
    touched = _touched(lines, "tax", tax)
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


def _written(order: Json, lines: list[_Line], currency: str) -> Json:
    def money(amount: int) -> Json:
        return {"amount": amount, "currency": currency}

    written = dict(order)
    if lines:
        written["line_items"] = [_written_line(one, money) for one in lines]
    for kind in ("discount", "tax"):
        for_lines = [one.discounts if kind == "discount" else one.taxes for one in lines]
        plural = "taxes" if kind == "tax" else "discounts"
        if order.get(plural):
            written[plural] = [
                one | {"applied_money": money(sum(parts.get(one["uid"], 0) for parts in for_lines))}
                for one in order[plural]
            ]
    total = sum(one.total for one in lines)
    tax = sum(sum(one.taxes.values()) for one in lines)
    discount = sum(sum(one.discounts.values()) for one in lines)
    tip = sum(tender.get("tip_money", {}).get("amount", 0) for tender in order.get("tenders", []))
    paid = sum(tender["amount_money"]["amount"] for tender in order.get("tenders", []))
    written |= {
        "total_money": money(total + tip),
        "total_tax_money": money(tax),
        "total_discount_money": money(discount),
        "total_tip_money": money(tip),
        "total_service_charge_money": money(0),
        "net_amounts": amounts(total + tip, tax, discount, tip, currency),
        "net_amount_due_money": money(max(0, total + tip - paid)),
    }
    return written


def amounts(total: int, tax: int, discount: int, tip: int, currency: str) -> Json:
    """Write an OrderMoneyAmounts."""
    named = {"total": total, "tax": tax, "discount": discount, "tip": tip, "service_charge": 0}
    return {f"{name}_money": {"amount": amount, "currency": currency} for name, amount in named.items()}


def _written_line(one: _Line, money: _Money) -> Json:
    line = dict(one.line)
    line |= {
        "variation_total_price_money": money(one.price),
        "gross_sales_money": money(one.price - one.included_tax),
        "total_tax_money": money(sum(one.taxes.values())),
        "total_discount_money": money(sum(one.discounts.values())),
        "total_service_charge_money": money(0),
        "total_money": money(one.total),
    }
    for kind, plural, parts in (
        ("discount", "applied_discounts", one.discounts),
        ("tax", "applied_taxes", one.taxes),
    ):
        known = {by[f"{kind}_uid"]: by for by in one.line.get(plural, [])}
        if parts:
            line[plural] = [
                {"uid": known.get(uid, {}).get("uid") or f"{line['uid']}-{uid}"[:60], f"{kind}_uid": uid}
                | {"applied_money": money(part)}
                for uid, part in parts.items()
            ]
    return line
