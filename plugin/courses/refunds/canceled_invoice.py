"""An invoice canceled when part-paid: nothing more is due, and a person decides about what was paid.

Refund it, keep the sessions it pays for, or leave the course open unchanged.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.course import AllowanceState
from plugin.core.ledger import Change, Kind, adjusted
from plugin.core.money import Money
from plugin.core.status import CLOSED
from plugin.courses.base import chain
from plugin.courses.base.attention import open_item
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import charge_of, course_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import clinic_money, sessions_text
from plugin.courses.base.work import Work
from plugin.courses.refunds.basis import refund_basis_in
from plugin.courses.refunds.desk_refunds import NewRefund, begin_refund, canceled_invoice_question, quote_in
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.tables import Allowance, Attention, Course
from plugin.wording import _

CANCELED_PART_PAID = "canceled_part_paid"
KEEP, REFUND, LEAVE = "keep_sessions", "refund", "leave_open"


def end_collection(work: Work, square_order_id: str) -> str:
    """End collection for the part-paid courses of a canceled invoice, and open an item for each; once."""
    rows = select(Course.id).where(
        Course.square_order_id == square_order_id, Course.closed_as.is_(None), Course.due_ended_at.is_(None)
    )
    ended = [_end(work, each) for each in work.session.scalars(rows.order_by(Course.id)).all()]
    return _("Its invoice was canceled; a person decides.") if any(ended) else _("Its invoice was canceled.")


def _end(work: Work, course_id: str) -> bool:
    row = chain.course_for_change(work.session, course_id)
    course = _view(work.session, work.act, row)
    if row.due_ended_at is not None or not course.is_part_paid or course.closed_at is not None:
        return False
    row.due_ended_at = work.now
    paid, of = clinic_money(work.session, course.gross_paid), clinic_money(work.session, course.gross_price)
    chain.add_history(
        work,
        row.id,
        "canceled",
        _("Invoice canceled: {paid} of {of} is paid, no more is due", paid=paid, of=of),
    )
    sessions = _kept_sessions(course)
    open_item(
        work,
        kind=CANCELED_PART_PAID,
        dedupe=canceled_invoice_question(row.id),
        summary=_(
            "The invoice for {package_name} was canceled after {paid} of {of} was paid.",
            package_name=course.package_name,
            paid=paid,
            of=of,
        ),
        details={
            "course_ids": [row.id],
            "proposal": _proposal(work.session, course, sessions),
            "proposed_decision": KEEP if sessions else REFUND,
            "proposed_sessions": sessions or None,
            "proposed_course_id": row.id,
            "decisions": [*([KEEP] if sessions else ()), REFUND, LEAVE],
        },
        square_order_id=row.square_order_id,
    )
    publish(work, CourseChanged(row.id))
    work.session.flush()
    return True


def _proposal(session: Session, course: CourseView, sessions: int) -> str:
    paid = clinic_money(session, refund_basis_in(session, course).agreed.kept)
    if not sessions:
        return _("{paid} pays for no session: refund it, or leave the package open.", paid=paid)
    pays_for = _(
        "{paid} pays for {sessions} of {granted} sessions",
        paid=paid,
        sessions=sessions,
        granted=course.granted,
    )
    return _(
        "{pays_for}: keep {sessions}, refund it, or leave the package open.",
        pays_for=pays_for,
        sessions=sessions_text(sessions),
    )


def waits_for_decision(store: Store, course_ids: Collection[str]) -> bool:
    """Return whether a decision about one of these courses, whose invoice was canceled, is still open."""
    marks = [canceled_invoice_question(each) for each in course_ids]
    waiting = select(Attention.id).where(Attention.dedupe.in_(marks), Attention.resolved_at.is_(None))
    with store.reading() as session:
        return session.scalar(waiting.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class PaidPart:
    """The options: the refund by the course's own formula, None where not allowed, and sessions to keep."""

    refund: Money | None
    sessions: int


def paid_part(store: Store, course_id: str, *, today: date) -> PaidPart:
    """Return the options for a course whose invoice was canceled; raises NotFound."""
    with store.reading() as session:
        try:
            quote = quote_in(session, course_id, today=today)
        except Refused:
            return PaidPart(None, 0)
        return PaidPart(quote.values[quote.formula].amount, _kept_sessions(quote.course))


