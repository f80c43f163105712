"""What a refund of a course would give back by each formula, and whether one may be begun. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.refund_value import Agreed, RefundValue, Sessions, Write, discount_forfeited, prorated
from plugin.core.status import Status
from plugin.core.terms import RefundFormula
from plugin.courses.clinic import clinic_in
from plugin.courses.read import course_in
from plugin.courses.views import ClinicView, CourseView
from plugin.courses.words import money_text
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.selling import DeskRefund


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """Both sums with their working. `most` is what came for the course and did not go back before."""

    course: CourseView
    values: dict[RefundFormula, RefundValue]
    most: Money

    @property
    def formula(self) -> RefundFormula:
        """Return the formula of the course's own terms."""
        return self.course.terms.refund_formula

    @property
    def in_order(self) -> tuple[RefundFormula, ...]:
        """Return the formulas, the course's own first."""
        return tuple(sorted(RefundFormula, key=lambda each: each is not self.formula))

    @property
    def working(self) -> tuple[str, ...]:
        """Return all sentences of both sums, each told which of them it belongs to."""
        return tuple(
            f"{CALLED[each]}: {said}" for each in self.in_order for said in self.values[each].working
        )

    @property
    def mark(self) -> str:
        """Return what changes when either sum does."""
        return ":".join(str(self.values[each].amount.amount) for each in RefundFormula)


# How the two are called where people read them.
CALLED = {
    RefundFormula.PRORATED: "Prorated",
    RefundFormula.DISCOUNT_FORFEITED: "Discount forfeited",
}


def refund_quote(store: Store, course_id: str, *, today: date) -> RefundQuote:
    """Return what a refund would give back; raises NotFound, or Refused where none may be begun."""
    with store.reading() as session:
        return quote_in(session, course_id, today=today)


def quote_in(session: Session, course_id: str, *, today: date) -> RefundQuote:
    """Return the quote as seen by this session; raises NotFound or Refused."""
    row = session.get(Course, course_id)
    if row is None:
        raise NotFound("There is no such course.")
    quote = _quote(course_in(session, row, today=today), clinic_in(session))
    _refuse(session, quote)
    return quote


def _quote(course: CourseView, clinic: ClinicView) -> RefundQuote:
    def write(money: Money) -> str:
        return money_text(money, language=clinic.language, country=clinic.country)

    parts = [
        Sessions(each.treatment, each.used, each.left, each.single_price.amount) for each in course.allowances
    ]
    agreed = agreed_of(course)
    # The credit of an exchange was paid for another course: Square gives it back of that sale alone.
    most = replace(agreed, came=course.paid).kept
    values = {each: _at_most(value, most, write) for each, value in _values(agreed, parts, write).items()}
    return RefundQuote(course, values, most)


def agreed_of(course: CourseView) -> Agreed:
    """Return what was agreed for a course and what came of it, a credit among it."""
    credit = _came_as_credit(course)
    back, gone = _given_back(course), _left_with_sessions(course)
    return Agreed(course.price + credit, course.paid + credit, back, gone)


def _came_as_credit(course: CourseView) -> Money:
    """Return what came in from other courses and did not go out again, such as the credit of an exchange."""
    moving = (Kind.TRANSFERRED_IN, Kind.TRANSFERRED_OUT)
    moved = sum(each.value_delta.amount for each in course.entries if each.kind in moving)
    return Money(max(0, moved), course.paid.currency)


def _at_most(value: RefundValue, most: Money, write: Write) -> RefundValue:
    if value.amount <= most:
        return value
    rest = f"Of this sale, Square can give back {write(most)}."
    where = f"Give the other {write(value.amount - most)} back of the sale that it came from."
    return RefundValue(most, (*value.working, f"{rest} {where}"))


def _values(agreed: Agreed, parts: list[Sessions], write: Write) -> dict[RefundFormula, RefundValue]:
    return {
        RefundFormula.PRORATED: prorated(agreed, parts, write),
        RefundFormula.DISCOUNT_FORFEITED: discount_forfeited(agreed, parts, write),
    }


def _given_back(course: CourseView) -> Money:
    standing = [each for each in course.entries if each.kind is Kind.REFUNDED and each.reversed_by is None]
    return Money(-sum(each.value_delta.amount for each in standing), course.paid.currency)


def _left_with_sessions(course: CourseView) -> int:
    """Return the value of sessions transferred away or taken away: their money is no longer this course's to give."""
    moving = (Kind.TRANSFERRED_OUT, Kind.TRANSFERRED_IN)
    moved = sum(each.value_delta.amount for each in course.entries if each.kind in moving)
    taken = sum(
        each.value_delta.amount
        for each in course.entries
        if each.kind is Kind.ADJUSTED and each.sessions_delta < 0 and each.reversed_by is None
    )
    return max(0, -moved) - taken


def _refuse(session: Session, quote: RefundQuote) -> None:
    course = quote.course
    if course.origin is not None:
        said = f"These sessions came from {course.origin.client_name or 'another course'}, and so did their money."
        raise Refused(f"{said} Transfer them back, then refund them there.", code="transferred")
    if course.status is Status.TRANSFERRED:
        said = "This course was transferred. Its money can go back only from here:"
        raise Refused(f"{said} transfer the sessions back first.", code="transferred")
    if course.gift is not None:
        raise Refused("This course waits as a gift. Take the gift back first.", code="waits_as_gift")
    if course.status is Status.REFUNDED:
        raise Refused(f"This course was {course.status}; no money of it is left.", code=course.status.value)
    if session.scalar(select(DeskRefund.id).where(DeskRefund.under_way == course.id)) is not None:
        raise Refused("A refund of this course is under way already.", code="refund_under_way")
    if course.square_order_id is None:
        said = "This course was not sold through Square, so Square can't give its money back."
        raise Refused(said, code="not_sold_on_square")
    if quote.most.amount == 0:
        raise Refused("No money of this course is left to give back.", code="nothing_to_refund")
