"""Sync of invoices and of the list of Terminals."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.services import Services
from plugin.square.checkout.terminal import refresh_terminals
from plugin.square.events.invoices import ENDED_STATUSES, PAID_STATUSES, paid_of
from plugin.square.inbox import SWEPT_INVOICE, receive_synthetic
from plugin.square.locations import watched_locations
from plugin.square.parsing import Json, optional_moment, readable, text
from plugin.square.sync.pages import SyncPage
from plugin.store.tables import Checkout, Course


def sync_invoices(services: Services, since: datetime) -> Iterator[SyncPage]:
    for location_id in watched_locations(services):
        for page in services.square.invoices(location_id):
            news = readable(lambda invoice: _news(services, invoice, since), page, "invoice")
            yield SyncPage(len(page), [one for one in news if one is not None])


def sync_terminals(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Update the list of Terminals; no event reports it."""
    refresh_terminals(services)
    yield SyncPage(0, [])


def _news(services: Services, invoice: Json, since: datetime) -> Json | None:
    invoice_id, status = text(invoice.get("id")), text(invoice.get("status"))
    updated_at = optional_moment(invoice.get("updated_at"), "invoice updated_at")
    if not invoice_id or updated_at is None or updated_at < since:
        return None
    if not _lacks(services, invoice_id, status, invoice):
        return None
    state = f"{text(invoice.get('updated_at'))[:40]}:{status}"
    if not receive_synthetic(services, SWEPT_INVOICE, invoice_id, state):
        return None
    return {"kind": "invoice", "id": invoice_id, "what": f"An invoice, {status}"}


def _lacks(services: Services, invoice_id: str, status: str, invoice: Json) -> bool:
    """Return whether the invoice's end, or a payment of it, is not known here."""
    with services.store.reading() as session:
        row = session.scalar(select(Checkout).where(Checkout.square_object_id == invoice_id))
        if status in ENDED_STATUSES:
            return (row is not None and row.ended_at is None) or _has_open_balance(session, invoice)
        is_paid = status in PAID_STATUSES
        return is_paid and row is not None and row.state != "paid" and row.came < paid_of(invoice)


def _has_open_balance(session: Session, invoice: Json) -> bool:
    """Return whether a course still expects the rest of an invoice."""
    expects_it = select(Course.id).where(
        Course.square_order_id == text(invoice.get("order_id")),
        Course.closed_as.is_(None),
        Course.due_ended_at.is_(None),
    )
    return session.scalar(expects_it.limit(1)) is not None
