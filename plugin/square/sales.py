"""A paid Square order as a sale of packages: which lines are ours, whether it is paid, and when. Pure; no I/O."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from invoices.papers import PaidBy
from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work
from plugin.courses.documents import sale_record
from plugin.courses.documents.files import enqueue_invoice
from plugin.courses.documents.sale_record import save_sale_in
from plugin.courses.sales.sales import Came, Sale, SaleLine
from plugin.courses.sales.unlinked import Offers, SoldItem
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square import models
from plugin.square.buyers import Bought
from plugin.square.client import SquareNotFound
from plugin.square.inbox import SWEPT_ORDER, SWEPT_REFUND, receive_synthetic
from plugin.square.models import Line, Order, Payment, Tender, minor_units
from plugin.square.parsing import Json, readable, text, unreadable, whole_quantity, words

# A line, what it seems to sell, and the package it looks like.
Alike = tuple[Json, SoldItem, str]


def package_lines(
    lines: Iterable[object], known: Collection[str], *, booked: Collection[str] = ()
) -> list[Json]:
    """Return the lines that sell one of these catalog variations, or are amounts booked by their uid."""
    return [line for line in lines if isinstance(line, dict) and _sells(line, known, booked)]


def _sells(line: Json, known: Collection[str], booked: Collection[str]) -> bool:
    variation = line.get("catalog_object_id")
    if not variation:
        return text(line.get("uid")) in booked
    return text(variation) in known


def other_items(lines: Iterable[Json], known: Collection[Json]) -> list[tuple[Json, SoldItem]]:
    """Return the other lines as what they seem to sell, without gift cards and lines that can't be read."""
    others = [line for line in lines if line not in known and line.get("item_type") != "GIFT_CARD"]
    return readable(lambda line: (line, _sold_item(Line.read(line))), others, "line")


def _sold_item(line: Line) -> SoldItem:
    return SoldItem(
        uid=line.uid,
        square_variation_id=line.square_variation_id,
        item_name=line.name,
        variation_name=line.variation_name,
        price=line.unit_price,
    )


def lines_like_packages(lines: Sequence[Json], known: Sequence[Json], offers: Offers) -> list[Alike]:
    """Return the lines, beside those known to sell packages, that look like one, each with the package."""
    seeming = ((line, sold, offers.package_like(sold)) for line, sold in other_items(lines, known))
    return [(line, sold, package_id) for line, sold, package_id in seeming if package_id is not None]


def is_paid(order: Order) -> bool:
    """Return whether the order is paid in full: it is completed, or captured tenders cover its total."""
    if order.state != "OPEN":
        return order.state == "COMPLETED"
    if order.total is None or order.total.amount <= 0:
        # An open order of nothing is not sold yet: an open ticket with a discount looks the same.
        return False
    return _paid_so_far(order) >= order.total.amount


def is_part_paid(order: Order) -> bool:
    """Return whether a part of an open order is paid."""
    return order.state == "OPEN" and not is_paid(order) and bool(_captured(order))


def refundable(order: Order) -> Money | None:
    """Return the money that can be refunded: the total, or what is paid of a part-paid order."""
    if order.total is None or not is_part_paid(order):
        return order.total
    return Money(_paid_so_far(order), order.total.currency)


def sale_of(
    order: Order,
    lines: list[Json],
    bought: Bought,
    *,
    of_invoice: bool = False,
    total: Money | None = None,
) -> Sale:
    """Return the order in the form the use cases take; raises SquareFailed for a line that can't be read.

    A sale by invoice is booked at its first payment, and each payment counts by itself. `total` is the price where
    Square does not show it any more.
    """
    total = total or order.total
    if total is None:
        raise unreadable("order without a total")
    came = _payments(order, total) if of_invoice else ()
    return Sale(
        square_order_id=order.id,
        square_location_id=order.location_id,
        paid_at=came[0].at or order.created_at if came else _paid_at(order),
        total=total,
        lines=tuple(_sale_line(order, Line.read(line)) for line in lines),
        buyer=bought.by,
        came=came,
        nameless_ids=bought.nameless_ids,
    )


def surcharge_on(order: Order, line: Line, currency: str) -> int:
    """Return how much of a line's total is card surcharge, minor units.

    Square apportions it to the lines or adds it beside them (OrderCardSurchargeTreatmentType). Its published order
    names no field for it; orders carry `total_card_surcharge_money`, or a service charge of that name.
    """
    surcharges = {charge.uid for charge in order.charges.service_charges if charge.is_card_surcharge}
    named = [one.applied for one in line.charges if one.uid in surcharges]
    return sum(minor_units(one, currency) for one in (line.card_surcharge, *named))


