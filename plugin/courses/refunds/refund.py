"""A refund made in Square removes the sessions in the same transaction (docs/rules.md, rule 9).

Itemized returns name the line; a refund begun at the desk is known for its course. Any other amount is
unambiguous only when it refunds the whole sale; less opens an item with a proposal and arithmetic.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.text import REASON_LENGTH, clean
from plugin.courses.base.attention import open_item
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.state import course_states
from plugin.courses.base.words import clinic_money
from plugin.courses.base.work import Work, in_transaction
from plugin.courses.refunds.basis import GONE, close_course, refunded_so_far_in
from plugin.courses.refunds.desk_refund_parts import part_of_refund_in, settle_part
from plugin.courses.refunds.refund_question import (
    WHOLE,
    ask_which_sessions,
    give_back,
    return_mark,
    settle_questions_in,
)
from plugin.courses.sales.book import courses_of_order_in
from plugin.courses.sales.changed_sale import ask_about_used, was_asked_in
from plugin.courses.sales.sales import Refund, ReturnLine
from plugin.store.tables import Client, Course, CourseOrigin, SquareRefund
from plugin.wording import _


def record_refund(work: Work, refund: Refund) -> str:
    """Apply the current state of a refund at Square; the same refund again changes nothing."""
    # All of the sale's courses, always in this order: two refunds of one sale run one after the other.
    locked = select(Course).where(Course.square_order_id == refund.square_order_id).order_by(Course.id)
    list(work.session.scalars(locked.with_for_update().execution_options(populate_existing=True)))
    course_ids = courses_of_order_in(work.session, refund.square_order_id)
    ours = part_of_refund_in(work.session, refund)
    if ours is None:
        ask_about_transferred(work, refund, course_ids)
    if not _note(work.session, work.act, refund):
        return _("That refund had failed before; this is older news.")
    if not course_ids:
        return _("That sale opened no course.")
    if ours is not None:
        return settle_part(work, ours, refund.status)
    if refund.status in GONE:
        return give_back(work, refund, course_ids)
    named = [line for line in refund.lines if line.source_line_uid is not None]
    closed = [each for line in named for each in _close_line(work, refund, line)]
    if not named or len(named) < len(refund.lines):
        if refunded_so_far_in(work.session, refund.square_order_id) < refund.order_total.amount:
            return ask_which_sessions(work, refund, course_ids)
        closed += _close_all(work, refund, course_ids)
    settle_questions_in(work.session, work.act, refund.square_order_id)
    return (
        _("{n} of the sale’s courses closed.", n=len(closed)) if closed else _("Nothing was left to close.")
    )


refund_sale = in_transaction(record_refund)


def _note(session: Session, act: Act, refund: Refund) -> bool:
    """Store the refund's state; False for a late event from before it failed."""
    row = session.get(SquareRefund, refund.square_refund_id)
    if row is None:
        row = SquareRefund(square_refund_id=refund.square_refund_id)
        session.add(row)
    elif row.status in GONE and refund.status not in GONE:
        return False
    row.square_order_id, row.return_order_id = refund.square_order_id, refund.return_order_id
    row.amount, row.currency = refund.amount.amount, refund.amount.currency
    row.status, row.seen_at = refund.status, act.now
    # A person may have marked it as tip where Square does not, or have counted it against a course before.
    row.tip = min(max(row.tip or 0, refund.tip), refund.amount.amount - (row.for_course or 0))
    session.flush()
    return True


def _close_line(work: Work, refund: Refund, line: ReturnLine) -> list[str]:
    """Close one of the line's courses per unit returned: unused ones first, then those with most left."""
    closed = []
    for unit in range(1, line.quantity + 1):
        closed_by = f"{return_mark(refund)}{line.uid}:{unit}"
        if work.session.scalar(select(Course.id).where(Course.closed_by == closed_by)) is not None:
            continue
        if was_asked_in(work.session, closed_by):
            continue
        course_id = _fullest(work.session, work.act, refund.square_order_id, line.source_line_uid or "")
        if course_id is None:
            break
        close_course(work, course_id, closed_by=closed_by, reason=_reason(refund))
        ask_about_used(work, refund, course_id, closed_by)
        closed.append(course_id)
    return closed


def _fullest(session: Session, act: Act, square_order_id: str, line_uid: str) -> str | None:
    open_courses = select(Course).where(
        Course.square_order_id == square_order_id,
        Course.square_line_uid == line_uid,
        Course.closed_as.is_(None),
    )
    rows = list(session.scalars(open_courses))
    if not rows:
        return None
    states = course_states(session, [row.id for row in rows], today=local_date_in(session, act.now))
    left = {course_id: state.all_left for course_id, state in states.items()}
    return max(rows, key=lambda row: (left[row.id], row.unit or 0)).id


def _close_all(work: Work, refund: Refund, course_ids: Sequence[str]) -> list[str]:
    closed = []
    for course_id in course_ids:
        closed_by = f"{WHOLE}{refund.square_refund_id}:{course_id}"
        if was_asked_in(work.session, closed_by):
            continue
        if close_course(work, course_id, closed_by=closed_by, reason=_reason(refund)):
            ask_about_used(work, refund, course_id, closed_by)
            closed.append(course_id)
    return closed


def _reason(refund: Refund) -> str:
    said = clean(refund.reason)
    return _("Refunded in Square: {said}", said=said)[:REASON_LENGTH] if said else _("Refunded in Square")


REFUND_AFTER_TRANSFER = "refund_after_transfer"


def ask_about_transferred(work: Work, refund: Refund, course_ids: Sequence[str]) -> None:
    """Open an item about the sessions that were transferred out of a sale refunded now.

    The money is returned to the payer, but another client owns the sessions now. None are removed automatically.
    """
    is_tip_alone = 0 < refund.amount.amount == refund.tip
    if refund.status in GONE or is_tip_alone:
        return
    rows = work.session.execute(
        select(Course.id, Client.name)
        .join(CourseOrigin, CourseOrigin.course_id == Course.id)
        .join(Client, Client.id == Course.client_id)
        .where(CourseOrigin.origin_id.in_(course_ids), Course.closed_as.is_(None))
        .order_by(Course.id)
    ).all()
    if not rows:
        return
    amount = clinic_money(work.session, refund.amount)
    names = ", ".join(dict.fromkeys(name for _other, name in rows))
    open_item(
        work,
        kind=REFUND_AFTER_TRANSFER,
        dedupe=f"{REFUND_AFTER_TRANSFER}:{refund.square_refund_id}",
        summary=_(
            "{amount} of a sale was refunded, sessions of which were transferred to {names}.",
            amount=amount,
            names=names,
        ),
        details={
            "course_ids": [course_id for course_id, _other in rows],
            "proposal": _(
                "They are still there. Write them off on that client’s page if they are not to be used."
            ),
        },
        square_order_id=refund.square_order_id,
        square_refund_id=refund.square_refund_id,
    )
