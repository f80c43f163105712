"""A sale as it is rung up: lines, reductions, charges and tenders."""

from dataclasses import dataclass, field

from practice_square.priced import APPORTIONED
from practice_square.storage import Json


@dataclass(frozen=True)
class Reduction:
    """A discount: a percentage as text ("10", "12.5") or an amount in minor units."""

    percent: str | None = None
    amount: int | None = None

    def as_discount(self, uid: str, scope: str, unit: str) -> Json:
        discount: Json = {"uid": uid, "scope": scope, "name": "Discount"}
        if self.percent is not None:
            return discount | {"type": "FIXED_PERCENTAGE", "percentage": self.percent}
        return discount | {"type": "FIXED_AMOUNT", "amount_money": {"amount": self.amount, "currency": unit}}


@dataclass(frozen=True)
class Modifier:
    """An addition to each unit of a line, such as a serum to a facial."""

    name: str
    amount: int
    quantity: str = "1"


@dataclass(frozen=True)
class Charge:
    """A service charge: a percentage as text or an amount, beside the lines or apportioned to them."""

    name: str = "Service charge"
    percent: str | None = None
    amount: int | None = None
    is_apportioned: bool = False
    is_taxable: bool = False

    def as_service_charge(self, uid: str, unit: str) -> Json:
        charge: Json = {"uid": uid, "name": self.name, "taxable": self.is_taxable}
        if self.is_apportioned:
            charge |= {"treatment_type": APPORTIONED, "scope": "ORDER"}
        if self.percent is not None:
            return charge | {"percentage": self.percent}
        return charge | {"amount_money": {"amount": self.amount, "currency": unit}}


@dataclass(frozen=True)
class SaleLine:
    """A catalog variation, or a custom amount with a name. `tax_percent` is a tax of this line alone."""

    quantity: str = "1"
    variation_id: str | None = None
    name: str | None = None
    amount: int | None = None
    note: str | None = None
    discount: Reduction | None = None
    tax_percent: str | None = None
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True)
class Part:
    """One tender: what it pays without the tip. `amount` None takes what is left."""

    kind: str = "card"
    amount: int | None = None
    tip: int = 0
    supplied: int | None = None
    # Included in `amount`: what the merchant charges for a card.
    surcharge: int = 0


@dataclass(frozen=True)
class Sale:
    """`card_surcharge` LINE_ITEM or APPORTIONED, None for the setting of the faults."""

    lines: tuple[SaleLine, ...]
    discount: Reduction | None = None
    tax_percent: str | None = None
    tax_included: bool = False
    customer_id: str | None = None
    customer_on: str = "payment"
    parts: tuple[Part, ...] = field(default_factory=lambda: (Part(),))
    created_at: str | None = None
    is_withheld: bool = False
    charges: tuple[Charge, ...] = ()
    card_surcharge: str | None = None