def _captured(order: Order) -> list[Tender]:
    total = order.total
    return [
        tender
        for tender in order.tenders
        if tender.is_captured
        and total is not None
        and tender.amount is not None
        and tender.amount.amount > 0
        and tender.amount.currency == total.currency
    ]


def _paid_so_far(order: Order) -> int:
    return sum(one.amount.amount for one in _captured(order) if one.amount)


def _payments(order: Order, total: Money) -> tuple[Came, ...]:
    """Return the payments in the order they were made, each with the sum paid by then."""
    came, so_far = list[Came](), Money(0, total.currency)
    tenders = sorted(_captured(order), key=lambda one: one.created_at or order.created_at)
    for tender in tenders:
        so_far = so_far + (tender.amount or Money(0, total.currency))
        came.append(Came(so_far, tender.created_at))
    return tuple(came)


def _paid_at(order: Order) -> datetime:
    # Only from the order, so that webhook and sync give the same time. It may be closed long after the payment
    # (a fulfilment), and a payment made offline carries the time of the sale.
    paid = [tender.created_at for tender in order.tenders if tender.created_at is not None]
    times = [max(paid)] if paid else []
    if order.closed_at is not None:
        times.append(order.closed_at)
    return min(times, default=order.created_at)


def _sale_line(order: Order, line: Line) -> SaleLine:
    charged, tax = _charged(order, line)
    return SaleLine(
        uid=line.uid,
        square_variation_id=line.square_variation_id or "",
        name=line.name,
        quantity=whole_quantity(line.quantity),
        quantity_text=words(line.quantity, 40),
        # What a course is worth in the ledger is the line's total less its tax (docs/rules.md, rule 3): modifiers and
        # apportioned service charges are in it.
        total=charged - tax,
        tax=tax.amount,
        tax_in_price=_included_tax(order, line, tax.amount),
    )


def _charged(order: Order, line: Line) -> tuple[Money, Money]:
    """Return what was charged for a line without card surcharges, tax included, and that tax."""
    if line.total is None:
        raise unreadable("line without a total")
    currency = line.total.currency
    charged = line.total - Money(surcharge_on(order, line, currency), currency)
    tax = minor_units(line.tax, currency)
    if not 0 <= tax <= charged.amount:
        raise unreadable("line total below its tax and card surcharge")
    return charged, Money(tax, currency)


def _included_tax(order: Order, line: Line, tax: int) -> int:
    """Return how much of a line's tax its listed price contains."""
    included = {one.uid for one in order.charges.taxes if one.is_included}
    applied = sum(one.applied.amount for one in line.taxes if one.applied is not None and one.uid in included)
    return min(tax, max(0, applied))


_PAID_BY: dict[str, PaidBy] = {
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
# Only Square's own pages are linked from a receipt.
_RECEIPT = re.compile(r"https://([a-z]+\.)?(squareup|squareupsandbox)\.com/[!-~]{1,300}\Z")
_PERCENTAGE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,5})?\Z")


def sold_sale(order: Order) -> sale_record.SoldSale:
    """Return what an invoice is made of; raises SquareFailed where a line, charge or tender can't be read."""
    if order.total is None:
        raise unreadable("order without a total")
    currency, charges = order.total.currency, order.charges
    lines = [Line.read(line) for line in order.lines]
    return sale_record.SoldSale(
        square_order_id=order.id,
        currency=currency,
        lines=tuple(_line(line, currency) for line in lines),
        taxes=tuple(_tax(tax) for tax in charges.taxes),
        charges=(*_charges(order, currency), *_surcharge(order, lines, currency)),
        tenders=tuple(_tenders(order, currency)),
        rounding=minor_units(charges.rounding, currency),
        tip=minor_units(charges.tip, currency),
        total=order.total.amount,
        exchanged=minor_units(charges.returned, currency) if lines else 0,
    )


def sales_recorded(order: Order, payment: Payment | None = None) -> tuple[sale_record.SoldSale, ...]:
    """Return the sale to record; none where a line of retail can't be read: its courses are booked anyway.

    A request for the invoice answers why there is none. `payment`: one of its payments, with Square's receipt.
    """
    try:
        return (_with_receipt(sold_sale(order), payment),)
    except SquareFailed:
        return ()


