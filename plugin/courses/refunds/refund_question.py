"""A refund that names no line: our proposal, with the arithmetic, for a person to decide."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.ledger import Change, Kind, refunded
from plugin.core.money import Money
from plugin.core.refund_value import price_of, sessions_covered
from plugin.core.status import CLOSED
from plugin.courses.base import chain
from plugin.courses.base.attention import open_item, settle_item_in, settle_row
from plugin.courses.base.chain import add_history, append_reversal, course_for_change
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import courses_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import clinic_money, sessions_text
from plugin.courses.base.work import Work
from plugin.courses.refunds.basis import (
    GONE,
    RefundBasis,
    charge_in,
    refund_basis_in,
    refunded_so_far_in,
    tips_refunded_in,
)
from plugin.courses.sales.changed_sale import drop_used_question_in
from plugin.courses.sales.sales import Refund
from plugin.errors import InvalidField, Refused
from plugin.store.tables import Allowance, Attention, Course, Entry, SquareRefund
from plugin.wording import N_, _

# The decision that a refund was the tip, where the sale had one.
TIP = "tip_only"
_ONLY_TIP = N_("Only the tip was refunded; all sessions stay")
_WHOLE_SALE = N_("The whole sale was refunded since")


@dataclass(frozen=True, slots=True)
class _Proposal:
    """Our proposal: in a sentence, and as a decision where it is unambiguous for exactly one course."""

    proposal: str
    proposed_decision: str | None = None
    proposed_sessions: int | None = None
    proposed_course_id: str | None = None


def ask_which_sessions(work: Work, refund: Refund, course_ids: Sequence[str]) -> str:
    """Open the attention item; return the outcome of the refund, in words."""
    rows = work.session.scalars(select(Course).where(Course.id.in_(course_ids)).order_by(Course.id))
    courses = courses_in(work.session, list(rows), today=local_date_in(work.session, work.now))
    open_courses = [course for course in courses if course.closed_at is None]
    if not open_courses:
        return _("Every course of the sale was closed before.")
    if refund.unnamed == 0:
        # Its first event may have had less data.
        settle_item_in(work.session, work.act, f"refund:{refund.square_refund_id}", _ONLY_TIP)
        return _ONLY_TIP
    asked = _Asked(
        work.session,
        Money(refund.unnamed, refund.amount.currency),
        refund.order_tip - tips_refunded_in(work.session, refund.square_order_id),
    )
    open_item(
        work,
        kind="unclear_refund",
        dedupe=f"refund:{refund.square_refund_id}",
        summary=_("Partial refund of {given} with no item. How many sessions to remove?", given=asked.given),
        details={
            "course_ids": [course.id for course in open_courses],
            "amount": asked.amount.amount,
            "currency": asked.amount.currency,
            **(
                {"decisions": [TIP, "close_course", "take_sessions", "keep_sessions"]}
                if asked.may_be_tip
                else {}
            ),
            "tip": refund.order_tip,
            **asdict(_proposal(open_courses, asked)),
        },
        square_order_id=refund.square_order_id,
        square_refund_id=refund.square_refund_id,
    )
    return _("The refund names no line; a person decides.")


def settle_questions_in(session: Session, act: Act, square_order_id: str) -> None:
    """Resolve the order's items once all of its courses are closed: nothing is left to decide."""
    open_course = select(Course.id).where(
        Course.square_order_id == square_order_id, Course.closed_as.is_(None)
    )
    if session.scalar(open_course) is not None:
        return
    questions = session.scalars(
        select(Attention).where(
            Attention.kind.in_(("unclear_refund", "unassigned_sale", "canceled_part_paid")),
            Attention.square_order_id == square_order_id,
            Attention.resolved_at.is_(None),
        )
    )
    for item in questions:
        settle_row(item, act, _WHOLE_SALE)


def ask_again_in(session: Session, square_order_id: str) -> None:
    """Reopen the items resolved because the whole sale was refunded: it was not, after all."""
    questions = session.scalars(select(Attention).where(Attention.square_order_id == square_order_id))
    for item in questions:
        if item.resolution == {"reason": _WHOLE_SALE}:
            item.resolved_at = item.resolved_by = item.resolution = None


def drop_question_in(session: Session, act: Act, square_refund_id: str) -> None:
    """Resolve the item of a refund that failed: no money was returned, so no session is removed."""
    item = session.scalar(select(Attention).where(Attention.dedupe == f"refund:{square_refund_id}"))
    if item is not None and item.resolution == {"reason": _WHOLE_SALE}:
        item.resolved_at = None
    if item is not None:
        settle_row(item, act, _("The refund failed in Square"))


