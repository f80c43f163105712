"""Handlers of order, payment, refund and dispute events: packages an order sells, lines it returns, its refunds."""

from collections.abc import Iterable, Sequence
from functools import partial

from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import known_variations_in
from plugin.courses.documents.sale_record import SoldSale, save_sale_in
from plugin.courses.refunds.disputes import DisputeRecord, save_dispute
from plugin.courses.sales.book import booked_lines_in
from plugin.courses.sales.sales import Sale
from plugin.courses.sales.tips import is_tip
from plugin.courses.sales.unlinked import SoldItem, ask_about_unlinked, note_refund_in, offers_in
from plugin.errors import NotYet
from plugin.services import Services
from plugin.square.buyers import Bought, buyer_of
from plugin.square.client import SquareNotFound
from plugin.square.events.effects import Effects, refund_effects, sale_effects
from plugin.square.events.invoices import canceled_order, has_courses, is_cut_to_paid, is_of_invoice
from plugin.square.inbox import fetch, object_in
from plugin.square.models import Order, Payment, PaymentRefund
from plugin.square.parsing import Json, moment, money, optional_id, optional_moment, record, square_id, text
from plugin.square.refunds import (
    GivenBack,
    exchanged,
    given_back,
    gives_money_back,
    is_refund_booked,
    order_of_payment,
    refunds_on,
)
from plugin.square.sales import (
    Alike,
    is_paid,
    is_part_paid,
    lines_like_packages,
    package_lines,
    sale_of,
    sales_recorded,
)
from plugin.wording import _

OTHER_LOCATION = Effects(says="It belongs to another location than the one under Settings, Square.")
_NO_PACKAGE = Effects(says="No package in this order.")


def handle_order_updated(services: Services, data: Json) -> Effects:
    carried = object_in(data, "order_updated") or object_in(data, "order_created") or {}
    order_id = square_id(carried.get("order_id") or data.get("id"), "order id")
    return order_effects(services, order_id, expected_state=text(carried.get("state")))


def handle_synced_order(services: Services, data: Json) -> Effects:
    """Return the effects of an order that a sync found."""
    return order_effects(services, square_id(data.get("id"), "order id"))


def order_effects(
    services: Services,
    order_id: str,
    *,
    payment: Payment | None = None,
    refund: PaymentRefund | None = None,
    expected_state: str = "",
) -> Effects:
    """Return the effects of an order; `payment` or `refund` led to it. Raises NotYet where Square lags behind."""
    order = _fetched(services, order_id)
    if expected_state == "COMPLETED" and order.state == "OPEN":
        # A sale that cost nothing has no other event.
        raise NotYet(_("Square does not show this order as completed yet."))
    if is_at_other_location(services, order.location_id):
        return OTHER_LOCATION
    if not order.lines and not order.returns:
        raise NotYet(_("Square shows this order without its lines so far."))
    found = _sold_in(services, order, payment) if order.lines else Effects()
    if order.returns:
        return found + _returned_in(services, order, refund)
    if refund is not None:
        # Older refunds name the sale itself: there is no return order to read the lines from.
        return found + refund_of_sale(services, given_back(services, refund, None))
    return found


def is_at_other_location(services: Services, location_id: str | None) -> bool:
    """Return whether only another location's sales count."""
    ours = services.settings.square_location_id
    return bool(ours) and location_id is not None and location_id != ours


def _fetched(services: Services, order_id: str) -> Order:
    try:
        return Order.read(services.square.order(order_id))
    except SquareNotFound:
        raise NotYet(_("Square does not show this order yet.")) from None


def _sold_in(services: Services, order: Order, payment: Payment | None) -> Effects:
    with services.store.reading() as session:
        known = known_variations_in(session)
        booked: frozenset[str] = frozenset()
        lines = package_lines(order.lines, known)
        alike: list[Alike] = []
        # Most orders sell packages alone: only the others need more than what their items are linked to.
        if len(lines) < len(order.lines):
            booked = booked_lines_in(session, order.id)
            lines = package_lines(order.lines, known, booked=booked)
            alike = lines_like_packages(order.lines, lines, offers_in(session))
    # An order that had sold a package and shows none any more was edited since: a person decides.
    if not lines and not booked and not alike:
        return _NO_PACKAGE
    if not lines and is_cut_to_paid(services, order, payment):
        return Effects((canceled_order(order),))
    of_invoice = is_of_invoice(services, order, payment)
    if not is_paid(order) and not (of_invoice and is_part_paid(order)):
        return _unpaid(order, payment)
    bought = buyer_of(services, order, payment)
    records = sales_recorded(order, payment)
    asked = _asked_about(order, alike, bought, records, of_invoice=of_invoice)
    if not lines and not booked:
        return asked
    return sale_effects(sale_of(order, lines, bought, of_invoice=of_invoice), records) + asked


