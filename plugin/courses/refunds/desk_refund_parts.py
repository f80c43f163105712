"""The parts of a refund begun at the desk, one per payment, and what follows once Square reports on them.

The course is closed while one part of the refund is valid, and restored to the cent while none is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.core.status import Status
from plugin.core.text import REASON_LENGTH
from plugin.courses.base.attention import open_item, settle_row
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.words import clinic_money
from plugin.courses.base.work import Work, in_session, in_transaction
from plugin.courses.refunds.basis import GONE, close_course
from plugin.courses.refunds.refund_question import ask_again_in, reopen, settle_questions_in
from plugin.courses.sales.sales import Refund
from plugin.errors import NotFound, NotYet
from plugin.store import Store
from plugin.store.tables import Attention, Course, DeskRefund, DeskRefundPart
from plugin.wording import N_, _


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


_FAILED = N_("Square says that the refund failed.")
_CLOSED = N_("A refund begun at the desk; its course is closed.")
_OPEN = N_("A refund begun at the desk that failed; its course is open.")


def settle_part(work: Work, part: DeskRefundPart, status: str) -> str:
    """Store the status of a part, and close or reopen the course by it; return the outcome in words."""
    row = locked_refund_in(work.session, part.desk_refund_id)
    # An event from before it was completed may arrive late.
    if status in GONE or part.status != "COMPLETED":
        part.status = status
    work.session.flush()
    return _settle(work, row)


@in_transaction
def refuse_rest(work: Work, refund_id: str, sentence: str) -> None:
    """Give up the parts not yet requested from Square, because it refuses; the rest is not tried."""
    row = locked_refund_in(work.session, refund_id)
    if row.ended_at is not None:
        return
    for part in parts_in(work.session, row):
        part.status = part.status or "FAILED"
    row.problem = sentence[:400]
    work.session.flush()
    _settle(work, row)


def _settle(work: Work, row: DeskRefund) -> str:
    parts = parts_in(work.session, row)
    standing = [part for part in parts if part.status and part.status not in GONE]
    failed = sum(part.amount for part in parts if part.status in GONE)
    if standing:
        said = _(
            "Refund of {written} begun by {by}: {reason}",
            written=_written(work.session, row, row.amount),
            by=row.by,
            reason=row.reason,
        )[:REASON_LENGTH]
        close_course(work, row.course_id, closed_by=_mark(row), reason=said)
        settle_questions_in(work.session, work.act, _order_of(work.session, row))
    else:
        course = course_for_change(work.session, row.course_id)
        if course.closed_by == _mark(row):
            reopen(work, course)
            ask_again_in(work.session, _order_of(work.session, row))
    if failed and standing:
        _ask_about_rest(work, row, failed)
    if not any(part.status in ("", "PENDING") for part in parts):
        row.ended_at = row.ended_at or work.now
        row.state = "completed" if standing and not failed else "failed"
        if not standing:
            _ask_about_failure(work, row)
    return _CLOSED if standing else _OPEN


def _ask_about_failure(work: Work, row: DeskRefund) -> None:
    row.problem = row.problem or _FAILED
    item = work.session.scalar(select(Attention).where(Attention.dedupe == _question(row)))
    if item is not None:
        settle_row(item, work.act, _("The other part failed too"))
    amount = _written(work.session, row, row.amount)
    said = row.problem[:REASON_LENGTH]
    add_history(work, row.course_id, "refund", _("Refund of {amount} failed", amount=amount), reason=said)
    what_now = _("The course is as it was. Begin the refund again, or give the money back another way.")
    if course_for_change(work.session, row.course_id).closed_as == Status.TRANSFERRED.value:
        # The rest of an exchange's credit: the exchange itself remains valid.
        what_now = _("The exchange remains. Refund the money in Square or another way.")
    open_item(
        work,
        kind="failed_refund",
        dedupe=f"desk-refund:{row.id}",
        summary=_("A refund of {amount} that {by} began did not go through.", amount=amount, by=row.by),
        details={"course_ids": [row.course_id], "proposal": f"{row.problem} {what_now}"},
    )


def _ask_about_rest(work: Work, row: DeskRefund, failed: int) -> None:
    whole, gone, rest = (
        _written(work.session, row, each) for each in (row.amount, row.amount - failed, failed)
    )
    what_now = _("The course is closed. Give the other {rest} back by hand or at the register.", rest=rest)
    sentences = (
        _("{whole} − {rest} = {gone} went back.", whole=whole, rest=rest, gone=gone),
        what_now,
        row.problem,
    )
    open_item(
        work,
        kind="part_failed_refund",
        dedupe=_question(row),
        summary=_(
            "Of a refund of {whole} that {by} began, {rest} did not go through.",
            whole=whole,
            by=row.by,
            rest=rest,
        ),
        details={"course_ids": [row.course_id], "proposal": " ".join(sentences).strip()},
    )
    row.problem = _("Only {gone} of {whole} went back; {rest} failed.", gone=gone, whole=whole, rest=rest)


def _question(row: DeskRefund) -> str:
    return f"desk-refund:{row.id}:part"


def _mark(row: DeskRefund) -> str:
    return f"desk:{row.id}"


def _order_of(session: Session, row: DeskRefund) -> str:
    return course_for_change(session, row.course_id).square_order_id or ""


def _written(session: Session, row: DeskRefund, amount: int) -> str:
    return clinic_money(session, Money(amount, row.currency))