def refund_paid(work: Work, course_id: str, amount: int | None, *, reason: str) -> None:
    """Begin to refund what was paid, for the owner; by the course's own formula where no amount is given."""
    chain.course_for_change(work.session, course_id)
    quote = quote_in(work.session, course_id, today=local_date_in(work.session, work.now))
    by_formula = quote.values[quote.formula].amount
    money = by_formula if amount is None else Money(amount, by_formula.currency)
    wish = NewRefund(course_id, money, reason, quote.formula.value)
    begin_refund(work, wish)


def keep_paid_sessions(work: Work, course_id: str, sessions: int | None, *, reason: str) -> None:
    """Reduce a course to what is paid: locked sessions are removed, and it counts as paid in full.

    Raises InvalidField for a number of sessions other than those paid for, or Refused where none can be kept.
    """
    row = chain.course_for_change(work.session, course_id)
    course = _view(work.session, work.act, row)
    if course.closed_at is not None:
        raise Refused(_("This course was {value}.", value=CLOSED[course.status]), code=course.status.value)
    kept = _kept_sessions(course)
    if not course.is_part_paid or not kept:
        raise Refused(
            _("This course has no locked sessions beside sessions that are paid."), code="nothing_to_keep"
        )
    if sessions not in (None, kept):
        said = _(
            "{amount} pays for {sessions}. Keep {kept}.",
            amount=clinic_money(work.session, course.gross_paid),
            sessions=sessions_text(kept),
            kept=kept,
        )
        raise InvalidField(said, field="sessions")
    removed = _remove_locked(work, course, reason)
    _settle_price(work.session, row)
    text = _(
        "Canceled invoice: {sessions} kept, {sessions2} removed",
        sessions=sessions_text(kept),
        sessions2=sessions_text(removed),
    )
    chain.add_history(work, row.id, "kept", text, reason=reason)
    publish(work, CourseChanged(row.id))


def leave_open(work: Work, course_id: str, *, reason: str) -> None:
    """Leave the course unchanged: what is paid for can be used, nothing more is due."""
    chain.add_history(work, course_id, "kept", _("Canceled invoice: the package stays open"), reason=reason)


def course_asked_about(item: Attention) -> str:
    """Return the id of the one course that the item is about."""
    course_ids: list[str] = item.details["course_ids"]
    return course_ids[0]


def _kept_sessions(course: CourseView) -> int:
    counted = [each for each in course.allowances if each.kind == "main"] or list(course.allowances)
    return sum(_kept(each) for each in counted)


def _kept(allowance: AllowanceState) -> int:
    return max(allowance.used, min(allowance.granted, allowance.unlocked))


def _remove_locked(work: Work, course: CourseView, reason: str) -> int:
    """Remove what is not paid for; return the number of sessions removed.

    The value of an allowance left without sessions moves to one that has some; if none has, it was used up.
    """
    views = {each.id: each for each in course.allowances}
    rows = chain.allowances_of(work.session, course.id)
    left = {row.id: min(views[row.id].left, _kept(views[row.id]) - views[row.id].used) for row in rows}
    holder = next((row for row in rows if left[row.id]), None)
    removed = moved = 0
    for row in rows:
        head = chain.head_of(work.session, row.id)
        gone = head.sessions - left[row.id]
        if gone:
            chain.append(
                work, row.id, head, adjusted(head, -gone, value=0), _line(work, row, "removed", reason)
            )
            removed += gone
        if row is not holder and not left[row.id] and head.value:
            moved += head.value
            _move_value(work, row, -head.value, reason)
    if holder is not None and moved:
        _move_value(work, holder, moved, reason)
    return removed


def _move_value(work: Work, row: Allowance, value: int, reason: str) -> None:
    head = chain.head_of(work.session, row.id)
    chain.append(work, row.id, head, Change(Kind.ADJUSTED, value=value), _line(work, row, "value", reason))


def _line(work: Work, row: Allowance, what: str, reason: str) -> chain.Line:
    return chain.Line(f"canceled:{row.course_id}:{row.position}:{what}", work.now, reason=reason)


def _settle_price(session: Session, row: Course) -> None:
    """Set the price to what is paid: nothing is locked any more, and a refund is based on what was paid."""
    charge = charge_of(row)
    for allowance in chain.allowances_of(session, row.id):
        allowance.price = chain.money_paid(session, allowance.id)
    row.price = sum(allowance.price for allowance in chain.allowances_of(session, row.id))
    if row.tax is not None and charge.tax:
        row.tax_in_price = charge.tax_in_price * (row.tax_paid or 0) // charge.tax
        row.tax = row.tax_paid
    session.flush()


def _view(session: Session, act: Act, row: Course) -> CourseView:
    return course_in(session, row, today=local_date_in(session, act.now))