def _with_receipt(sale: sale_record.SoldSale, payment: Payment | None) -> sale_record.SoldSale:
    if payment is None or not _RECEIPT.match(payment.receipt_url):
        return sale
    tenders = (
        replace(each, receipt_url=payment.receipt_url) if each.square_payment_id == payment.id else each
        for each in sale.tenders
    )
    return replace(sale, tenders=tuple(tenders))


def _line(line: Line, currency: str) -> sale_record.SoldLine:
    if not _QUANTITY.match(line.quantity):
        raise unreadable("line quantity")
    return sale_record.SoldLine(
        uid=line.uid,
        name=line.name,
        variation=line.variation_name,
        quantity=line.quantity,
        unit_price=minor_units(line.unit_price, currency),
        discount=minor_units(line.discount, currency),
        tax=minor_units(line.tax, currency),
        # An invoice shows an apportioned card surcharge where it shows an apportioned service charge.
        service_charge=minor_units(line.service_charge, currency)
        + minor_units(line.card_surcharge, currency),
        total=minor_units(line.total, currency),
        modifiers=tuple(
            sale_record.SoldModifier(name=one.name, price=minor_units(one.price, currency))
            for one in line.modifiers
        ),
        taxes=_applied(line.taxes, currency),
    )


def _charges(order: Order, currency: str) -> list[sale_record.ServiceCharge]:
    return [
        sale_record.ServiceCharge(
            name=charge.name,
            total=minor_units(charge.total, currency),
            tax=minor_units(charge.tax, currency),
            taxes=_applied(charge.taxes, currency),
        )
        for charge in order.charges.service_charges
        if not charge.is_apportioned
    ]


def _surcharge(order: Order, lines: list[Line], currency: str) -> list[sale_record.ServiceCharge]:
    """Return the card surcharge beside the lines as a charge of its own."""
    apportioned = sum(minor_units(line.card_surcharge, currency) for line in lines)
    amount = minor_units(order.charges.card_surcharge, currency) - apportioned
    return [sale_record.ServiceCharge(name="", total=amount, tax=0, taxes=())] if amount > 0 else []


def _tenders(order: Order, currency: str) -> list[sale_record.Tender]:
    paid = [(one, minor_units(one.amount, currency)) for one in order.tenders if one.is_captured]
    return [
        sale_record.Tender(
            square_payment_id=tender.payment_id or "",
            how=_paid_by(tender),
            label=_BRANDS.get(tender.card_brand, ""),
            amount=amount,
            # Square fills it in some seconds after the sale.
            at=tender.created_at or order.created_at,
        )
        for tender, amount in paid
        if amount > 0
    ]


def _paid_by(tender: models.Tender) -> PaidBy:
    is_gift_card = tender.card_brand == "SQUARE_GIFT_CARD"
    return "gift_card" if is_gift_card else _PAID_BY.get(tender.type, "other")


def _applied(taxes: tuple[models.AppliedTax, ...], currency: str) -> tuple[sale_record.AppliedTax, ...]:
    return tuple(
        sale_record.AppliedTax(uid=one.uid, amount=minor_units(one.applied, currency)) for one in taxes
    )


def _tax(tax: models.Tax) -> sale_record.SaleTax:
    return sale_record.SaleTax(
        uid=tax.uid,
        name=tax.name,
        percentage=tax.percentage if _PERCENTAGE.match(tax.percentage) else "",
        is_included=tax.is_included,
    )


def record_sale(services: Services, job: Job) -> str:
    """Record a sale that could not be read for its invoice when it was booked; that follows. Raises SquareFailed."""
    try:
        order = Order.read(services.square.order(job.subject))
    except SquareNotFound:
        reason = "Square no longer shows this sale, so no invoice can be made of it here."
        raise SquareFailed(reason, permanent=True, code="square_no_order") from None
    record = sold_sale(order)
    actor = replace(SQUARE, name=job.payload.get("by", SQUARE.name))
    act = job.act(actor, services.clock())

    def work(session: Session) -> None:
        save_sale_in(session, act, record)
        enqueue_invoice(Work(session, services.store, act), job.subject)

    services.store.transact(work)
    return "Sale recorded; its invoice follows."


def look_at_sale(services: Services, job: Job) -> str:
    """Add events for a sale whose line was linked since, and for the refunds of it."""
    receive_synthetic(services, SWEPT_ORDER, job.subject, job.id)
    for refund_id in job.payload.get("refund_ids", ()):
        receive_synthetic(services, SWEPT_REFUND, refund_id, job.id)
    return "The sale is handled again."
