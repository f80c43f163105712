"""Refunds: the return order of a refund, the sale it belongs to, and which lines of that sale it returns."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.words import money_text
from plugin.courses.refunds import desk_refund_parts
from plugin.courses.sales.sales import Refund, ReturnLine
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.inbox import SWEPT_REFUND, receive_synthetic
from plugin.square.models import Order, Payment, PaymentRefund, Return, ReturnedLine, ReturnedTip
from plugin.square.parsing import optional_money, unreadable, whole_quantity
from plugin.square.sales import refundable
from plugin.store.queues import SquareRefund
from plugin.wording import _

STATUSES = ("PENDING", "COMPLETED", "REJECTED", "FAILED")


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One refund, and the order whose money it refunds."""

    refund: PaymentRefund
    source_order_id: str
    lines: tuple[ReturnLine, ...]
    tip: int = 0

    def of(self, source: Order) -> Refund:
        """Return the refund in the form the use cases take, beside its sale."""
        total = refundable(source)
        if total is None:
            raise unreadable("order without a total")
        return Refund(
            square_refund_id=self.refund.id,
            square_order_id=source.id,
            return_order_id=self.refund.order_id,
            amount=self.refund.amount,
            order_total=total,
            status=self.refund.status,
            refunded_at=self.refund.created_at,
            reason=self.refund.reason,
            lines=self.lines,
            square_payment_id=self.refund.payment_id,
            tip=self.tip,
            order_tip=_minor(source.charges.tip),
        )


def given_back(services: Services, refund: PaymentRefund, returning: Order | None) -> GivenBack | None:
    """Find the sale a refund belongs to; None for a refund without any sale."""
    if refund.status not in STATUSES:
        raise unreadable("refund status")
    paid_order_id = order_of_payment(services, refund.payment_id)
    returns = returning.returns if returning is not None else ()
    sources = [one.source_order_id for one in returns if one.source_order_id is not None]
    # One return may include lines of several sales; each payment then has a refund of its own.
    source = paid_order_id if paid_order_id in sources or not sources else sources[0]
    if source is None:
        return None
    returns = tuple(one for one in returns if one.source_order_id in (source, None))
    lines = tuple(_line(line) for one in returns for line in one.lines)
    is_alone = returning is None or len(returning.refund_ids) <= 1
    return GivenBack(refund, source, lines, _tip_in(refund, returns, is_alone=is_alone))


def _tip_in(refund: PaymentRefund, returns: tuple[Return, ...], *, is_alone: bool) -> int:
    """Return how much of a refund is a tip, according to its return.

    Where several refunds belong to the return, a tip belongs to the payment that took it, or to the refund of its
    exact sum.
    """
    tips = [tip for one in returns for tip in one.tips]
    if not is_alone and _tip_sum(tips) != refund.amount.amount:
        tips = [tip for tip in tips if tip.source_tender_id == refund.payment_id]
    return min(refund.amount.amount, max(0, _tip_sum(tips)))


def _tip_sum(tips: Iterable[ReturnedTip]) -> int:
    return sum(tip.applied.amount for tip in tips if tip.applied is not None)


def refunds_on(services: Services, order: Order) -> list[PaymentRefund]:
    """Return the refunds that a return order names and Square knows."""
    found = []
    for refund_id in order.refund_ids:
        try:
            found.append(PaymentRefund.read(services.square.refund(refund_id)))
        except SquareNotFound:
            continue
    return found


def gives_money_back(order: Order) -> bool:
    """Return whether an order returns more than it sells, so that a refund belongs to it, named or not."""
    sold = [optional_money(line.get("total_money"), "line total") for line in order.lines]
    return sum(_taken_back(order).values()) > sum(one.amount for one in sold if one is not None)


def is_refund_booked(services: Services, return_order_id: str) -> bool:
    """Return whether a refund that made this return order was booked; Square need not name it on the order."""
    booked = select(SquareRefund.square_refund_id).where(SquareRefund.return_order_id == return_order_id)
    with services.store.reading() as session:
        return session.scalar(booked.limit(1)) is not None


def exchanged(order: Order) -> list[GivenBack]:
    """Return what an order returns without a refund: an exchange, or a line that had cost nothing."""
    return [
        GivenBack(_without_money(order, source, amount), source, _lines_from(order.returns, source))
        for source, amount in _taken_back(order).items()
    ]


def _taken_back(order: Order) -> dict[str, int]:
    """Return what is returned of each sale, minor units."""
    return {
        one.source_order_id: sum(_minor(line.total) for line in one.lines)
        for one in order.returns
        if one.source_order_id is not None
    }


def exchange_id(order: Order, source_order_id: str) -> str:
    """Return the id under which a return without any refund is booked."""
    return f"return:{order.id}:{source_order_id}"


