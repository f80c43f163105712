"""What a client paid, tax included, less valid refunds and what is gone: the basis of every refund and credit."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.ledger import Kind, refunded
from plugin.core.money import Charge, Money
from plugin.core.refund_value import Agreed, Sessions
from plugin.courses.base.chain import Line, add_history, allowances_of, append, course_for_change, head_of
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import charge_of
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import sessions_text
from plugin.courses.base.work import Work
from plugin.store.tables import Checkout, Course, CourseOrigin, SquareRefund
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class RefundBasis:
    """What was charged and paid for a course, with its sessions in the order of its allowances.

    `charge` is the sale whose tax that money includes. `refundable` is what Square can refund of the course's
    own sale: the credit of an exchange was paid in another one.
    """

    charge: Charge
    agreed: Agreed
    sessions: tuple[Sessions, ...]
    refundable: Money


def refund_basis_in(session: Session, course: CourseView) -> RefundBasis:
    """Return the basis of a course's refunds as seen by this session."""
    charge, moved = charge_in(session, session.get_one(Course, course.id)), _moved(course)
    credit_net, currency = max(0, moved), course.price.currency
    credit = charge.gross_of(credit_net)
    paid, net = course.gross_paid.amount + credit, course.paid.amount + credit_net
    agreed = Agreed(
        price=Money(course.gross_price.amount + credit, currency),
        paid=Money(paid, currency),
        refunded=Money(refunded_of_course_in(session, course.id), currency),
        left_with_sessions=charge.gross_of(max(0, -moved) + _removed(course)),
        tax=paid - net,
        is_tax_known=charge.is_tax_known,
    )
    refundable = max(0, (course.gross_paid - agreed.gone).amount)
    return RefundBasis(charge, agreed, tuple(_sessions(charge, course)), Money(refundable, currency))


def charge_in(session: Session, course: Course) -> Charge:
    """Return a course's charge, or where it was free the charge of the course its value came from."""
    charge, seen = charge_of(course), set[str]()
    while charge.net == 0 and course.id not in seen and (source := _source_of(session, course)) is not None:
        seen.add(course.id)
        charge, course = charge_of(source), source
    return charge


def _sessions(charge: Charge, course: CourseView) -> Sequence[Sessions]:
    singles = [each.single_price.amount for each in course.allowances]
    return [
        Sessions(each.treatment, each.used, each.left, single, charge.gross_of_listed(single) - single)
        for each, single in zip(course.allowances, singles, strict=True)
    ]


def _source_of(session: Session, row: Course) -> Course | None:
    source_id = session.scalar(select(CourseOrigin.origin_id).where(CourseOrigin.course_id == row.id))
    if source_id is None and row.square_order_id is not None:
        exchanged = select(Checkout.exchanges_course_id).where(
            Checkout.square_order_id == row.square_order_id, Checkout.exchanges_course_id.is_not(None)
        )
        source_id = session.scalar(exchanged.limit(1))
    return session.get(Course, source_id) if source_id is not None else None


def _moved(course: CourseView) -> int:
    """Return the value transferred in from other courses less the value transferred out, net."""
    moving = (Kind.TRANSFERRED_IN, Kind.TRANSFERRED_OUT)
    return sum(each.value_delta.amount for each in course.entries if each.kind in moving)


def _removed(course: CourseView) -> int:
    """Return the value of sessions removed by adjustments, net."""
    return -sum(
        each.value_delta.amount
        for each in course.entries
        if each.kind is Kind.ADJUSTED and each.sessions_delta < 0 and each.reversed_by is None
    )


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


def close_course(work: Work, course_id: str, *, closed_by: str, reason: str) -> bool:
    """Close a course as refunded, removing every session left. False where it was closed before."""
    course = course_for_change(work.session, course_id)
    if course.closed_as is not None:
        return False
    gone = 0
    for allowance in allowances_of(work.session, course.id):
        head = head_of(work.session, allowance.id)
        if head.sessions == 0 and head.value == 0:
            continue
        # The seq, as a course may be closed, reopened when the refund fails, and closed by the next attempt.
        key = f"refund:{closed_by}:{course.id}:{allowance.position}:{head.seq + 1}"
        line = Line(key, work.now, reason=reason)
        append(work, allowance.id, head, refunded(head), line)
        gone += head.sessions
    course.closed_as, course.closed_at, course.closed_by = "refunded", work.now, closed_by
    text = (
        _("Refunded; {sessions} left the balance", sessions=sessions_text(gone))
        if gone
        else _("Refunded; no session was left")
    )
    add_history(work, course.id, "closed", text, reason=reason)
    publish(work, CourseChanged(course.id))
    work.session.flush()
    return True
