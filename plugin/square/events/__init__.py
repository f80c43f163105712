"""Handling of Square's events: the object is fetched again, then its effects are written in one transaction.

One handler module for each subject. No transaction is open during a call to Square.
"""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.inbox import InboxEvent, complete_in
from plugin.courses.base.work import Work
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square import inbox
from plugin.square.events.bookings import handle_booking_updated, handle_synced_booking
from plugin.square.events.catalog import handle_catalog_version_updated
from plugin.square.events.connection import handle_authorization_revoked
from plugin.square.events.customers import handle_customer_updated, handle_synced_merge
from plugin.square.events.effects import Effects, write_effects
from plugin.square.events.invoices import handle_invoice_updated
from plugin.square.events.orders import (
    handle_dispute_state_updated,
    handle_order_updated,
    handle_payment_updated,
    handle_refund_updated,
    handle_synced_order,
)
from plugin.square.events.terminals import handle_terminal_checkout_updated
from plugin.square.inbox import settle_asked_in
from plugin.square.parsing import Json
from plugin.wording import _


def _no_step(_name: str) -> None:
    """Do nothing."""


def handle(services: Services, event: InboxEvent, at_step: Callable[[str], None] = _no_step) -> str:
    """Handle one event and mark it done or ignored; return a description of the outcome.

    `at_step` is called after each step, for tests that fail there. Raises NotYet and SquareFailed with nothing
    written.
    """
    found = _fetched(services, event)
    at_step("fetched")

    def work(session: Session) -> str:
        act = Act(SQUARE, services.clock(), f"inbox:{event.id}")
        outcome = write_effects(Work(session, services.store, act), found)
        at_step("written")
        state = "done" if found.effects else "ignored"
        settle_asked_in(session, act, event)
        complete_in(session, event.id, state=state, outcome=outcome, now=act.now)
        at_step("finished")
        return outcome

    return services.store.transact(work)


def _fetched(services: Services, event: InboxEvent) -> Effects:
    """Fetch what the event is about; where that fails half-way, cache the answers so far for the next try."""
    asking = services.response_cache.asking(event.id, services.square, services.clock())
    try:
        found = effects_of(replace(services, square=asking), event)
    except SquareFailed:
        raise
    except BaseException:
        # What Square does not show yet must be fetched again.
        services.response_cache.forget(event.id)
        raise
    services.response_cache.forget(event.id)
    return found


def event_types() -> tuple[str, ...]:
    """Return the types of Square's events that have a handler, for the webhook subscription."""
    return tuple(name for name in HANDLERS if not name.startswith("sweep."))


def effects_of(services: Services, event: InboxEvent) -> Effects:
    """Fetch what the event is about; writes nothing."""
    handler = HANDLERS.get(event.event_type)
    if handler is None:
        return Effects(says=_IGNORED.get(event.event_type, "Coursekeeper does not use events of this type."))
    data = inbox.data_of(event.body)
    if data is None:
        raise SquareFailed(_("The message is not a Square event."), permanent=True, code="square_no_event")
    return handler(services, data)


HANDLERS: dict[str, Callable[[Services, Json], Effects]] = {
    "payment.created": handle_payment_updated,
    "payment.updated": handle_payment_updated,
    "order.created": handle_order_updated,
    "order.updated": handle_order_updated,
    inbox.SWEPT_ORDER: handle_synced_order,
    "refund.created": handle_refund_updated,
    "refund.updated": handle_refund_updated,
    inbox.SWEPT_REFUND: handle_refund_updated,
    "customer.created": handle_customer_updated,
    "customer.updated": handle_customer_updated,
    "customer.deleted": handle_customer_updated,
    inbox.SWEPT_CUSTOMER: handle_customer_updated,
    inbox.SWEPT_MERGE: handle_synced_merge,
    "catalog.version.updated": handle_catalog_version_updated,
    inbox.SWEPT_ITEM: handle_catalog_version_updated,
    "booking.created": handle_booking_updated,
    "booking.updated": handle_booking_updated,
    inbox.SWEPT_BOOKING: handle_synced_booking,
    "dispute.created": handle_dispute_state_updated,
    "dispute.state.updated": handle_dispute_state_updated,
    inbox.SWEPT_DISPUTE: handle_dispute_state_updated,
    "terminal.checkout.updated": handle_terminal_checkout_updated,
    "invoice.payment_made": handle_invoice_updated,
    "invoice.updated": handle_invoice_updated,
    "invoice.refunded": handle_invoice_updated,
    "invoice.canceled": handle_invoice_updated,
    "invoice.deleted": handle_invoice_updated,
    inbox.SWEPT_INVOICE: handle_invoice_updated,
    "oauth.authorization.revoked": handle_authorization_revoked,
}
_EVIDENCE = "Evidence for a dispute is gathered in Square; only the dispute’s state counts here."
_NOT_PAID = "Nothing was paid; waiting for the invoice’s next event."
_IGNORED = {
    "invoice.created": _NOT_PAID,
    "invoice.published": _NOT_PAID,
    "invoice.scheduled_charge_failed": _NOT_PAID,
    "terminal.checkout.created": "A Terminal was asked for a payment; waiting for its answer.",
    "dispute.evidence.created": _EVIDENCE,
    "dispute.evidence.deleted": _EVIDENCE,
    "dispute.state.changed": "An older name of dispute.state.updated, which says the same.",
}
