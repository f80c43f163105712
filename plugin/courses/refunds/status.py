"""Which refunds of Square's are valid, and their sums: for a sale, for its tip, for one of its courses."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.store.queues import SquareRefund

# Square's statuses of a refund whose money was not returned.
GONE = ("REJECTED", "FAILED", "CANCELED")


def refunded_so_far_in(session: Session, square_order_id: str) -> int:
    """Return how much of a sale was refunded, tax and tip included, minor units."""
    return _sum(session, SquareRefund.amount, SquareRefund.square_order_id == square_order_id)


def tips_refunded_in(session: Session, square_order_id: str) -> int:
    """Return how much of a sale's tip was refunded, minor units."""
    return _sum(session, SquareRefund.tip, SquareRefund.square_order_id == square_order_id)


def refunded_of_course_in(session: Session, course_id: str) -> int:
    """Return how much was refunded of a course that stayed open, tax included, minor units."""
    return _sum(session, SquareRefund.for_course, SquareRefund.course_id == course_id)


def _sum(session: Session, amount: InstrumentedAttribute[int], which: ColumnElement[bool]) -> int:
    total = select(func.coalesce(func.sum(amount), 0)).where(which, SquareRefund.status.not_in(GONE))
    return int(session.scalar(total) or 0)
