"""What an event from Square means for the ledger: fetched again first, then written in one transaction.

No transaction is open while Square is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.inbox import InboxEvent, complete_in
from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import known_variations_in
from plugin.courses.sales.book import booked_lines_in
from plugin.courses.sales.lookalikes import offers_in
from plugin.errors import NotYet, SquareFailed
from plugin.services import Services
from plugin.square.bookings import SWEPT_BOOKING, handle_booking, handle_synced_booking
from plugin.square.buyers import buyer_of
from plugin.square.catalog_changes import SWEPT_ITEM, handle_catalog
from plugin.square.checkout.canceled import canceled_order
from plugin.square.checkout.events import handle_invoice, handle_terminal_checkout
from plugin.square.checkout.invoiced import has_courses, is_cut_to_paid, is_of_invoice
from plugin.square.client import SquareNotFound
from plugin.square.connection.revoked import handle_revocation
from plugin.square.customer_events import (
    SWEPT_CUSTOMER,
    SWEPT_MERGE,
    handle_customer,
    see_swept_merge,
)
from plugin.square.disputes import SWEPT_DISPUTE, handle_dispute
from plugin.square.effects import Effects, write_effects
from plugin.square.event_body import data_of, object_in
from plugin.square.models import Order, Payment, PaymentRefund
from plugin.square.parsing import Json, square_id, text
from plugin.square.refunds import (
    GivenBack,
    exchanged,
    given_back,
    gives_money_back,
    is_refund_booked,
    refunds_on,
)
from plugin.square.sale_record import sales_recorded
from plugin.square.sales import is_paid, is_part_paid, package_lines, sale_of
from plugin.square.synthetic_events import SWEPT_INVOICE, SWEPT_ORDER, SWEPT_REFUND
from plugin.square.unlinked_sales import asked_about, lines_like_packages, noted


def _no_step(_name: str) -> None:
    """Let the work go on."""


def handle(services: Services, claimed: InboxEvent, at_step: Callable[[str], None] = _no_step) -> str:
    """Work off one message and mark it done or ignored; return what became of it, in words.

    Raises NotYet and SquareFailed with nothing written.
    """
    found = _observed(services, claimed)
    at_step("fetched")

    def work(session: Session) -> str:
        act = Act(SQUARE, services.clock(), f"inbox:{claimed.id}")
        outcome = write_effects(Work(session, services.store, act), found)
        at_step("written")
        state = "done" if found.has_news else "ignored"
        complete_in(session, claimed.id, state=state, outcome=outcome, now=act.now)
        at_step("finished")
        return outcome

    return services.store.transact(work)


def _observed(services: Services, claimed: InboxEvent) -> Effects:
    """Ask Square what the message is about; where it fails half-way, what it answered is kept for the next try."""
    asking = services.response_cache.asking(claimed.id, services.square, services.clock())
    try:
        found = effects_of(replace(services, square=asking), claimed)
    except SquareFailed:
        raise
    except BaseException:
        # What Square does not show so far must be asked for again.
        services.response_cache.forget(claimed.id)
        raise
    services.response_cache.forget(claimed.id)
    return found


def event_types() -> tuple[str, ...]:
    """Return the events of Square's that are of use, for its webhook subscription."""
    return tuple(name for name in HANDLERS if not name.startswith("sweep."))


def effects_of(services: Services, claimed: InboxEvent) -> Effects:
    """Ask Square what the message is about; writes nothing."""
    look = HANDLERS.get(claimed.event_type)
    if look is None:
        return Effects(
            says=_IGNORED.get(claimed.event_type, "Coursekeeper does not use events of this type.")
        )
    return look(services, _data(claimed))


def _data(claimed: InboxEvent) -> Json:
    data = data_of(claimed.body)
    if data is None:
        raise SquareFailed("The message is no event of Square's.", permanent=True, code="square_no_event")
    return data


def _see_payment(services: Services, data: Json) -> Effects:
    payment = _payment_told(services, data)
    if _is_elsewhere(services, payment.location_id):
        return _elsewhere()
    if payment.status != "COMPLETED":
        return Effects(
            says=f"The payment is {payment.status or 'not complete'}; only a completed one counts."
        )
    if payment.order_id is None:
        return Effects(says="A payment without an order sells no package.")
    return _see_order(services, payment.order_id, payment=payment)


