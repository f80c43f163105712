"""What an event from Square means for the ledger: fetched again first, then written in one transaction.

No transaction is open while Square is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.queues.inbox import Claimed, finish_in
from plugin.courses.selling.book import booked_lines_in
from plugin.courses.selling.lookalikes import offers_in
from plugin.courses.selling.packages import known_variations_in
from plugin.errors import NotYet, SquareFailed
from plugin.house import House
from plugin.square.bookings import SWEPT_BOOKING, see_booking, see_swept_booking
from plugin.square.buyers import buyer_of
from plugin.square.catalog_changes import SWEPT_ITEM, see_catalog
from plugin.square.checkout.canceled import canceled_order
from plugin.square.checkout.invoiced import has_courses, is_cut_to_paid, is_of_invoice
from plugin.square.checkout.watch import see_invoice, see_terminal_checkout
from plugin.square.client import SquareNotFound
from plugin.square.connection.revoked import see_revocation
from plugin.square.customer_news import SWEPT_CUSTOMER, SWEPT_MERGE, see_customer, see_swept_merge
from plugin.square.disputes import SWEPT_DISPUTE, see_dispute
from plugin.square.fields import Json, square_id, text
from plugin.square.found import Found, write_in
from plugin.square.messages import data_of, told_object
from plugin.square.objects import Order, Payment, PaymentRefund, order_of, payment_of, refund_of
from plugin.square.refunds import (
    GivenBack,
    exchanged,
    given_back,
    gives_money_back,
    is_refund_booked,
    refunds_on,
)
from plugin.square.sale_records import sales_recorded
from plugin.square.sales import is_paid, is_part_paid, package_lines, sale_of
from plugin.square.taken_up import SWEPT_INVOICE, SWEPT_ORDER, SWEPT_REFUND
from plugin.square.unlinked_sales import asked_about, lines_like_packages, noted


def _no_step(_name: str) -> None:
    """Let the work go on."""


def handle(house: House, claimed: Claimed, at_step: Callable[[str], None] = _no_step) -> str:
    """Work off one message and mark it done or ignored; return what became of it, in words.

    Raises NotYet and SquareFailed with nothing written.
    """
    found = _observed(house, claimed)
    at_step("fetched")

    def work(session: Session) -> str:
        act = Act(SQUARE, house.clock(), f"inbox:{claimed.id}")
        outcome = write_in(session, house.store, act, found)
        at_step("written")
        state = "done" if found.has_news else "ignored"
        finish_in(session, claimed.id, state=state, outcome=outcome, now=act.now)
        at_step("finished")
        return outcome

    return house.store.transact(work)


def _observed(house: House, claimed: Claimed) -> Found:
    """Ask Square what the message is about; where it fails half-way, what it answered is kept for the next try."""
    asking = house.kept_answers.asking(claimed.id, house.square, house.clock())
    try:
        found = observe(replace(house, square=asking), claimed)
    except SquareFailed:
        raise
    except BaseException:
        # What Square does not show so far must be asked for again.
        house.kept_answers.forget(claimed.id)
        raise
    house.kept_answers.forget(claimed.id)
    return found


def event_types() -> tuple[str, ...]:
    """Return the events of Square's that are of use, for its webhook subscription."""
    return tuple(name for name in _LOOKS if not name.startswith("sweep."))


def observe(house: House, claimed: Claimed) -> Found:
    """Ask Square what the message is about; writes nothing."""
    look = _LOOKS.get(claimed.event_type)
    if look is None:
        return Found(says=_IGNORED.get(claimed.event_type, "Coursekeeper does not use events of this type."))
    return look(house, _data(claimed))


def _data(claimed: Claimed) -> Json:
    data = data_of(claimed.body)
    if data is None:
        raise SquareFailed("The message is no event of Square's.", permanent=True, code="square_no_event")
    return data


