"""Which of Square's refunds stand, and what they add up to: of a sale, of its tip, of one of its courses."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.store.queues import SquareRefund

# What Square says of a refund whose money did not go back.
GONE = ("REJECTED", "FAILED", "CANCELED")


def refunded_so_far_in(session: Session, square_order_id: str) -> int:
    """Return what has been given back of a sale, tax and tip included, minor units."""
    return _sum(session, SquareRefund.amount, SquareRefund.square_order_id == square_order_id)


def tips_refunded_in(session: Session, square_order_id: str) -> int:
    """Return what has been given back of a sale's tip, minor units."""
    return _sum(session, SquareRefund.tip, SquareRefund.square_order_id == square_order_id)


def refunded_of_course_in(session: Session, course_id: str) -> int:
    """Return what was given back of a course that stayed open, tax included, minor units."""
    return _sum(session, SquareRefund.for_course, SquareRefund.course_id == course_id)


def _sum(session: Session, amount: InstrumentedAttribute[int], which: ColumnElement[bool]) -> int:
    total = select(func.coalesce(func.sum(amount), 0)).where(which, SquareRefund.status.not_in(GONE))
    return int(session.scalar(total) or 0)