def _payment_told(services: Services, data: Json) -> Payment:
    payment_id = square_id(data.get("id"), "payment id")
    try:
        return Payment.read(services.square.payment(payment_id))
    except SquareNotFound:
        # The event was signed, so what it carries is Square's word as well.
        told = object_in(data, "payment")
        if told is None:
            raise
        return Payment.read(told)


def _see_order_event(services: Services, data: Json) -> Effects:
    told = object_in(data, "order_updated") or object_in(data, "order_created") or {}
    order_id = square_id(told.get("order_id") or data.get("id"), "order id")
    return _see_order(services, order_id, state_told=text(told.get("state")))


def _see_swept_order(services: Services, data: Json) -> Effects:
    return _see_order(services, square_id(data.get("id"), "order id"))


def _see_order(
    services: Services,
    order_id: str,
    *,
    payment: Payment | None = None,
    refund: PaymentRefund | None = None,
    state_told: str = "",
) -> Effects:
    order = _fetched(services, order_id)
    if state_told == "COMPLETED" and order.state == "OPEN":
        # Of a sale that cost nothing no other event comes.
        raise NotYet("Square does not show this order as completed so far.")
    if _is_elsewhere(services, order.location_id):
        return _elsewhere()
    if not order.lines and not order.returns:
        raise NotYet("Square shows this order without its lines so far.")
    found = _sold_in(services, order, payment) if order.lines else Effects()
    if order.returns:
        return found + _returned_in(services, order, refund)
    if refund is not None:
        # Older refunds name the sale itself: there is no return order to read the lines from.
        return found + _given_back_of(services, given_back(services, refund, None))
    return found


def _fetched(services: Services, order_id: str) -> Order:
    try:
        return Order.read(services.square.order(order_id))
    except SquareNotFound:
        raise NotYet("Square does not show this order so far.") from None


def _sold_in(services: Services, order: Order, payment: Payment | None) -> Effects:
    with services.store.reading() as session:
        booked = booked_lines_in(session, order.id)
        lines = package_lines(order.lines, known_variations_in(session), booked=booked)
        alike = lines_like_packages(order.lines, lines, offers_in(session))
    # An order that had sold a package and shows none any more was edited since: a person looks at it.
    if not lines and not booked and not alike:
        return Effects(says="No package is in it.")
    if not lines and is_cut_to_paid(services, order, payment):
        return Effects(effects=(canceled_order(order),))
    of_invoice = is_of_invoice(services, order, payment)
    if not is_paid(order) and not (of_invoice and is_part_paid(order)):
        return _unpaid(order, payment)
    bought = buyer_of(services, order, payment)
    asked = asked_about(order, alike, bought, of_invoice=of_invoice)
    if not lines and not booked:
        return asked
    sale = sale_of(order, lines, bought, of_invoice=of_invoice)
    return asked + Effects(sales=(sale,), records=sales_recorded(order))


def _unpaid(order: Order, payment: Payment | None) -> Effects:
    if order.state == "OPEN" and payment is not None:
        shown = {tender.payment_id for tender in order.tenders}
        if payment.id not in shown:
            raise NotYet("Square does not show this payment on its order so far.")
    return Effects(
        says=f"The order is {order.state or 'not complete'} and not paid in full; its next event is awaited."
    )


def _returned_in(services: Services, order: Order, known: PaymentRefund | None) -> Effects:
    refunds = {one.id: one for one in refunds_on(services, order)}
    if known is not None:
        refunds[known.id] = known
    if refunds or order.refund_ids:
        backs = [given_back(services, one, order) for one in refunds.values()]
    elif gives_money_back(order):
        return _refunded_elsewhere(services, order)
    else:
        backs = list(exchanged(order))
    found = Effects()
    for back in backs:
        found += _given_back_of(services, back)
    return found


def _refunded_elsewhere(services: Services, order: Order) -> Effects:
    """Say what a return means that does not name its refund: the refund names the return, and is booked by itself."""
    if is_refund_booked(services, order.id):
        return Effects(says="Its refund is booked.")
    sources = {one.source_order_id for one in order.returns if one.source_order_id is not None}
    if not any(_sells_packages(services, source) for source in sources):
        return Effects(says="No package is in it.")
    raise NotYet("The refund of this return does not show in Square yet.")


