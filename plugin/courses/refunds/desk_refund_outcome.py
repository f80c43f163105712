"""What follows once Square reports on a refund begun at the desk.

The course is closed while one part of the refund is valid, and restored to the cent while none is.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.core.text import REASON_LENGTH
from plugin.courses.base.attention import open_item, settle_row
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.words import clinic_money
from plugin.courses.base.work import Work, in_transaction
from plugin.courses.refunds.basis import GONE
from plugin.courses.refunds.closing import close_course
from plugin.courses.refunds.desk_refund_parts import locked_refund_in, parts_in
from plugin.courses.refunds.failed_refund import reopen
from plugin.courses.refunds.refund_question import ask_again_in, settle_questions_in
from plugin.store.tables import Attention, DeskRefund, DeskRefundPart
from plugin.wording import N_, _

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
        _close(work, row)
    else:
        _open_again(work, row)
    if failed and standing:
        _ask_about_rest(work, row, failed)
    if not any(part.status in ("", "PENDING") for part in parts):
        row.ended_at = row.ended_at or work.now
        row.state = "completed" if standing and not failed else "failed"
        if not standing:
            _ask_about_failure(work, row)
    return _CLOSED if standing else _OPEN


def _close(work: Work, row: DeskRefund) -> None:
    said = _(
        "Refund of {written} begun by {by}: {reason}",
        written=_written(work.session, row, row.amount),
        by=row.by,
        reason=row.reason,
    )[:REASON_LENGTH]
    close_course(work, row.course_id, closed_by=_mark(row), reason=said)
    settle_questions_in(work.session, work.act, _order_of(work.session, row))


def _open_again(work: Work, row: DeskRefund) -> None:
    course = course_for_change(work.session, row.course_id)
    if course.closed_by == _mark(row):
        reopen(work, course)
        ask_again_in(work.session, _order_of(work.session, row))


def _ask_about_failure(work: Work, row: DeskRefund) -> None:
    row.problem = row.problem or _FAILED
    _drop_question(work.session, work.act, row)
    amount = _written(work.session, row, row.amount)
    said = row.problem[:REASON_LENGTH]
    add_history(work, row.course_id, "refund", f"Refund of {amount} failed", reason=said)
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


def _drop_question(session: Session, act: Act, row: DeskRefund) -> None:
    item = session.scalar(select(Attention).where(Attention.dedupe == _question(row)))
    if item is not None:
        settle_row(item, act, _("The other part failed too"))


def _question(row: DeskRefund) -> str:
    return f"desk-refund:{row.id}:part"


def _mark(row: DeskRefund) -> str:
    return f"desk:{row.id}"


def _order_of(session: Session, row: DeskRefund) -> str:
    return course_for_change(session, row.course_id).square_order_id or ""


def _written(session: Session, row: DeskRefund, amount: int) -> str:
    return clinic_money(session, Money(amount, row.currency))
