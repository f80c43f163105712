"""Handler of invoice events, and which orders are paid by invoice: only there a first payment opens a course.

A payment is booked from its order, like every other. Of a canceled invoice, its payments are booked to the last one,
then nothing more is due.
"""

from sqlalchemy import select

from plugin.core.money import Money
from plugin.courses.base.attention import open_item
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work
from plugin.courses.documents.sale_record import sale_in
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.sales.checkout_views import courses_of_checkout_in
from plugin.courses.sales.payments import receive_money
from plugin.services import Services
from plugin.square.buyers import Bought
from plugin.square.client import SquareNotFound
from plugin.square.events.effects import Effect, Effects
from plugin.square.inbox import receive_order
from plugin.square.models import Order, Payment
from plugin.square.parsing import Json, optional_id, records, square_id, text
from plugin.square.pay_address import pay_address_effect
from plugin.square.sales import is_paid, sale_of
from plugin.store.tables import Checkout, Course
from plugin.wording import _

PAID_STATUSES = ("PARTIALLY_PAID", "PAID", "PARTIALLY_REFUNDED", "REFUNDED")
ENDED_STATUSES = ("CANCELED", "FAILED")
_PRODUCT = "INVOICES"


def handle_invoice_updated(services: Services, data: Json) -> Effects:
    """Add an event for the order of a paid invoice; end the collection of a canceled or deleted one."""
    invoice_id = square_id(data.get("id"), "invoice id")
    try:
        invoice = services.square.invoice(invoice_id)
    except SquareNotFound:
        return Effects((_ended(invoice_id, "The invoice was deleted in Square."),))
    status = text(invoice.get("status"))
    if status in ENDED_STATUSES:
        ended = _ended(invoice_id, "The invoice was canceled in Square.", paid_of(invoice))
        return Effects((*_canceled(services, invoice), ended))
    if status not in PAID_STATUSES:
        return Effects(says=f"The invoice is {status or 'not published'}; nothing was paid yet.")
    order = Order.read(services.square.order(square_id(invoice.get("order_id"), "order id")))
    receive_order(services, order.id, order.updated_at)
    return Effects((pay_address_effect(invoice),), says="The invoice was paid; its order is handled next.")


def canceled_order(order: Order) -> Effect:
    """Return the effect of canceling an invoice on which something was paid."""

    def end(work: Work) -> str:
        _book_payments(work, order)
        return end_collection(work, order.id)

    return end


def is_of_invoice(services: Services, order: Order, payment: Payment | None) -> bool:
    """Return whether the order is paid by invoice; calls Square only where that makes a difference."""
    if not order.tenders or (len(order.tenders) == 1 and is_paid(order)):
        return False
    return _is_paid_by_invoice(services, order, payment)


def is_cut_to_paid(services: Services, order: Order, payment: Payment | None) -> bool:
    """Return whether the order is the rest of a canceled invoice: Square replaces its lines by the amount paid."""
    kinds = {line.get("item_type") for line in order.lines}
    return kinds == {"CUSTOM_AMOUNT"} and _is_paid_by_invoice(services, order, payment)


def has_courses(services: Services, square_order_id: str) -> bool:
    wanted = select(Course.id).where(Course.square_order_id == square_order_id)
    with services.store.reading() as session:
        return session.scalar(wanted.limit(1)) is not None


def paid_of(invoice: Json) -> int:
    """Return what was paid of an invoice, minor units."""
    requests = records(invoice.get("payment_requests"), "requests")
    sums = [one.get("total_completed_amount_money") for one in requests]
    return sum(one["amount"] for one in sums if isinstance(one, dict) and isinstance(one.get("amount"), int))


def _is_paid_by_invoice(services: Services, order: Order, payment: Payment | None) -> bool:
    ids = [tender.payment_id for tender in order.tenders if tender.payment_id is not None]
    if payment is not None and payment.id in ids:
        return payment.product == _PRODUCT
    begun = select(Checkout.id).where(Checkout.square_order_id == order.id, Checkout.way == "invoice")
    with services.store.reading() as session:
        if session.scalar(begun.limit(1)) is not None:
            return True
    try:
        return bool(ids) and Payment.read(services.square.payment(ids[0])).product == _PRODUCT
    except SquareNotFound:
        return False


def _canceled(services: Services, invoice: Json) -> tuple[Effect, ...]:
    """Return the effect on the courses of a canceled invoice, none where it opened none."""
    order_id = optional_id(invoice.get("order_id"), "invoice order_id")
    if order_id is None or not has_courses(services, order_id):
        return ()
    try:
        return (canceled_order(Order.read(services.square.order(order_id))),)
    except SquareNotFound:
        return (lambda work: end_collection(work, order_id),)


def _book_payments(work: Work, order: Order) -> None:
    """Book what was paid before the invoice was canceled. Square retains the payments, not lines or total."""
    record = sale_in(work.session, order.id)
    if record is None or order.total is None or record.currency != order.total.currency or not order.tenders:
        return
    sale = sale_of(order, [], Bought(None), of_invoice=True, total=Money(record.total, record.currency))
    uids = select(Course.square_line_uid).where(Course.square_order_id == order.id).distinct()
    receive_money(work, sale, sorted(each for each in work.session.scalars(uids) if each is not None))


def _ended(invoice_id: str, reason: str, paid: int = 0) -> Effect:
    """Return the end of the desk's sale that the invoice belongs to."""
    begun_as = select(Checkout).where(Checkout.square_object_id == invoice_id).with_for_update()

    def end(work: Work) -> str:
        row = work.session.scalar(begun_as)
        if row is None:
            return "The sale was not begun here."
        row.came = max(row.came, paid)
        if paid and not courses_of_checkout_in(work.session, row):
            _ask(work, row, Money(paid, row.currency))
        if row.ended_at is None:
            row.state, row.ended_at, row.asked_for = row.ends_as, work.now, ""
            row.problem = row.problem or ("" if row.cancel_asked_at else reason)
        if row.square_order_id is not None:
            end_collection(work, row.square_order_id)
        return reason

    return end


def _ask(work: Work, row: Checkout, paid: Money) -> None:
    clinic = clinic_in(work.session)
    amount = money_text(paid, clinic)
    open_item(
        work,
        kind="canceled_invoice",
        dedupe=f"canceled_invoice:{row.id}",
        summary=_(
            "{amount} was paid for an invoice that was canceled in Square. No course was opened.",
            amount=amount,
        ),
        details={"proposal": _("Refund it in Square, or sell the package again.")},
        square_order_id=row.square_order_id,
    )
