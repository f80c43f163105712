"""What Square tells of Terminals and invoices. A payment is booked from its order alone, like every other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.attention import open_item
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.sales.checkout_views import courses_of_checkout_in
from plugin.courses.sales.checkouts import hasten
from plugin.services import Services
from plugin.square.checkout.canceled import canceled_effects
from plugin.square.checkout.devices import refresh_terminals
from plugin.square.client import SquareNotFound
from plugin.square.effects import Effect, Effects
from plugin.square.locations import watched_locations
from plugin.square.models import Order
from plugin.square.parsing import Json, optional_moment, readable, records, square_id, text
from plugin.square.synthetic_events import SWEPT_INVOICE, Looked, receive_order, receive_synthetic
from plugin.store.ledger import Course
from plugin.store.selling import Checkout

_MONEY_ON_IT = ("PARTIALLY_PAID", "PAID", "PARTIALLY_REFUNDED", "REFUNDED")
_GONE = ("CANCELED", "FAILED")


def handle_terminal_checkout(services: Services, data: Json) -> Effects:
    """Have the sale looked at that a Terminal was asked for; its errand knows what an answer means."""
    object_id = square_id(data.get("id"), "Terminal checkout id")
    if _begun_as(services, object_id) is None:
        return Effects(says="That Terminal was not asked by Coursekeeper; a payment tells of itself.")
    return Effects(effects=(_hasten(object_id),))


def handle_invoice(services: Services, data: Json) -> Effects:
    """Have the money that came for an invoice booked, and heed one that was canceled in Square."""
    invoice_id = square_id(data.get("id"), "invoice id")
    try:
        invoice = services.square.invoice(invoice_id)
    except SquareNotFound:
        return Effects(effects=(_gone(invoice_id, "The invoice was deleted in Square."),))
    status = text(invoice.get("status"))
    if status in _GONE:
        gone = _gone(invoice_id, "The invoice was canceled in Square.", _completed(invoice))
        return Effects(effects=(*canceled_effects(services, invoice), gone))
    if status not in _MONEY_ON_IT:
        return Effects(says=f"The invoice is {status or 'not published'}; nothing was paid so far.")
    order = Order.read(services.square.order(square_id(invoice.get("order_id"), "order id")))
    receive_order(services, order.id, order.updated_at)
    return Effects(says="Money has come for the invoice; its order is looked at.")


def sync_invoices(services: Services, since: datetime) -> Iterator[Looked]:
    """Look through the invoices for those that were changed since then and that we do not know so."""
    for location_id in watched_locations(services):
        for page in services.square.invoices(location_id):
            news = readable(lambda invoice: _news(services, invoice, since), page, "invoice")
            yield Looked(len(page), [one for one in news if one is not None])


def sync_terminals(services: Services, _since: datetime) -> Iterator[Looked]:
    """Bring the list of Terminals up to date; that is nothing an event could have told."""
    refresh_terminals(services)
    yield Looked(0, [])


def _news(services: Services, invoice: Json, since: datetime) -> Json | None:
    invoice_id, status = text(invoice.get("id")), text(invoice.get("status"))
    updated_at = optional_moment(invoice.get("updated_at"), "invoice updated_at")
    if not invoice_id or status not in (*_MONEY_ON_IT, *_GONE) or updated_at is None or updated_at < since:
        return None
    if not _lacks(services, invoice_id, status, invoice):
        return None
    if not receive_synthetic(
        services, SWEPT_INVOICE, invoice_id, f"{text(invoice.get('updated_at'))[:40]}:{status}"
    ):
        return None
    return {"kind": "invoice", "id": invoice_id, "what": f"An invoice, {status}"}


def _lacks(services: Services, invoice_id: str, status: str, invoice: Json) -> bool:
    row = _begun_as(services, invoice_id)
    if status in _GONE:
        return (row is not None and row.ended_at is None) or _collects(services, invoice)
    return row is not None and row.state != "paid" and row.came < _completed(invoice)


def _collects(services: Services, invoice: Json) -> bool:
    """Say whether a course still counts on the rest of an invoice."""
    counts_on_it = select(Course.id).where(
        Course.square_order_id == text(invoice.get("order_id")),
        Course.closed_as.is_(None),
        Course.due_ended_at.is_(None),
    )
    with services.store.reading() as session:
        return session.scalar(counts_on_it.limit(1)) is not None


def _completed(invoice: Json) -> int:
    sums = [
        one.get("total_completed_amount_money")
        for one in records(invoice.get("payment_requests"), "requests")
    ]
    return sum(one["amount"] for one in sums if isinstance(one, dict) and isinstance(one.get("amount"), int))


def _begun_as(services: Services, object_id: str) -> Checkout | None:
    with services.store.reading() as session:
        row = session.scalar(select(Checkout).where(Checkout.square_object_id == object_id))
        if row is not None:
            session.expunge(row)
    return row


def _hasten(object_id: str) -> Effect:
    def do(work: Work) -> str:
        row = _row_in(work.session, object_id)
        if row is None or row.ended_at is not None:
            return "That sale has ended."
        hasten(work, row.id)
        return "The sale it belongs to is looked at."

    return do


def _gone(invoice_id: str, said: str, came: int = 0) -> Effect:
    def do(work: Work) -> str:
        row = _row_in(work.session, invoice_id)
        if row is None:
            return "The sale was not begun here."
        row.came = max(row.came, came)
        if came and not courses_of_checkout_in(work.session, row):
            _ask(work, row, Money(came, row.currency))
        if row.ended_at is None:
            row.state, row.ended_at, row.asked_for = row.ends_as, work.now, ""
            row.problem = row.problem or ("" if row.cancel_asked_at else said)
        if row.square_order_id is not None:
            end_collection(work, row.square_order_id)
        return said

    return do


def _ask(work: Work, row: Checkout, came: Money) -> None:
    clinic = clinic_in(work.session)
    given = money_text(came, clinic)
    open_item(
        work,
        kind="canceled_invoice",
        dedupe=f"canceled_invoice:{row.id}",
        summary=f"{given} was paid for an invoice that was canceled in Square. No course was opened.",
        details={"proposal": "Refund it in Square, or sell the package again."},
        square_order_id=row.square_order_id,
    )


def _row_in(session: Session, object_id: str) -> Checkout | None:
    return session.scalar(select(Checkout).where(Checkout.square_object_id == object_id).with_for_update())