def _sells_packages(services: Services, order_id: str) -> bool:
    if has_courses(services, order_id):
        return True
    with services.store.reading() as session:
        known = known_variations_in(session)
    return bool(package_lines(_fetched(services, order_id).lines, known))


def _see_refund(services: Services, data: Json) -> Effects:
    refund = _refund_told(services, data)
    if _is_elsewhere(services, refund.location_id):
        return _elsewhere()
    if refund.order_id is None and refund.status == "PENDING":
        return Effects(says="The refund is only begun; its next event is awaited.")
    if refund.order_id is None:
        return _given_back_of(services, given_back(services, refund, None))
    return _see_order(services, refund.order_id, refund=refund)


def _refund_told(services: Services, data: Json) -> PaymentRefund:
    refund_id = square_id(data.get("id"), "refund id")
    try:
        return PaymentRefund.read(services.square.refund(refund_id))
    except SquareNotFound:
        told = object_in(data, "refund")
        if told is None:
            raise
        return PaymentRefund.read(told)


def _given_back_of(services: Services, back: GivenBack | None) -> Effects:
    if back is None:
        return Effects(says="The refund belongs to no sale.")
    source = _fetched(services, back.source_order_id)
    if not source.lines:
        raise NotYet("Square shows the refunded order without its lines so far.")
    sold = _sold_in(services, source, None)
    # Of an invoice canceled in Square no line is left, yet its courses are here.
    is_ours = bool(sold.sales) or has_courses(services, source.id)
    if is_ours:
        return replace(sold, refunds=(back.of(source),), says="")
    # Noted after what is asked about the sale, and looked at again once that is answered.
    return sold + Effects(effects=(noted(back.of(source)),)) if sold.effects else sold


def _is_elsewhere(services: Services, location_id: str | None) -> bool:
    ours = services.settings.square_location_id
    return bool(ours) and location_id is not None and location_id != ours


def _elsewhere() -> Effects:
    return Effects(says="It belongs to another location than SQUARE_LOCATION_ID.")


HANDLERS: dict[str, Callable[[Services, Json], Effects]] = {
    "payment.created": _see_payment,
    "payment.updated": _see_payment,
    "order.created": _see_order_event,
    "order.updated": _see_order_event,
    "refund.created": _see_refund,
    "refund.updated": _see_refund,
    "customer.created": handle_customer,
    "customer.updated": handle_customer,
    "customer.deleted": handle_customer,
    SWEPT_CUSTOMER: handle_customer,
    SWEPT_MERGE: see_swept_merge,
    "catalog.version.updated": handle_catalog,
    SWEPT_ITEM: handle_catalog,
    "oauth.authorization.revoked": handle_revocation,
    "booking.created": handle_booking,
    "booking.updated": handle_booking,
    "dispute.created": handle_dispute,
    "dispute.state.updated": handle_dispute,
    SWEPT_BOOKING: handle_synced_booking,
    SWEPT_DISPUTE: handle_dispute,
    SWEPT_ORDER: _see_swept_order,
    SWEPT_REFUND: _see_refund,
    "terminal.checkout.updated": handle_terminal_checkout,
    "invoice.payment_made": handle_invoice,
    "invoice.updated": handle_invoice,
    "invoice.refunded": handle_invoice,
    "invoice.canceled": handle_invoice,
    "invoice.deleted": handle_invoice,
    SWEPT_INVOICE: handle_invoice,
}
_EVIDENCE = "Evidence for a dispute is gathered in Square; only the dispute's state counts here."
_NOT_PAID = "Nothing was paid by that; the invoice's next event is awaited."
_IGNORED = {
    "invoice.created": _NOT_PAID,
    "invoice.published": _NOT_PAID,
    "invoice.scheduled_charge_failed": _NOT_PAID,
    "terminal.checkout.created": "A Terminal was asked to take a payment; its answer is awaited.",
    "dispute.evidence.created": _EVIDENCE,
    "dispute.evidence.deleted": _EVIDENCE,
    "dispute.state.changed": "An older name of dispute.state.updated, which tells the same.",
}
