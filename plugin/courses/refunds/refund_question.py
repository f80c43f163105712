"""A refund that names no line: what we would do, with the arithmetic, for a person to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.ledger import Change, Kind, refunded
from plugin.core.money import Money
from plugin.courses.chain import Line, allowances_of, append, course_for_change, head_of, tell
from plugin.courses.clinic import clinic_in, local_date
from plugin.courses.queues.attention import open_item_in
from plugin.courses.queues.outbox import course_changed_in
from plugin.courses.read import courses_in
from plugin.courses.selling.sales import Refund
from plugin.courses.views import CourseView
from plugin.courses.words import money_text, sessions_text
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.queues import Attention

_WHOLE_SALE = "The whole sale was refunded since"


@dataclass(frozen=True, slots=True)
class _Proposal:
    """What we would do: in a sentence, and as a decision where it is plain for exactly one course."""

    proposal: str
    proposed_decision: str | None = None
    proposed_sessions: int | None = None
    proposed_course_id: str | None = None


def ask_which_sessions_in(
    session: Session, store: Store, act: Act, refund: Refund, course_ids: Sequence[str]
) -> str:
    """Open the question; return what became of the refund, in words."""
    clinic = clinic_in(session)
    rows = session.scalars(select(Course).where(Course.id.in_(course_ids)).order_by(Course.id))
    courses = courses_in(session, list(rows), today=local_date(clinic, act.now))
    open_courses = [course for course in courses if course.closed_at is None]
    if not open_courses:
        return "Every course of the sale was closed before."
    given = money_text(refund.amount, language=clinic.language, country=clinic.country)
    open_item_in(
        session,
        store,
        act,
        kind="unclear_refund",
        dedupe=f"refund:{refund.square_refund_id}",
        summary=f"{given} of a sale was refunded in Square without naming what. Which sessions leave?",
        details={
            "course_ids": [course.id for course in open_courses],
            "amount": refund.amount.amount,
            "currency": refund.amount.currency,
            **asdict(_proposal(open_courses, refund.amount, clinic.language, clinic.country)),
        },
        square_order_id=refund.square_order_id,
        square_refund_id=refund.square_refund_id,
    )
    return "The refund names no line; a person decides."


def settle_questions_in(session: Session, act: Act, square_order_id: str) -> None:
    """Close the order's questions once none of its courses is open any more: nothing is left to decide."""
    open_course = select(Course.id).where(
        Course.square_order_id == square_order_id, Course.closed_as.is_(None)
    )
    if session.scalar(open_course) is not None:
        return
    questions = session.scalars(
        select(Attention).where(
            Attention.kind.in_(("unclear_refund", "unassigned_sale")),
            Attention.square_order_id == square_order_id,
            Attention.resolved_at.is_(None),
        )
    )
    for item in questions:
        _settle(item, act, _WHOLE_SALE)


def ask_again_in(session: Session, square_order_id: str) -> None:
    """Open again the questions that had closed because the whole sale was refunded: it was not, after all."""
    questions = session.scalars(select(Attention).where(Attention.square_order_id == square_order_id))
    for item in questions:
        if item.resolution == {"reason": _WHOLE_SALE}:
            item.resolved_at = item.resolved_by = item.resolution = None


def drop_question_in(session: Session, act: Act, square_refund_id: str) -> None:
    """Close the question of a refund that failed: no money went back, so no session leaves."""
    item = session.scalar(select(Attention).where(Attention.dedupe == f"refund:{square_refund_id}"))
    if item is not None and (item.resolved_at is None or item.resolution == {"reason": _WHOLE_SALE}):
        _settle(item, act, "The refund failed in Square")


def _settle(item: Attention, act: Act, reason: str) -> None:
    item.resolved_at, item.resolved_by, item.resolution = act.now, act.actor.name, {"reason": reason}


def take_sessions_in(
    session: Session,
    store: Store,
    act: Act,
    course_id: str,
    sessions: int,
    amount: int,
    *,
    key: str,
    reason: str,
) -> None:
    """Let sessions and refunded money leave the course's main allowance; none of the sessions for goodwill.

    The money leaves what is owed as far as it was still owed; raises NoneLeft or InvalidField.
    """
    if sessions < 0 or amount < 0:
        raise InvalidField("Sessions and amount are zero or more.", field="sessions")
    course = course_for_change(session, course_id)
    if course.closed_as is not None:
        raise Refused(f"This course was {course.closed_as}.", code=course.closed_as)
    allowances = allowances_of(session, course.id)
    main = next((each for each in allowances if each.kind == "main"), allowances[0])
    head = head_of(session, main.id)
    value = refunded(head, sessions).value if sessions == head.sessions else -min(amount, head.value)
    change = Change(Kind.REFUNDED, sessions=-sessions, value=value)
    append(session, store, act, main.id, head, change, Line(f"{key}:{course.id}", act.now, reason=reason))
    text = f"Partly refunded; {sessions_text(sessions)} left the balance"
    tell(session, store, act, course.id, "refunded", text, reason=reason)
    course_changed_in(session, store, act, course.id)


def _proposal(courses: Sequence[CourseView], amount: Money, language: str, country: str) -> _Proposal:
    if len(courses) > 1:
        return _Proposal(f"{len(courses)} courses came of that sale. Choose the one the money was for.")
    course = courses[0]
    given = money_text(amount, language=language, country=country)
    if amount.amount >= course.paid.amount:
        said = f"{given} is all that was paid for it: close the course."
        return _Proposal(said, "close_course", proposed_course_id=course.id)
    each = Money(course.price.amount // max(course.granted, 1), course.price.currency)
    per = money_text(each, language=language, country=country)
    if course.left == 0:
        return _keeping(course, "No session is left to take back: keep the course as it is.")
    if each.amount == 0:
        return _keeping(course, "Keep all sessions.")
    fit = min(amount.amount // each.amount, course.left)
    if fit == 0:
        return _keeping(course, f"{given} is less than one session ({per}): keep all sessions.")
    exact = "is" if fit * each.amount == amount.amount else "covers"
    sum_shown = f"{given} {exact} {sessions_text(fit)} at {per}"
    said = f"{sum_shown}: take {sessions_text(fit)} back, {course.left - fit} stay."
    return _Proposal(said, "take_sessions", fit, course.id)


def _keeping(course: CourseView, said: str) -> _Proposal:
    return _Proposal(said, "keep_sessions", proposed_course_id=course.id)
