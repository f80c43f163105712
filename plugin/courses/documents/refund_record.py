"""A refund as its credit note shows it: what was returned, how, why, and how it was computed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from invoices.language import language_for
from invoices.papers import Money, PaymentLine, RefundedSessions, RefundWorking
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.refund_value import Agreed, Sessions, discount_forfeited, prorated
from plugin.core.terms import RefundFormula
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.read import course_in
from plugin.courses.documents.credit_note import GivenBack, Wanted
from plugin.courses.documents.sale_record import RefundRecord, SoldSale, kept_refund_in
from plugin.courses.refunds.basis import refund_basis_in, tips_refunded_in
from plugin.store.tables import Allowance, Course, DeskRefund, DeskRefundPart, Entry, SquareRefund
from plugin.store.triggers import ERASED

_Formula = Literal["prorated", "discount_forfeited", ""]
_FORMULAS: dict[str, _Formula] = {
    RefundFormula.PRORATED.value: "prorated",
    RefundFormula.DISCOUNT_FORFEITED.value: "discount_forfeited",
}


def workings_in(
    session: Session, square_order_id: str, refunds: tuple[SquareRefund, ...], desk: DeskRefund | None
) -> tuple[RefundWorking, ...]:
    """Return the computation for each course that these refunds closed."""
    of_sale = select(Course).where(Course.square_order_id == square_order_id, Course.closed_as == "refunded")
    closed = of_sale.where(_by_desk(desk) if desk is not None else or_(*_marks(refunds)))
    rows = session.scalars(closed.order_by(Course.square_line_uid, Course.unit)).all()
    # If one sum was refunded for several courses at once, the share of each is unknown.
    amount = sum(each.amount - each.tip for each in refunds) if len(rows) == 1 else None
    chosen = desk.formula if desk is not None else ""
    return tuple(_working(session, course, chosen, amount) for course in rows)


def _by_desk(desk: DeskRefund) -> ColumnElement[bool]:
    return (Course.id == desk.course_id) & (Course.closed_by == f"desk:{desk.id}")


def _marks(refunds: tuple[SquareRefund, ...]) -> Iterator[ColumnElement[bool]]:
    for row in refunds:
        for mark in (
            f"return:{row.return_order_id or row.square_refund_id}:",
            f"whole:{row.square_refund_id}:",
        ):
            yield Course.closed_by.startswith(mark, autoescape=True)


def _working(session: Session, row: Course, chosen: str, amount: int | None) -> RefundWorking:
    clinic = clinic_in(session)
    course = course_in(session, row, today=day_at(row.closed_at or row.sold_at, clinic.zone))
    basis = refund_basis_in(session, course)
    removed = _removed(session, row)
    agreed = basis.agreed
    counted = [
        replace(part, left=removed.get(each.id, 0))
        for each, part in zip(course.allowances, basis.sessions, strict=True)
    ]
    return RefundWorking(
        package_name=row.package_name,
        paid=Money(agreed.kept.amount, row.currency),
        formula=_FORMULAS.get(chosen) or _formula(agreed, counted, amount),
        price=Money(agreed.price_kept.amount, row.currency) if agreed.is_part_paid else None,
        sessions=tuple(
            RefundedSessions(
                treatment=part.treatment,
                used=part.used,
                removed=part.left,
                single_price=Money(part.charged, row.currency),
            )
            for part in counted
        ),
    )


def _removed(session: Session, row: Course) -> dict[str, int]:
    """Return the sessions of each allowance removed as the course was closed."""
    left = select(Entry.allowance_id, -func.sum(Entry.sessions_delta)).join(
        Allowance, Allowance.id == Entry.allowance_id
    )
    with_refund = left.where(
        Allowance.course_id == row.id,
        Entry.kind == Kind.REFUNDED.value,
        Entry.idempotency_key.startswith(f"refund:{row.closed_by}:{row.id}:", autoescape=True),
        Entry.id.not_in(select(Entry.reverses).where(Entry.reverses.is_not(None))),
    )
    return {
        allowance_id: int(many)
        for allowance_id, many in session.execute(with_refund.group_by(Entry.allowance_id))
    }


def _formula(agreed: Agreed, sessions: Sequence[Sessions], amount: int | None) -> _Formula:
    """Return the formula that gives the amount to the cent, if it is not recorded which one was chosen."""
    if amount == prorated(agreed, sessions, str).amount.amount:
        return "prorated"
    return "discount_forfeited" if amount == discount_forfeited(agreed, sessions, str).amount.amount else ""


_COMPLETED = "COMPLETED"
# How a return without money is stored; it pays for something else.
_EXCHANGE = "return:"


@dataclass(frozen=True, slots=True)
class DoneRefund:
    """One refund as people know it: the subject of its credit note, and the Square refunds it consists of."""

    subject: str
    square_order_id: str
    refunds: tuple[SquareRefund, ...]
    desk: DeskRefund | None = None


def done_refund_in(session: Session, square_refund_id: str) -> DoneRefund | None:
    """Return the whole refund that a Square refund belongs to. None while it is pending or returned no money."""
    row = session.get(SquareRefund, square_refund_id)
    if row is None or row.square_order_id is None:
        return None
    part = session.scalar(select(DeskRefundPart).where(DeskRefundPart.square_refund_id == square_refund_id))
    if part is None:
        is_done = row.status == _COMPLETED and row.amount > 0
        return DoneRefund(square_refund_id, row.square_order_id, (row,)) if is_done else None
    desk = session.get_one(DeskRefund, part.desk_refund_id)
    ids = select(DeskRefundPart.square_refund_id).where(DeskRefundPart.desk_refund_id == desk.id)
    completed = select(SquareRefund).where(
        SquareRefund.square_refund_id.in_(ids), SquareRefund.status == _COMPLETED
    )
    refunds = tuple(session.scalars(completed.order_by(SquareRefund.square_refund_id)))
    if desk.ended_at is None or not refunds:
        return None
    return DoneRefund(f"desk:{desk.id}", row.square_order_id, refunds, desk)


def given_back_in(session: Session, refund: DoneRefund, sale: SoldSale, language: str) -> GivenBack:
    """Return what a refund returned, and of which lines of the sale, as far as it is known."""
    records = {
        row.square_refund_id: kept_refund_in(session, refund.square_order_id, row.square_refund_id)
        for row in refund.refunds
    }
    return GivenBack(
        amount=sum(row.amount for row in refund.refunds),
        tip=_tip(session, refund, sale, list(records.values())),
        workings=workings_in(session, refund.square_order_id, refund.refunds, refund.desk),
        wanted=_wanted(session, refund, sale, list(records.values())),
        returned=tuple(
            _returned(session, row, records[row.square_refund_id], sale, language) for row in refund.refunds
        ),
        reason=_reason(refund, [each for each in records.values() if each is not None]),
    )


def _tip(session: Session, refund: DoneRefund, sale: SoldSale, records: Sequence[RefundRecord | None]) -> int:
    """Return how much of the sale's tip was refunded.

    That is what the return states, else the whole tip if it is the exact sum.
    """
    known = sum(row.tip for row in refund.refunds)
    if known or refund.desk is not None or any(each is not None and each.lines for each in records):
        return known
    amount, left = (
        sum(row.amount for row in refund.refunds),
        sale.tip - tips_refunded_in(session, refund.square_order_id),
    )
    return amount if amount == left else 0


def _wanted(
    session: Session, refund: DoneRefund, sale: SoldSale, records: Sequence[RefundRecord | None]
) -> tuple[Wanted, ...]:
    places = {line.uid: place for place, line in enumerate(sale.lines, start=1)}
    if refund.desk is not None:
        uid = session.get_one(Course, refund.desk.course_id).square_line_uid
        return (Wanted(places[uid]),) if uid in places else ()
    by_place: dict[int, Wanted] = {}
    for line in (each for one in records if one is not None for each in one.lines if each.line_uid in places):
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
    session: Session, row: SquareRefund, record: RefundRecord | None, sale: SoldSale, language: str
) -> PaymentLine:
    zone = clinic_in(session).zone
    paid = {tender.square_payment_id: tender for tender in sale.tenders}
    tender = paid.get(record.square_payment_id) if record is not None else None
    label = language_for(language).gettext("Exchange") if row.square_refund_id.startswith(_EXCHANGE) else ""
    return PaymentLine(
        on=day_at(record.at if record is not None else row.seen_at, zone),
        how=tender.how if tender is not None else "other",
        amount=Money(row.amount, row.currency),
        label=tender.label if tender is not None else label,
    )


def _reason(refund: DoneRefund, records: Sequence[RefundRecord]) -> str:
    if refund.desk is not None:
        return refund.desk.reason if refund.desk.reason != ERASED else ""
    if refund.subject.startswith(_EXCHANGE):
        return ""
    return next((each.reason for each in records if each.reason), "")