def _see_payment(house: House, data: Json) -> Found:
    payment = _payment_told(house, data)
    if _is_elsewhere(house, payment.location_id):
        return _elsewhere()
    if payment.status != "COMPLETED":
        return Found(says=f"The payment is {payment.status or 'not complete'}; only a completed one counts.")
    if payment.order_id is None:
        return Found(says="A payment without an order sells no package.")
    return _see_order(house, payment.order_id, payment=payment)


def _payment_told(house: House, data: Json) -> Payment:
    payment_id = square_id(data.get("id"), "payment id")
    try:
        return payment_of(house.square.payment(payment_id))
    except SquareNotFound:
        # The event was signed, so what it carries is Square's word as well.
        told = told_object(data, "payment")
        if told is None:
            raise
        return payment_of(told)


def _see_order_event(house: House, data: Json) -> Found:
    told = told_object(data, "order_updated") or told_object(data, "order_created") or {}
    order_id = square_id(told.get("order_id") or data.get("id"), "order id")
    return _see_order(house, order_id, state_told=text(told.get("state")))


def _see_swept_order(house: House, data: Json) -> Found:
    return _see_order(house, square_id(data.get("id"), "order id"))


def _see_order(
    house: House,
    order_id: str,
    *,
    payment: Payment | None = None,
    refund: PaymentRefund | None = None,
    state_told: str = "",
) -> Found:
    order = _fetched(house, order_id)
    if state_told == "COMPLETED" and order.state == "OPEN":
        # Of a sale that cost nothing no other event comes.
        raise NotYet("Square does not show this order as completed so far.")
    if _is_elsewhere(house, order.location_id):
        return _elsewhere()
    if not order.lines and not order.returns:
        raise NotYet("Square shows this order without its lines so far.")
    found = _sold_in(house, order, payment) if order.lines else Found()
    if order.returns:
        return found + _returned_in(house, order, refund)
    if refund is not None:
        # Older refunds name the sale itself: there is no return order to read the lines from.
        return found + _given_back_of(house, given_back(house, refund, None))
    return found


def _fetched(house: House, order_id: str) -> Order:
    try:
        return order_of(house.square.order(order_id))
    except SquareNotFound:
        raise NotYet("Square does not show this order so far.") from None


def _sold_in(house: House, order: Order, payment: Payment | None) -> Found:
    with house.store.reading() as session:
        booked = booked_lines_in(session, order.id)
        lines = package_lines(order.lines, known_variations_in(session), booked=booked)
        alike = lines_like_packages(order.lines, lines, offers_in(session))
    # An order that had sold a package and shows none any more was edited since: a person looks at it.
    if not lines and not booked and not alike:
        return Found(says="No package is in it.")
    if not lines and is_cut_to_paid(house, order, payment):
        return Found(deeds=(canceled_order(order),))
    of_invoice = is_of_invoice(house, order, payment)
    if not is_paid(order) and not (of_invoice and is_part_paid(order)):
        return _unpaid(order, payment)
    bought = buyer_of(house, order, payment)
    asked = asked_about(order, alike, bought, of_invoice=of_invoice)
    if not lines and not booked:
        return asked
    sale = sale_of(order, lines, bought, of_invoice=of_invoice)
    return asked + Found(sales=(sale,), records=sales_recorded(order.answer))


def _unpaid(order: Order, payment: Payment | None) -> Found:
    if order.state == "OPEN" and payment is not None:
        shown = {tender.payment_id for tender in order.tenders}
        if payment.id not in shown:
            raise NotYet("Square does not show this payment on its order so far.")
    return Found(
        says=f"The order is {order.state or 'not complete'} and not paid in full; its next event is awaited."
    )


def _returned_in(house: House, order: Order, known: PaymentRefund | None) -> Found:
    refunds = {one.id: one for one in refunds_on(house, order)}
    if known is not None:
        refunds[known.id] = known
    if refunds or order.refund_ids:
        backs = [given_back(house, one, order) for one in refunds.values()]
    elif gives_money_back(order):
        return _refunded_elsewhere(house, order)
    else:
        backs = list(exchanged(order))
    found = Found()
    for back in backs:
        found += _given_back_of(house, back)
    return found


