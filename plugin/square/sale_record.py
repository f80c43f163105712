"""A Square order as the sale an invoice is made of: each line, tax, charge and payment as Square computed it.

No personal data: no customer, no note, no ticket's name, no digit of a card. The jobs fetch from Square what a sale
lacked when it was booked.
"""

import re
from dataclasses import replace

from sqlalchemy.orm import Session

from invoices.papers import PaidBy
from plugin.core.acts import SQUARE
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work
from plugin.courses.documents import sale_record
from plugin.courses.documents.enqueue import enqueue_invoice
from plugin.courses.documents.sale_record import save_sale_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square import models
from plugin.square.client import SquareNotFound
from plugin.square.inbox import SWEPT_ORDER, SWEPT_REFUND, receive_synthetic
from plugin.square.models import Line, Order, Payment, minor_units
from plugin.square.parsing import unreadable

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
