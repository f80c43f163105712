"""A priced order: its lines and charges with their computed amounts, and their JSON in Square's form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from practice_square.storage import Json

PLURAL = {
    "discount": "applied_discounts",
    "tax": "applied_taxes",
    "service_charge": "applied_service_charges",
}
_Money = Callable[[int], Json]
APPORTIONED = "APPORTIONED_TREATMENT"


@dataclass(frozen=True)
class Surcharge:
    """What a card costs the client above the sale, minor units: beside the lines, or apportioned to them."""

    amount: int
    is_apportioned: bool


@dataclass
class Taxed:
    """A line, or a service charge beside the lines. `json` is its request."""

    json: Json
    taxes: dict[str, int] = field(default_factory=dict)
    included_tax: int = 0

    @property
    def left(self) -> int:
        """The base of the taxes."""
        raise NotImplementedError

    @property
    def tax(self) -> int:
        return sum(self.taxes.values())

    @property
    def total(self) -> int:
        return self.left + self.tax - self.included_tax


@dataclass
class PricedLine(Taxed):
    price: int = 0
    modifiers: list[int] = field(default_factory=list)
    discounts: dict[str, int] = field(default_factory=dict)
    charges: dict[str, int] = field(default_factory=dict)
    surcharge: int = 0

    @property
    def gross(self) -> int:
        return self.price + sum(self.modifiers)

    @property
    def discounted(self) -> int:
        return self.gross - sum(self.discounts.values())

    @property
    def left(self) -> int:
        return self.discounted + sum(self.charges.values())

    @property
    def total(self) -> int:
        return super().total + self.surcharge


@dataclass
class PricedCharge(Taxed):
    """A service charge; `applied` includes a tax that is in its price."""

    applied: int = 0

    @property
    def left(self) -> int:
        return self.applied


def is_apportioned(charge: Json) -> bool:
    return charge.get("treatment_type") == APPORTIONED


def written(
    order: Json,
    lines: list[PricedLine],
    charges: list[PricedCharge],
    currency: str,
    surcharge: Surcharge | None,
) -> Json:
    def money(amount: int) -> Json:
        return {"amount": amount, "currency": currency}

    filled = dict(order)
    if lines:
        filled["line_items"] = [_written_line(one, money) for one in lines]
    beside = [one for one in charges if not is_apportioned(one.json)]
    shares = {
        "discounts": [one.discounts for one in lines],
        "taxes": [one.taxes for one in [*lines, *beside]],
    }
    for plural, parts in shares.items():
        if order.get(plural):
            filled[plural] = [
                one | {"applied_money": money(sum(part.get(one["uid"], 0) for part in parts))}
                for one in order[plural]
            ]
    if charges:
        filled["service_charges"] = [_written_charge(one, money) for one in charges]
    total = sum(one.total for one in [*lines, *beside])
    tax = sum(one.tax for one in [*lines, *beside])
    charged = sum(one.applied for one in charges)
    discount = sum(sum(one.discounts.values()) for one in lines)
    tip = sum(tender.get("tip_money", {}).get("amount", 0) for tender in order.get("tenders", []))
    paid = sum(tender["amount_money"]["amount"] for tender in order.get("tenders", []))
    if surcharge is not None and not surcharge.is_apportioned:
        total += surcharge.amount
    filled |= {
        "total_money": money(total + tip),
        "total_tax_money": money(tax),
        "total_discount_money": money(discount),
        "total_tip_money": money(tip),
        "total_service_charge_money": money(charged),
        "net_amounts": amounts(total + tip, tax, discount, tip, currency, service_charge=charged),
        "net_amount_due_money": money(max(0, total + tip - paid)),
    }
    if surcharge is not None:
        filled["total_card_surcharge_money"] = money(surcharge.amount)
        filled["net_amounts"]["card_surcharge_money"] = money(surcharge.amount)
    return filled


def amounts(total: int, tax: int, discount: int, tip: int, currency: str, *, service_charge: int = 0) -> Json:
    """Write an OrderMoneyAmounts."""
    named = {"total": total, "tax": tax, "discount": discount, "tip": tip, "service_charge": service_charge}
    return {f"{name}_money": {"amount": amount, "currency": currency} for name, amount in named.items()}


def _written_line(one: PricedLine, money: _Money) -> Json:
    line = dict(one.json)
    line |= {
        "variation_total_price_money": money(one.price),
        "gross_sales_money": money(one.gross - one.included_tax),
        "total_tax_money": money(one.tax),
        "total_discount_money": money(sum(one.discounts.values())),
        "total_service_charge_money": money(sum(one.charges.values())),
        "total_money": money(one.total),
    }
    if one.surcharge:
        line["total_card_surcharge_money"] = money(one.surcharge)
    if one.modifiers:
        line["modifiers"] = [
            given | {"total_price_money": money(price)}
            for given, price in zip(line["modifiers"], one.modifiers, strict=True)
        ]
    for kind, parts in (("discount", one.discounts), ("tax", one.taxes), ("service_charge", one.charges)):
        line |= _applied(one.json, kind, parts, money)
    return line


def _written_charge(one: PricedCharge, money: _Money) -> Json:
    charge = one.json | {
        "applied_money": money(one.applied),
        "total_money": money(one.total),
        "total_tax_money": money(one.tax),
    }
    return charge | _applied(one.json, "tax", one.taxes, money)


def _applied(given: Json, kind: str, parts: Mapping[str, int], money: _Money) -> Json:
    """Write the amount of each adjustment of a kind on a line or a charge, with the references' own uids."""
    known = {by[f"{kind}_uid"]: by for by in given.get(PLURAL[kind], [])}
    if not parts:
        return {}
    told = [
        {"uid": known.get(uid, {}).get("uid") or f"{given['uid']}-{uid}"[:60], f"{kind}_uid": uid}
        | {"applied_money": money(part)}
        for uid, part in parts.items()
    ]
    return {PLURAL[kind]: told}
