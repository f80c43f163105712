"""A Square order as the sale an invoice is made of: every line, tax, charge and payment as Square computed it.

Nobody is named in it: no customer, no note, no ticket's name, no digit of a card. Asks nobody.
"""

from __future__ import annotations

import re
from datetime import datetime

from invoices.papers import PaidBy
from plugin.courses.documents.sale_record import (
    AppliedTax,
    SaleTax,
    ServiceCharge,
    SoldLine,
    SoldModifier,
    SoldSale,
    Tender,
)
from plugin.errors import SquareFailed
from plugin.square.parsing import (
    Json,
    moment,
    money,
    optional_moment,
    optional_money,
    record,
    records,
    square_id,
    text,
    unreadable,
    words,
)
from plugin.square.surcharges import surcharge_beside

_HOW: dict[str, PaidBy] = {
    "CARD": "card",
    "THIRD_PARTY_CARD": "card",
    "CASH": "cash",
    "SQUARE_GIFT_CARD": "gift_card",
    "BANK_ACCOUNT": "bank",
    "WALLET": "wallet",
    "SQUARE_ACCOUNT": "wallet",
}
_BRANDS = {
    "VISA": "Visa",
    "MASTERCARD": "Mastercard",
    "AMERICAN_EXPRESS": "American Express",
    "DISCOVER": "Discover",
    "DISCOVER_DINERS": "Diners Club",
    "JCB": "JCB",
    "CHINA_UNIONPAY": "UnionPay",
    "INTERAC": "Interac",
    "EFTPOS": "eftpos",
    "FELICA": "FeliCa",
    "EBT": "EBT",
}
_QUANTITY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,5})?\Z")
_PERCENTAGE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,5})?\Z")


def sold_sale(answer: Json) -> SoldSale:
    """Read an order; raises SquareFailed for what no invoice can be made of."""
    total = money(answer.get("total_money"), "order total")
    reader = _Reader(total.currency)
    created_at = moment(answer.get("created_at"), "order created_at")
    tenders = [reader.tender(one, created_at) for one in records(answer.get("tenders"), "order tenders")]
    adjustment = record(answer.get("rounding_adjustment") or {}, "rounding_adjustment")
    return SoldSale(
        square_order_id=square_id(answer.get("id"), "order id"),
        currency=total.currency,
        lines=tuple(reader.line(one) for one in records(answer.get("line_items"), "order lines")),
        taxes=tuple(_tax(one) for one in records(answer.get("taxes"), "order taxes")),
        charges=tuple(
            reader.charge(one)
            for one in records(answer.get("service_charges"), "order service_charges")
            if "APPORTIONED" not in text(one.get("treatment_type"))
        )
        + reader.surcharge(answer),
        tenders=tuple(one for one in tenders if one is not None),
        rounding=reader.amount(adjustment, "amount_money"),
        tip=reader.amount(answer, "total_tip_money"),
        total=total.amount,
        exchanged=_exchanged(reader, answer),
    )


def sales_recorded(answer: Json) -> tuple[SoldSale, ...]:
    """Return the sale to keep; none where a strange line of retail can't be read, for its courses are booked anyway.

    Whoever asks for the invoice is told why there is none.
    """
    try:
        return (sold_sale(answer),)
    except SquareFailed:
        return ()


class _Reader:
    """Reads amounts of one currency; what Square leaves out is nothing."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def amount(self, answer: Json, name: str) -> int:
        found = optional_money(answer.get(name), name)
        if found is not None and found.currency != self._currency:
            raise unreadable(f"{name} is in another currency")
        return found.amount if found is not None else 0

    def line(self, answer: Json) -> SoldLine:
        quantity = text(answer.get("quantity"))
        if not _QUANTITY.match(quantity):
            raise unreadable("line quantity")
        return SoldLine(
            uid=square_id(answer.get("uid"), "line uid"),
            name=words(answer.get("name"), 120),
            variation=words(answer.get("variation_name"), 120),
            quantity=quantity,
            unit_price=self.amount(answer, "base_price_money"),
            discount=self.amount(answer, "total_discount_money"),
            tax=self.amount(answer, "total_tax_money"),
            # An apportioned card surcharge stands on an invoice where an apportioned service charge does.
            service_charge=self.amount(answer, "total_service_charge_money")
            + self.amount(answer, "total_card_surcharge_money"),
            total=self.amount(answer, "total_money"),
            modifiers=tuple(self._modifier(one) for one in records(answer.get("modifiers"), "modifiers")),
            taxes=self._applied(answer),
        )

    def charge(self, answer: Json) -> ServiceCharge:
        return ServiceCharge(
            name=words(answer.get("name"), 120),
            total=self.amount(answer, "total_money"),
            tax=self.amount(answer, "total_tax_money"),
            taxes=self._applied(answer),
        )

    def surcharge(self, answer: Json) -> tuple[ServiceCharge, ...]:
        """Return the card surcharge beside the lines as a charge of its own."""
        amount = surcharge_beside(answer, self._currency)
        return (ServiceCharge(name="", total=amount, tax=0, taxes=()),) if amount else ()

    def tender(self, answer: Json, ordered_at: datetime) -> Tender | None:
        """Return money that came; a card that is only authorized has paid nothing yet."""
        card = record(answer.get("card_details") or {}, "tender card")
        amount = self.amount(answer, "amount_money")
        if amount <= 0 or text(card.get("status")) not in ("", "CAPTURED"):
            return None
        brand = text(record(card.get("card") or {}, "card").get("card_brand"))
        how = "gift_card" if brand == "SQUARE_GIFT_CARD" else _HOW.get(text(answer.get("type")), "other")
        return Tender(
            square_payment_id=text(answer.get("payment_id")) or text(answer.get("id")),
            how=how,
            label=_BRANDS.get(brand, ""),
            amount=amount,
            # Square fills it in some seconds after the sale.
            at=optional_moment(answer.get("created_at"), "tender created_at") or ordered_at,
        )

    def _modifier(self, answer: Json) -> SoldModifier:
        return SoldModifier(
            name=words(answer.get("name"), 120), price=self.amount(answer, "base_price_money")
        )

    def _applied(self, answer: Json) -> tuple[AppliedTax, ...]:
        return tuple(
            AppliedTax(uid=text(one.get("tax_uid")), amount=self.amount(one, "applied_money"))
            for one in records(answer.get("applied_taxes"), "applied taxes")
        )


def _tax(answer: Json) -> SaleTax:
    percentage = text(answer.get("percentage"))
    return SaleTax(
        uid=text(answer.get("uid")),
        name=words(answer.get("name"), 80),
        percentage=percentage if _PERCENTAGE.match(percentage) else "",
        is_included=text(answer.get("type")) == "INCLUSIVE",
    )


def _exchanged(reader: _Reader, answer: Json) -> int:
    if not answer.get("line_items"):
        return 0
    return reader.amount(record(answer.get("return_amounts") or {}, "return_amounts"), "total_money")