def _without_money(order: Order, source: str, amount: int) -> PaymentRefund:
    if order.total is None:
        raise unreadable("order without a total")
    return PaymentRefund.model_construct(
        id=exchange_id(order, source),
        status="COMPLETED",
        amount=Money(amount, order.total.currency),
        order_id=order.id,
        payment_id=None,
        location_id=order.location_id,
        created_at=order.closed_at or order.created_at,
        updated_at=order.updated_at,
        reason="Exchanged",
    )


def order_of_payment(services: Services, payment_id: str | None) -> str | None:
    """Return the order that a payment pays; None where Square has no such payment, or it pays none."""
    if payment_id is None:
        return None
    try:
        return Payment.read(services.square.payment(payment_id)).order_id
    except SquareNotFound:
        return None


def _lines_from(returns: tuple[Return, ...], source: str) -> tuple[ReturnLine, ...]:
    return tuple(_line(line) for one in returns if one.source_order_id == source for line in one.lines)


def _line(line: ReturnedLine) -> ReturnLine:
    quantity = whole_quantity(line.quantity)
    return ReturnLine(
        uid=line.uid,
        # A package refunded in part closes no line: a person decides.
        source_line_uid=line.source_line_uid if quantity is not None else None,
        quantity=quantity or 1,
        total=_minor(line.total),
        tax=_minor(line.tax),
        discount=_minor(line.discount),
    )


def _minor(amount: Money | None) -> int:
    return amount.amount if amount is not None else 0


# Square's own limit for the reason of a refund.
MOST_REASON = 192


def run_refund(services: Services, job: Job) -> str:
    """Ask Square for every part that is not requested yet; raises SquareFailed."""
    refund = desk_refund_parts.refund_to_ask(services.store, job.subject)
    if refund.has_ended:
        return _("The refund has ended already.")
    parts = refund.parts or desk_refund_parts.plan_parts(services.store, refund.id, _shares(services, refund))
    for part in parts:
        _request(services, refund, part)
    return _("Refund requested; waiting for Square’s event.")


def give_up_refund(services: Services, job: Job, sentence: str) -> None:
    """Record that Square refuses the rest; the parts it has accepted stay."""
    desk_refund_parts.refuse_rest(services.store, job.act(SQUARE, services.clock()), job.subject, sentence)


def _request(
    services: Services, refund: desk_refund_parts.RefundToAsk, part: desk_refund_parts.PartView
) -> None:
    square_refund_id = part.square_refund_id
    if square_refund_id is None and part.status == "":
        answer = PaymentRefund.read(
            services.square.refund_payment(
                key=_key(refund.id, part.square_payment_id),
                payment_id=part.square_payment_id,
                amount=part.amount,
                reason=refund.reason[:MOST_REASON],
            )
        )
        square_refund_id = answer.id
        desk_refund_parts.note_answer(
            services.store,
            refund.id,
            part.square_payment_id,
            square_refund_id=answer.id,
            status=answer.status,
        )
    if square_refund_id is not None:
        # Through the same inbox as an event, so that it works where webhooks are disabled.
        receive_synthetic(services, SWEPT_REFUND, square_refund_id, "desk")


def _key(refund_id: str, payment_id: str) -> str:
    # At most 45 characters, the same at each try, another for each payment.
    return f"{refund_id}-{hashlib.sha256(payment_id.encode()).hexdigest()[:8]}"


def _shares(services: Services, refund: desk_refund_parts.RefundToAsk) -> list[tuple[str, int]]:
    """Split the amount over the sale's payments, first paid first; raises SquareFailed where they are worth less."""
    order = Order.read(services.square.order(refund.square_order_id))
    shares, left = list[tuple[str, int]](), refund.amount.amount
    for payment_id in dict.fromkeys(one.payment_id for one in order.tenders if one.payment_id):
        share = min(left, _refundable(services, payment_id, refund.amount.currency))
        if share > 0:
            shares.append((payment_id, share))
            left -= share
    if left:
        raise _too_much(services, Money(refund.amount.amount - left, refund.amount.currency))
    return shares


def _refundable(services: Services, payment_id: str, currency: str) -> int:
    try:
        payment = Payment.read(services.square.payment(payment_id))
    except SquareNotFound:
        return 0
    if payment.status != "COMPLETED" or payment.total is None or payment.total.currency != currency:
        return 0
    return payment.total.amount - (payment.refunded.amount if payment.refunded else 0)


def _too_much(services: Services, most: Money) -> SquareFailed:
    clinic = read_clinic(services.store)
    written = money_text(most, clinic)
    reason = _("Only {written} of what was paid can still be refunded in Square.", written=written)
    return SquareFailed(reason, permanent=True, code="square_refused")
