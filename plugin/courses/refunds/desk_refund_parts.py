"""The parts of a refund begun at the desk, one per payment: planned, requested, reported by Square.

Stores them only; what follows for the course is in `desk_refund_outcome`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.chain import course_for_change
from plugin.courses.base.work import in_session
from plugin.courses.sales.sales import Refund
from plugin.errors import NotFound, NotYet
from plugin.store import Store
from plugin.store.tables import Course, DeskRefund, DeskRefundPart
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class PartView:
    """The part refunded from one payment; `square_refund_id` is unset before Square has answered."""

    square_payment_id: str
    amount: Money
    square_refund_id: str | None
    status: str


@dataclass(frozen=True, slots=True)
class RefundToAsk:
    """The data of the refund job: the sale, the amount, the reason, and the parts planned so far."""

    id: str
    square_order_id: str
    amount: Money
    reason: str
    has_ended: bool
    parts: tuple[PartView, ...]


def refund_to_ask(store: Store, refund_id: str) -> RefundToAsk:
    """Return the refund to request from Square; raises NotFound."""
    with store.reading() as session:
        row = session.get(DeskRefund, refund_id)
        course = session.get(Course, row.course_id) if row is not None else None
        if row is None or course is None:
            raise NotFound(_("There is no such refund."))
        return RefundToAsk(
            id=row.id,
            square_order_id=course.square_order_id or "",
            amount=Money(row.amount, row.currency),
            reason=row.reason,
            has_ended=row.ended_at is not None,
            parts=tuple(_view(part, row) for part in parts_in(session, row)),
        )


@in_session
def plan_parts(session: Session, refund_id: str, shares: Sequence[tuple[str, int]]) -> tuple[PartView, ...]:
    """Store how much to refund from each payment before Square is called; the first plan is final."""
    row = locked_refund_in(session, refund_id)
    if not parts_in(session, row):
        for payment_id, amount in shares:
            session.add(DeskRefundPart(desk_refund_id=row.id, square_payment_id=payment_id, amount=amount))
        session.flush()
    return tuple(_view(part, row) for part in parts_in(session, row))


@in_session
def note_answer(
    session: Session, refund_id: str, payment_id: str, *, square_refund_id: str, status: str
) -> None:
    """Store Square's answer for one part; what follows for the course waits for Square's event."""
    row = locked_refund_in(session, refund_id)
    part = session.get_one(DeskRefundPart, (row.id, payment_id))
    part.square_refund_id, part.status = square_refund_id, part.status or status
    if row.ended_at is None:
        row.state = "pending"


def part_of_refund_in(session: Session, refund: Refund) -> DeskRefundPart | None:
    """Return the part of ours that Square reports, None for a refund made elsewhere.

    Raises NotYet while it may be ours: the same payment and sum is requested, without an answer from Square.
    """
    known = select(DeskRefundPart).where(DeskRefundPart.square_refund_id == refund.square_refund_id)
    if (part := session.scalar(known)) is not None:
        return part
    asked = (
        select(DeskRefund.id)
        .join(DeskRefundPart, DeskRefundPart.desk_refund_id == DeskRefund.id)
        .where(
            DeskRefundPart.square_payment_id == refund.square_payment_id,
            DeskRefundPart.amount == refund.amount.amount,
            DeskRefund.currency == refund.amount.currency,
            DeskRefundPart.square_refund_id.is_(None),
            DeskRefundPart.status == "",
            DeskRefund.ended_at.is_(None),
        )
    )
    if session.scalar(asked) is not None:
        raise NotYet(_("A refund begun at the desk is being asked for; this may be it."))
    return None


def locked_refund_in(session: Session, refund_id: str) -> DeskRefund:
    """Return the refund, locked after its course: the order in which a refund event locks them."""
    course_for_change(session, session.get_one(DeskRefund, refund_id).course_id)
    locked = select(DeskRefund).where(DeskRefund.id == refund_id).with_for_update()
    return session.scalars(locked.execution_options(populate_existing=True)).one()


def parts_in(session: Session, row: DeskRefund) -> list[DeskRefundPart]:
    """Return its parts, in a stable order."""
    of_it = select(DeskRefundPart).where(DeskRefundPart.desk_refund_id == row.id)
    return list(session.scalars(of_it.order_by(DeskRefundPart.square_payment_id)))


def _view(part: DeskRefundPart, row: DeskRefund) -> PartView:
    return PartView(
        part.square_payment_id, Money(part.amount, row.currency), part.square_refund_id, part.status
    )
