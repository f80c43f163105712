"""Whether an order is paid by invoice: only there a part of the money already opens a course."""

from __future__ import annotations

from sqlalchemy import select

from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.models import Order, Payment
from plugin.square.sales import is_paid
from plugin.store.ledger import Course
from plugin.store.selling import Checkout

_INVOICES = "INVOICES"


def is_of_invoice(services: Services, order: Order, payment: Payment | None) -> bool:
    """Say whether the order's money comes by invoice; asks Square only where that makes a difference."""
    if not order.tenders or (len(order.tenders) == 1 and is_paid(order)):
        return False
    return _comes_by_invoice(services, order, payment)


def is_cut_to_paid(services: Services, order: Order, payment: Payment | None) -> bool:
    """Say whether it is what Square leaves of a canceled invoice: its lines replaced by the amount that was paid."""
    kinds = {line.get("item_type") for line in order.lines}
    return kinds == {"CUSTOM_AMOUNT"} and _comes_by_invoice(services, order, payment)


def _comes_by_invoice(services: Services, order: Order, payment: Payment | None) -> bool:
    ids = [tender.payment_id for tender in order.tenders if tender.payment_id is not None]
    if payment is not None and payment.id in ids:
        return payment.product == _INVOICES
    if _is_ours(services, order.id):
        return True
    try:
        return bool(ids) and Payment.read(services.square.payment(ids[0])).product == _INVOICES
    except SquareNotFound:
        return False


def has_courses(services: Services, square_order_id: str) -> bool:
    """Say whether courses came of the order."""
    wanted = select(Course.id).where(Course.square_order_id == square_order_id)
    with services.store.reading() as session:
        return session.scalar(wanted.limit(1)) is not None


def _is_ours(services: Services, square_order_id: str) -> bool:
    wanted = select(Checkout.id).where(Checkout.square_order_id == square_order_id, Checkout.way == "invoice")
    with services.store.reading() as session:
        return session.scalar(wanted.limit(1)) is not None
