"""A refund that failed in the end: what it removed is restored to the cent, and its open questions return."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.chain import add_history, append_reversal, course_for_change
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.work import Work
from plugin.courses.refunds.basis import GONE, refunded_so_far_in
from plugin.courses.refunds.refund_question import ask_again_in, ask_which_sessions, drop_question_in
from plugin.courses.sales.changed_sale import drop_used_question_in
from plugin.courses.sales.sales import Refund
from plugin.store.tables import Allowance, Course, Entry, SquareRefund
from plugin.wording import N_, _

# Marks a course closed because refunds had reached the amount of the whole sale.
WHOLE = "whole:"

_FAILED = N_("Square says that the refund failed")
_OPEN_AGAIN = N_("Open again: the refund failed in Square")


def return_mark(refund: Refund) -> str:
    """Return the prefix of the marks of all courses closed by this refund's return lines."""
    return f"return:{refund.return_order_id or refund.square_refund_id}:"


def give_back(work: Work, refund: Refund, course_ids: Sequence[str]) -> str:
    """Undo the effects of this refund: Square reports that the money was not returned after all."""
    drop_question_in(work.session, work.act, refund.square_refund_id)
    reopened, marks = [], set()
    for course_id in course_ids:
        course = course_for_change(work.session, course_id)
        if _closed_by_this(work.session, course, refund):
            marks.add(course.closed_by or "")
            reopened.append(course_id)
            reopen(work, course)
        elif course.closed_as != "refunded":
            _return_sessions(work, course, f"refund:{refund.square_refund_id}:")
    if not reopened:
        return _("The refund failed.")
    ask_again_in(work.session, refund.square_order_id)
    for refund_id in {
        mark.removeprefix(WHOLE).rpartition(":")[0] for mark in marks if mark.startswith(WHOLE)
    }:
        _ask_of_the_rest(work, refund, refund_id, reopened)
    return _("The refund failed; {n} courses are open again.", n=len(reopened))


def _closed_by_this(session: Session, course: Course, refund: Refund) -> bool:
    mark = course.closed_by or ""
    if mark.startswith(return_mark(refund)):
        return not _has_live_twin(session, refund)
    if mark.startswith(WHOLE):
        return refunded_so_far_in(session, refund.square_order_id) < refund.order_total.amount
    return mark.startswith(f"refund:{refund.square_refund_id}:")


def _has_live_twin(session: Session, refund: Refund) -> bool:
    # A split tender is refunded by several refunds of one return: a failed one does not undo the others.
    twin = select(SquareRefund.square_refund_id).where(
        SquareRefund.return_order_id == refund.return_order_id,
        SquareRefund.square_refund_id != refund.square_refund_id,
        SquareRefund.status.not_in(GONE),
    )
    return refund.return_order_id is not None and session.scalar(twin) is not None


def _ask_of_the_rest(work: Work, failed: Refund, refund_id: str, course_ids: Sequence[str]) -> None:
    """Ask about the refund that had completed the whole sale, now partial because of the failed one."""
    row = work.session.get_one(SquareRefund, refund_id)
    if row.status in GONE:
        return
    amount = Money(row.amount, row.currency)
    standing = replace(failed, square_refund_id=refund_id, amount=amount, tip=row.tip, lines=())
    ask_which_sessions(work, standing, course_ids)


def reopen(
    work: Work,
    course: Course,
    *,
    text: str = _OPEN_AGAIN,
    reason: str = _FAILED,
) -> None:
    """Reopen a course that a refund had closed: what was removed with it is restored to the cent."""
    mark = course.closed_by or ""
    course.closed_as = course.closed_at = course.closed_by = None
    add_history(work, course.id, "reopened", text, reason="" if reason == _FAILED else reason)
    drop_used_question_in(work.session, work.act, mark, reason)
    _return_sessions(work, course, f"refund:{mark}:{course.id}:", reason)


def _return_sessions(work: Work, course: Course, key: str, reason: str = _FAILED) -> None:
    taken_back = select(Entry.reverses).where(Entry.reverses.is_not(None))
    rows = work.session.scalars(
        select(Entry)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .where(
            Allowance.course_id == course.id,
            Entry.idempotency_key.startswith(key, autoescape=True),
            Entry.kind == Kind.REFUNDED.value,
            Entry.id.not_in(taken_back),
        )
    )
    for entry in list(rows):
        append_reversal(work, entry, reason)
        # What was left had been transferred to another client in the meantime: this is left now.
        course.closed_as = course.closed_at = None
    publish(work, CourseChanged(course.id))
    work.session.flush()
