"""A course's credit toward another package, by its own refund formula, and whether it may be exchanged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.money import Charge, Money
from plugin.core.refund_value import FORMULAS
from plugin.core.status import Status
from plugin.courses.base.chain import NO_COURSE
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.course_extras import is_refunding_in
from plugin.courses.base.read import course_in
from plugin.courses.base.views import CourseView, PackageView
from plugin.courses.base.words import money_text
from plugin.courses.base.work import reading, require_row
from plugin.courses.refunds.basis import refund_basis_in
from plugin.errors import Refused
from plugin.store.tables import Checkout, Course
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class Credit:
    """The course and what its sessions left are worth toward another price, with the working.

    `amount` is as prices are listed: including a tax that they contain, excluding one that Square adds.
    """

    course: CourseView
    amount: Money
    working: tuple[str, ...]
    charge: Charge

    def against(self, price: Money) -> Money:
        """Return how much of the credit applies to a package of this price."""
        return min(self.amount, price)

    def to_pay(self, price: Money) -> Money:
        """Return the difference the client pays."""
        return price - self.against(price)

    def goes_back(self, price: Money) -> Money:
        """Return the difference refunded to the client, tax included."""
        rest = self.amount - self.against(price)
        return Money(self.charge.gross_of_listed(rest.amount), rest.currency)

    def kept_for(self, price: Money) -> dict[str, Any]:
        """Return what must be unchanged when the payment arrives, and how the credit is allocated then.

        `into` and `back` are the net ledger values of `discount` and `goes_back`.
        """
        discount, goes_back = self.against(price).amount, self.goes_back(price).amount
        return {
            "into": self.charge.net_of(self.charge.gross_of_listed(discount)),
            "back": self.charge.net_of(goes_back),
            "left": {each.id: each.left for each in self.course.allowances},
            "value": self.course.value_left.amount,
            "discount": discount,
            "goes_back": goes_back,
        }


@dataclass(frozen=True, slots=True)
class ExchangeOffer:
    """A package the course may be exchanged for: the amount to pay, and the amount refunded."""

    package: PackageView
    to_pay: Money
    goes_back: Money


def offers_for(credit: Credit, packages: Iterable[PackageView]) -> tuple[ExchangeOffer, ...]:
    """Return the exchange offer for each package that Square POS sells in the course's currency."""
    return tuple(
        ExchangeOffer(each, credit.to_pay(each.price), credit.goes_back(each.price))
        for each in packages
        if each.square_variation_id and each.is_active and each.price.currency == credit.amount.currency
    )


def credit_in(session: Session, course_id: str, *, today: date) -> Credit:
    """Return the credit of a course; raises NotFound, or Refused where it can't be exchanged."""
    course = course_in(session, require_row(session, Course, course_id, NO_COURSE), today=today)
    _refuse(session, course)
    return credit_now_in(session, course)


credit_of = reading(credit_in)


def credit_now_in(session: Session, course: CourseView) -> Credit:
    """Return what a course's sessions left are worth, without checking whether it may be exchanged."""
    clinic = clinic_in(session)

    def write(money: Money) -> str:
        return money_text(money, clinic)

    basis = refund_basis_in(session, course)
    value = FORMULAS[course.terms.refund_formula](basis.agreed, basis.sessions, write)
    listed = Money(basis.charge.listed_of(value.amount.amount), value.amount.currency)
    working = value.working
    if listed != value.amount:
        working += (_("Without the tax that is added to the new price: {write}.", write=write(listed)),)
    return Credit(course, listed, working, basis.charge)


def _refuse(session: Session, course: CourseView) -> None:
    if course.client_id is None:
        raise Refused(_("No one owns this course yet. Assign it to a client first."), code="unassigned")
    if course.waiting_gift is not None:
        raise Refused(
            _("This course is a gift that is not redeemed. Cancel the gift first."), code="waits_as_gift"
        )
    said = {
        Status.REFUNDED: _("This course was refunded."),
        Status.TRANSFERRED: _("This course was transferred."),
        Status.FROZEN: _("This course is frozen. Unfreeze it first."),
        Status.EXPIRED: _("This course has expired. Extend it first."),
        Status.FINISHED: _("All sessions are used, so there is nothing to exchange."),
        Status.PART_PAID: _("This course is not paid in full. Exchange it once it is."),
    }.get(course.status)
    if said is not None:
        raise Refused(said, code=course.status.value)
    if is_refunding_in(session, course.id):
        raise Refused(_("A refund of this course is pending."), code="refund_under_way")
    under_way = select(Checkout.id).where(Checkout.exchange_under_way == course.id)
    if session.scalar(under_way) is not None:
        raise Refused(_("An exchange of this course is pending already."), code="exchange_under_way")
