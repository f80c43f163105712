"""What went back by a refund of Square's, or by all parts of one begun at the desk, as its credit note needs it.

A refund at the desk is one deed: its credit note waits until Square is done with every part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import language_for
from invoices.papers import Money, PaymentLine
from plugin.courses.base.clinic import clinic_in
from plugin.courses.documents.credit_note_content import GivenBack
from plugin.courses.documents.credit_shares import Wanted
from plugin.courses.documents.refund_workings import workings_in
from plugin.courses.documents.sale_record import RefundRecord, SoldSale, told_refund_in
from plugin.courses.refunds.status import tips_refunded_in
from plugin.store.ledger import Course
from plugin.store.queues import SquareRefund
from plugin.store.selling import DeskRefund, DeskRefundPart
from plugin.store.triggers import ERASED

_COMPLETED = "COMPLETED"
# How a return without any money is kept; it pays for something else.
_EXCHANGE = "return:"


@dataclass(frozen=True, slots=True)
class Deed:
    """One refund as people know it: what its credit note is issued for, and the refunds of Square's it is made of."""

    subject: str
    square_order_id: str
    refunds: tuple[SquareRefund, ...]
    desk: DeskRefund | None = None


def deed_in(session: Session, square_refund_id: str) -> Deed | None:
    """Return the deed a refund belongs to; None while it is not done, or where no money went back."""
    row = session.get(SquareRefund, square_refund_id)
    if row is None or row.square_order_id is None:
        return None
    part = session.scalar(select(DeskRefundPart).where(DeskRefundPart.square_refund_id == square_refund_id))
    if part is None:
        is_done = row.status == _COMPLETED and row.amount > 0
        return Deed(square_refund_id, row.square_order_id, (row,)) if is_done else None
    desk = session.get_one(DeskRefund, part.desk_refund_id)
    ids = select(DeskRefundPart.square_refund_id).where(DeskRefundPart.desk_refund_id == desk.id)
    told = select(SquareRefund).where(
        SquareRefund.square_refund_id.in_(ids), SquareRefund.status == _COMPLETED
    )
    refunds = tuple(session.scalars(told.order_by(SquareRefund.square_refund_id)))
    if desk.ended_at is None or not refunds:
        return None
    return Deed(f"desk:{desk.id}", row.square_order_id, refunds, desk)


def given_back_in(session: Session, deed: Deed, sale: SoldSale, language: str) -> GivenBack:
    """Return what went back by a deed, and of which lines of the sale as far as anybody said."""
    told = {
        row.square_refund_id: told_refund_in(session, deed.square_order_id, row.square_refund_id)
        for row in deed.refunds
    }
    return GivenBack(
        amount=sum(row.amount for row in deed.refunds),
        tip=_tip(session, deed, sale, list(told.values())),
        workings=workings_in(session, deed.square_order_id, deed.refunds, deed.desk),
        wanted=_wanted(session, deed, sale, list(told.values())),
        returned=tuple(
            _returned(session, row, told[row.square_refund_id], sale, language) for row in deed.refunds
        ),
        reason=_reason(deed, [each for each in told.values() if each is not None]),
    )


def _tip(session: Session, deed: Deed, sale: SoldSale, told: Sequence[RefundRecord | None]) -> int:
    """Return how much of the sale's tip went back: as the return says, else all of it where that is the very sum."""
    known = sum(row.tip for row in deed.refunds)
    if known or deed.desk is not None or any(each is not None and each.lines for each in told):
        return known
    amount, left = (
        sum(row.amount for row in deed.refunds),
        sale.tip - tips_refunded_in(session, deed.square_order_id),
    )
    return amount if amount == left else 0


def _wanted(
    session: Session, deed: Deed, sale: SoldSale, told: Sequence[RefundRecord | None]
) -> tuple[Wanted, ...]:
    places = {line.uid: place for place, line in enumerate(sale.lines, start=1)}
    if deed.desk is not None:
        uid = session.get_one(Course, deed.desk.course_id).square_line_uid
        return (Wanted(places[uid]),) if uid in places else ()
    by_place: dict[int, Wanted] = {}
    for line in (each for one in told if one is not None for each in one.lines if each.line_uid in places):
        place = places[line.line_uid]
        before = by_place.get(place)
        by_place[place] = Wanted(
            place,
            total=line.total + (before.total or 0 if before else 0),
            tax=line.tax + (before.tax if before else 0),
            discount=line.discount + (before.discount if before else 0),
            quantity=str(int(line.quantity) + (int(before.quantity) if before else 0)),
        )
    return tuple(by_place.values())


def _returned(
    session: Session, row: SquareRefund, told: RefundRecord | None, sale: SoldSale, language: str
) -> PaymentLine:
    zone = ZoneInfo(clinic_in(session).time_zone)
    paid = {tender.square_payment_id: tender for tender in sale.tenders}
    tender = paid.get(told.square_payment_id) if told is not None else None
    label = language_for(language).gettext("Exchange") if row.square_refund_id.startswith(_EXCHANGE) else ""
    return PaymentLine(
        on=(told.at if told is not None else row.seen_at).astimezone(zone).date(),
        how=tender.how if tender is not None else "other",
        amount=Money(row.amount, row.currency),
        label=tender.label if tender is not None else label,
    )


def _reason(deed: Deed, told: Sequence[RefundRecord]) -> str:
    if deed.desk is not None:
        return deed.desk.reason if deed.desk.reason != ERASED else ""
    if deed.subject.startswith(_EXCHANGE):
        return ""
    return next((each.reason for each in told if each.reason), "")