def keep_as_tip(work: Work, item: Attention, *, reason: str) -> None:
    """Record a refund as tip, so nothing is removed from the courses; raises Refused where no tip is left."""
    row = work.session.get_one(SquareRefund, item.square_refund_id)
    if item.details["amount"] > item.details["tip"] - tips_refunded_in(
        work.session, row.square_order_id or ""
    ):
        raise Refused(_("The tip of this sale was refunded before."), code="no_tip_left", field="decision")
    row.tip = item.details["amount"]
    for course_id in item.details["course_ids"]:
        given = clinic_money(work.session, Money(row.tip, row.currency))
        chain.add_history(
            work,
            course_id,
            "refund",
            _("Tip of {amount} refunded; all sessions kept", amount=given),
            reason=reason,
        )


def take_sessions(
    work: Work,
    course_id: str,
    sessions: int,
    amount: int,
    *,
    square_refund_id: str,
    reason: str,
) -> None:
    """Remove sessions and refunded money from the course's main allowance; zero sessions for goodwill.

    `amount` is what the client was refunded, tax included; the ledger removes it net, as far as it is still
    deferred. Raises NoneLeft, InvalidField or Refused.
    """
    if sessions < 0 or amount < 0:
        raise InvalidField(_("Sessions and amount are zero or more."), field="sessions")
    course = chain.course_for_change(work.session, course_id)
    if course.closed_as is not None:
        raise Refused(
            _("This course was {closed_as}.", closed_as=CLOSED[course.closed_as]),
            code=course.closed_as,
        )
    allowances = chain.allowances_of(work.session, course.id)
    main = chain.main_of(allowances)
    head = chain.head_of(work.session, main.id)
    net = min(charge_in(work.session, course).net_of(amount), head.value)
    value = refunded(head, sessions).value if sessions == head.sessions else -net
    change = Change(Kind.REFUNDED, sessions=-sessions, value=value)
    line = chain.Line(f"refund:{square_refund_id}:{course.id}", work.now, reason=reason)
    chain.append(work, main.id, head, change, line)
    row = work.session.get_one(SquareRefund, square_refund_id)
    row.course_id, row.for_course = course.id, amount
    text = _("Partly refunded; {sessions} left the balance", sessions=sessions_text(sessions))
    chain.add_history(work, course.id, "refunded", text, reason=reason)
    publish(work, CourseChanged(course.id))


@dataclass(frozen=True, slots=True)
class _Asked:
    """How much of a refund names no line, and how much of the sale's tip was not refunded before."""

    session: Session
    amount: Money
    tip_left: int

    @property
    def given(self) -> str:
        """Return the formatted amount."""
        return self.written(self.amount.amount)

    @property
    def may_be_tip(self) -> bool:
        return self.amount.amount <= self.tip_left

    def written(self, amount: int) -> str:
        """Format minor units of the refund's currency."""
        return clinic_money(self.session, Money(amount, self.amount.currency))


def _proposal(courses: Sequence[CourseView], asked: _Asked) -> _Proposal:
    one = courses[0] if len(courses) == 1 else None
    if asked.amount.amount == asked.tip_left:
        said = _("{given} is the tip of this sale: keep all sessions.", given=asked.given)
        return _Proposal(said, TIP, proposed_course_id=one.id if one else None)
    if one is None:
        return _Proposal(_("That sale opened {n} courses. Choose the one the money was for.", n=len(courses)))
    basis = refund_basis_in(asked.session, one)
    kept = basis.agreed.kept.amount
    if 0 < kept <= asked.amount.amount:
        said = _("{given} is all that was paid for it: cancel the package.", given=asked.given)
        return _Proposal(said, "close_course", proposed_course_id=one.id)
    if one.left == 0:
        return _keeping(one, _("No session is left to remove: keep the course as it is."))
    return _sessions_for(one, basis, asked)


def _sessions_for(course: CourseView, basis: RefundBasis, asked: _Asked) -> _Proposal:
    """Propose the sessions whose price is the amount, tax included, as the prorated formula counts them."""
    place = next((at for at, each in enumerate(course.allowances) if each.kind == "main"), 0)
    agreed, parts = basis.agreed, basis.sessions
    each = price_of(agreed, parts, parts[place], 1)
    if each == 0:
        return _keeping(course, _("Keep all sessions."))
    per = _("{amount}, tax included", amount=asked.written(each)) if agreed.tax else asked.written(each)
    fit = sessions_covered(agreed, parts, parts[place], asked.amount.amount)
    if fit == 0:
        return _keeping(
            course,
            _("{given} is less than one session ({per}): keep all sessions.", given=asked.given, per=per),
        )
    values = {"given": asked.given, "sessions": sessions_text(fit), "per": per}
    if price_of(agreed, parts, parts[place], fit) == asked.amount.amount:
        sum_shown = _("{given} is {sessions} at {per}", **values)
    else:
        sum_shown = _("{given} covers {sessions} at {per}", **values)
    said = _(
        "{sum_shown}: remove {sessions}, {left} remain.",
        sum_shown=sum_shown,
        sessions=sessions_text(fit),
        left=course.left - fit,
    )
    return _Proposal(said, "take_sessions", fit, course.id)


def _keeping(course: CourseView, said: str) -> _Proposal:
    return _Proposal(said, "keep_sessions", proposed_course_id=course.id)


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