def _refunded_elsewhere(house: House, order: Order) -> Found:
    """Say what a return means that does not name its refund: the refund names the return, and is booked by itself."""
    if is_refund_booked(house, order.id):
        return Found(says="Its refund is booked.")
    sources = {one.source_order_id for one in order.returns if one.source_order_id is not None}
    if not any(_sells_packages(house, source) for source in sources):
        return Found(says="No package is in it.")
    raise NotYet("The refund of this return does not show in Square yet.")


def _sells_packages(house: House, order_id: str) -> bool:
    if has_courses(house, order_id):
        return True
    with house.store.reading() as session:
        known = known_variations_in(session)
    return bool(package_lines(_fetched(house, order_id).lines, known))


def _see_refund(house: House, data: Json) -> Found:
    refund = _refund_told(house, data)
    if _is_elsewhere(house, refund.location_id):
        return _elsewhere()
    if refund.order_id is None and refund.status == "PENDING":
        return Found(says="The refund is only begun; its next event is awaited.")
    if refund.order_id is None:
        return _given_back_of(house, given_back(house, refund, None))
    return _see_order(house, refund.order_id, refund=refund)


def _refund_told(house: House, data: Json) -> PaymentRefund:
    refund_id = square_id(data.get("id"), "refund id")
    try:
        return refund_of(house.square.refund(refund_id))
    except SquareNotFound:
        told = told_object(data, "refund")
        if told is None:
            raise
        return refund_of(told)


def _given_back_of(house: House, back: GivenBack | None) -> Found:
    if back is None:
        return Found(says="The refund belongs to no sale.")
    source = _fetched(house, back.source_order_id)
    if not source.lines:
        raise NotYet("Square shows the refunded order without its lines so far.")
    sold = _sold_in(house, source, None)
    # Of an invoice canceled in Square no line is left, yet its courses are here.
    is_ours = bool(sold.sales) or has_courses(house, source.id)
    if is_ours:
        return replace(sold, refunds=(back.of(source),), says="")
    # Noted after what is asked about the sale, and looked at again once that is answered.
    return sold + Found(deeds=(noted(back.of(source)),)) if sold.deeds else sold


def _is_elsewhere(house: House, location_id: str | None) -> bool:
    ours = house.settings.square_location_id
    return bool(ours) and location_id is not None and location_id != ours


def _elsewhere() -> Found:
    return Found(says="It belongs to another location than SQUARE_LOCATION_ID.")


_LOOKS: dict[str, Callable[[House, Json], Found]] = {
    "payment.created": _see_payment,
    "payment.updated": _see_payment,
    "order.created": _see_order_event,
    "order.updated": _see_order_event,
    "refund.created": _see_refund,
    "refund.updated": _see_refund,
    "customer.created": see_customer,
    "customer.updated": see_customer,
    "customer.deleted": see_customer,
    SWEPT_CUSTOMER: see_customer,
    SWEPT_MERGE: see_swept_merge,
    "catalog.version.updated": see_catalog,
    SWEPT_ITEM: see_catalog,
    "oauth.authorization.revoked": see_revocation,
    "booking.created": see_booking,
    "booking.updated": see_booking,
    "dispute.created": see_dispute,
    "dispute.state.updated": see_dispute,
    SWEPT_BOOKING: see_swept_booking,
    SWEPT_DISPUTE: see_dispute,
    SWEPT_ORDER: _see_swept_order,
    SWEPT_REFUND: _see_refund,
    "terminal.checkout.updated": see_terminal_checkout,
    "invoice.payment_made": see_invoice,
    "invoice.updated": see_invoice,
    "invoice.refunded": see_invoice,
    "invoice.canceled": see_invoice,
    "invoice.deleted": see_invoice,
    SWEPT_INVOICE: see_invoice,
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
