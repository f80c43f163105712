"""How the refund of a course was worked out, for its credit note: what was paid, which sessions were used and left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from invoices.papers import Money, RefundedSessions, RefundWorking
from plugin.core.ledger import Kind
from plugin.core.refund_value import Agreed, Sessions, discount_forfeited, prorated
from plugin.core.terms import RefundFormula
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.read import course_in
from plugin.courses.refunds.basis import refund_basis_in
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.queues import SquareRefund
from plugin.store.selling import DeskRefund

_Formula = Literal["prorated", "discount_forfeited", ""]
_FORMULAS: dict[str, _Formula] = {
    RefundFormula.PRORATED.value: "prorated",
    RefundFormula.DISCOUNT_FORFEITED.value: "discount_forfeited",
}


def workings_in(
    session: Session, square_order_id: str, refunds: tuple[SquareRefund, ...], desk: DeskRefund | None
) -> tuple[RefundWorking, ...]:
    """Return the working of each course that these refunds closed."""
    of_sale = select(Course).where(Course.square_order_id == square_order_id, Course.closed_as == "refunded")
    closed = of_sale.where(_by_desk(desk) if desk is not None else or_(*_marks(refunds)))
    rows = session.scalars(closed.order_by(Course.square_line_uid, Course.unit)).all()
    # Of what went back for several courses at once, nobody knows the share of each.
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
    course = course_in(session, row, today=local_date(clinic, row.closed_at or row.sold_at))
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
    """Return the sessions of each allowance that left as the course was closed."""
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
    """Return the formula that gives the amount to the cent, where nobody said which it was worked out by."""
    if amount == prorated(agreed, sessions, str).amount.amount:
        return "prorated"
    return "discount_forfeited" if amount == discount_forfeited(agreed, sessions, str).amount.amount else ""