def _asked_about(
    order: Order, alike: Iterable[Alike], bought: Bought, records: Sequence[SoldSale], *, of_invoice: bool
) -> Effects:
    """Return an attention item for each line that looks like a package; the sale is recorded for its invoice."""

    def ask(sale: Sale, sold: SoldItem, package_id: str, work: Work) -> str:
        for kept in records:
            save_sale_in(work.session, work.act, kept)
        ask_about_unlinked(work, sale, sold, package_id)
        return "It looks like a package that is not linked; it waits under Attention."

    return Effects(
        tuple(
            partial(ask, sale_of(order, [line], bought, of_invoice=of_invoice), sold, package_id)
            for line, sold, package_id in alike
        )
    )


def _unpaid(order: Order, payment: Payment | None) -> Effects:
    if order.state == "OPEN" and payment is not None:
        shown = {tender.payment_id for tender in order.tenders}
        if payment.id not in shown:
            raise NotYet(_("Square does not show this payment on its order yet."))
    return Effects(
        says=f"The order is {order.state or 'not complete'} and not paid in full; waiting for its next event."
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
        found += refund_of_sale(services, back)
    return found


def _refunded_elsewhere(services: Services, order: Order) -> Effects:
    """Return nothing for a return that does not name its refund: the refund names the return, and has its own event."""
    if is_refund_booked(services, order.id):
        return Effects(says="Its refund is booked.")
    sources = {one.source_order_id for one in order.returns if one.source_order_id is not None}
    if not any(_sells_packages(services, source) for source in sources):
        return _NO_PACKAGE
    raise NotYet(_("The refund of this return does not show in Square yet."))


def _sells_packages(services: Services, order_id: str) -> bool:
    if has_courses(services, order_id):
        return True
    with services.store.reading() as session:
        known = known_variations_in(session)
    return bool(package_lines(_fetched(services, order_id).lines, known))


def refund_of_sale(services: Services, back: GivenBack | None) -> Effects:
    """Return a refund, after the sale it belongs to."""
    if back is None:
        return Effects(says="The refund belongs to no sale.")
    source = _fetched(services, back.source_order_id)
    if not source.lines:
        raise NotYet(_("Square shows the refunded order without its lines so far."))
    sold = _sold_in(services, source, None)
    # An invoice canceled in Square has no lines left, yet its courses are here.
    if sold.has_sale:
        return sold + refund_effects(back.of(source))
    if has_courses(services, source.id):
        return refund_effects(back.of(source)) + Effects(sold.effects)
    if is_tip(services.store, source.id):
        return refund_effects(back.of(source))
    if not sold.effects:
        return sold
    # Stored with the attention item about the sale, and handled once that is resolved.
    refund = back.of(source)
    return sold + Effects((lambda work: note_refund_in(work.session, work.act, refund),))


def handle_payment_updated(services: Services, data: Json) -> Effects:
    payment = Payment.read(fetch(services.square.payment, data, "payment"))
    if is_at_other_location(services, payment.location_id):
        return OTHER_LOCATION
    if payment.status != "COMPLETED":
        return Effects(
            says=f"The payment is {payment.status or 'not complete'}; only a completed one counts."
        )
    if payment.order_id is None:
        return Effects(says="A payment without an order sells no package.")
    return order_effects(services, payment.order_id, payment=payment)


def handle_refund_updated(services: Services, data: Json) -> Effects:
    """Return the refund together with the sale it belongs to."""
    refund = PaymentRefund.read(fetch(services.square.refund, data, "refund"))
    if is_at_other_location(services, refund.location_id):
        return OTHER_LOCATION
    if refund.order_id is None and refund.status == "PENDING":
        return Effects(says="The refund is pending; waiting for its next event.")
    if refund.order_id is None:
        return refund_of_sale(services, given_back(services, refund, None))
    return order_effects(services, refund.order_id, refund=refund)


def handle_dispute_state_updated(services: Services, data: Json) -> Effects:
    """Return the dispute as it is now, with its payment's order."""
    # Square's schema calls the dispute of an event "object".
    answer = fetch(services.square.dispute, data, "dispute", "object")
    payment_id = _payment_id(answer)
    dispute = dispute_of(answer, payment_id, order_of_payment(services, payment_id))
    return Effects((lambda work: save_dispute(work, dispute),))


def dispute_of(answer: Json, payment_id: str | None, order_id: str | None) -> DisputeRecord:
    """Read a dispute; raises SquareFailed."""
    version = answer.get("version")
    updated_at = optional_moment(answer.get("updated_at"), "dispute updated_at")
    return DisputeRecord(
        square_dispute_id=square_id(dispute_id(answer), "dispute id"),
        state=text(answer.get("state"))[:40],
        amount=money(answer.get("amount_money"), "dispute amount"),
        reason=text(answer.get("reason"))[:80],
        due_at=optional_moment(answer.get("due_at"), "dispute due_at"),
        square_payment_id=payment_id,
        square_order_id=order_id,
        version=version if isinstance(version, int) else None,
        updated_at=updated_at or moment(answer.get("created_at"), "dispute created_at"),
    )


def dispute_id(answer: Json) -> str:
    """Return the id, named dispute_id in older answers; "" where there is none."""
    return text(answer.get("id")) or text(answer.get("dispute_id"))


def _payment_id(answer: Json) -> str | None:
    disputed = record(answer.get("disputed_payment") or {}, "disputed_payment")
    return optional_id(disputed.get("payment_id"), "disputed payment_id")
