"""What a canceled invoice leaves: its payments are booked to the last one, then nothing more is due."""

from __future__ import annotations

from sqlalchemy import select

from plugin.core.money import Money
from plugin.courses.base.work import Work
from plugin.courses.documents.sale_record import sale_in
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.sales.payments import receive_money
from plugin.services import Services
from plugin.square.buyers import Bought
from plugin.square.checkout.invoiced import has_courses
from plugin.square.client import SquareNotFound
from plugin.square.effects import Effect
from plugin.square.models import Order
from plugin.square.parsing import Json, optional_id
from plugin.square.sales import sale_of
from plugin.store.ledger import Course


def canceled_order(order: Order) -> Effect:
    """Return what is to be done for an order whose invoice was canceled after money had come for it."""

    def do(work: Work) -> str:
        _book_payments(work, order)
        return end_collection(work, order.id)

    return do


def canceled_effects(services: Services, invoice: Json) -> tuple[Effect, ...]:
    """Return the same for a canceled invoice, nothing where no course came of it."""
    order_id = optional_id(invoice.get("order_id"), "invoice order_id")
    if order_id is None or not has_courses(services, order_id):
        return ()
    try:
        return (canceled_order(Order.read(services.square.order(order_id))),)
    except SquareNotFound:
        return (lambda work: end_collection(work, order_id),)


def _book_payments(work: Work, order: Order) -> None:
    """Book what came before the invoice was canceled. Square keeps the payments, but neither lines nor total."""
    record = sale_in(work.session, order.id)
    if record is None or order.total is None or record.currency != order.total.currency or not order.tenders:
        return
    sale = sale_of(order, [], Bought(None), of_invoice=True, total=Money(record.total, record.currency))
    uids = select(Course.square_line_uid).where(Course.square_order_id == order.id).distinct()
    receive_money(work, sale, sorted(each for each in work.session.scalars(uids) if each is not None))
