"""The amount refundable for a course by each formula, and whether a refund may be begun. Read-only.

A client may change their mind for a time: by the signed agreement, else by the clinic's setting.
"""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.change_of_mind import NONE, ChangeOfMind, Channel, profiles
from plugin.core.money import Money
from plugin.core.refund_value import FORMULAS, RefundValue, Write
from plugin.core.status import Status
from plugin.core.terms import RefundFormula
from plugin.courses.base.chain import NO_COURSE
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.course_extras import is_refunding_in
from plugin.courses.base.opening_hours import closed_days_in
from plugin.courses.base.read import course_in
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.words import money_text
from plugin.courses.base.work import require_row
from plugin.courses.refunds.basis import refund_basis_in
from plugin.courses.sales.agreed import agreement_of_rung_up_in
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.tables import Agreement, AgreementSale, Checkout, Course, PublicOrder
from plugin.wording import N_, _


@dataclass(frozen=True, slots=True)
class MindWindow:
    """A period to change one's mind that is running, and its last day."""

    profile: ChangeOfMind
    until: date


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """Both amounts with their working, tax included. `most` is what the client paid, less earlier refunds.

    `window`: the period to change one's mind, while it runs.
    """

    course: CourseView
    values: dict[RefundFormula, RefundValue]
    most: Money
    window: MindWindow | None = None

    @property
    def tax(self) -> Money:
        """Return how much of what the client paid is tax."""
        return self.course.gross_paid - self.course.paid

    @property
    def formula(self) -> RefundFormula:
        """Return the formula of the course's own terms."""
        return self.course.terms.refund_formula

    @property
    def proposed(self) -> RefundFormula:
        """Return the formula to propose: that of the period to change one's mind while it runs, else the course's."""
        return self.window.profile.formula if self.window else self.formula

    @property
    def in_order(self) -> tuple[RefundFormula, ...]:
        """Return the formulas, the proposed one first."""
        return tuple(sorted(RefundFormula, key=lambda each: each is not self.proposed))

    @property
    def working(self) -> tuple[str, ...]:
        """Return all sentences of both amounts, each with the name of its formula."""
        return tuple(
            f"{CALLED[each]}: {said}" for each in self.in_order for said in self.values[each].working
        )

    @property
    def mark(self) -> str:
        """Return a value that changes when either amount does."""
        return ":".join(str(self.values[each].amount.amount) for each in RefundFormula)


# The names of both formulas as people read them.
CALLED = {
    RefundFormula.PRORATED: N_("Prorated"),
    RefundFormula.DISCOUNT_FORFEITED: N_("Less used at single price"),
}


def refund_quote(store: Store, course_id: str, *, today: date, change_of_mind: str = NONE) -> RefundQuote:
    """Return the quote of a refund; raises NotFound, or Refused where none may be begun.

    `change_of_mind`: the clinic's profile, for a course that was sold without an agreement.
    """
    with store.reading() as session:
        quote = quote_in(session, course_id, today=today)
        return replace(quote, window=mind_window_in(session, quote.course, change_of_mind, today=today))


def quote_in(session: Session, course_id: str, *, today: date) -> RefundQuote:
    """Return the quote as seen by this session; raises NotFound or Refused."""
    row = require_row(session, Course, course_id, NO_COURSE)
    quote = _quote(session, course_in(session, row, today=today), clinic_in(session))
    _refuse(session, quote)
    return quote


def _quote(session: Session, course: CourseView, clinic: ClinicView) -> RefundQuote:
    def write(money: Money) -> str:
        return money_text(money, clinic)

    basis = refund_basis_in(session, course)
    most = basis.refundable
    values = {
        formula: _at_most(compute(basis.agreed, basis.sessions, write), most, write)
        for formula, compute in FORMULAS.items()
    }
    return RefundQuote(course, values, most)


def _at_most(value: RefundValue, most: Money, write: Write) -> RefundValue:
    if value.amount <= most:
        return value
    rest = _("Square can refund {write} of this sale.", write=write(most))
    where = _("Refund the other {write} from the sale that it was paid in.", write=write(value.amount - most))
    return RefundValue(most, (*value.working, f"{rest} {where}"))


def _refuse(session: Session, quote: RefundQuote) -> None:
    course = quote.course
    if course.origin is not None:
        said = _(
            "These sessions came from {value}, and so did their money.",
            value=course.origin.client_name or _("another course"),
        )
        raise Refused(_("{said} Transfer them back, then refund them there.", said=said), code="transferred")
    if course.status is Status.TRANSFERRED:
        said = _("This course was transferred. Its money can go back only from here:")
        raise Refused(_("{said} transfer the sessions back first.", said=said), code="transferred")
    if course.waiting_gift is not None:
        raise Refused(_("This course waits as a gift. Cancel the gift first."), code="waits_as_gift")
    if course.status is Status.REFUNDED:
        raise Refused(
            _("This course was {status}; no money of it is left.", status=course.status),
            code=course.status.value,
        )
    if is_refunding_in(session, course.id):
        raise Refused(_("A refund of this course is pending already."), code="refund_under_way")
    if course.square_order_id is None:
        said = _("This course was not sold through Square, so Square can’t give its money back.")
        raise Refused(said, code="not_sold_on_square")
    if quote.most.amount == 0:
        raise Refused(_("No money of this course is left to give back."), code="nothing_to_refund")


# Paid without the client being at the clinic, as far as is known.
_AT_A_DISTANCE = ("link", "invoice")


def mind_window_in(session: Session, course: CourseView, key: str, *, today: date) -> MindWindow | None:
    """Return the period if it is running today; `key`: the profile of the clinic's setting.

    What was agreed counts; a sale without an agreement has the clinic's period, and the way it was paid decides
    whether it was made at a distance.
    """
    if course.square_order_id is None:
        return None
    agreed = session.execute(
        select(Checkout.way, Agreement.change_of_mind, Agreement.channel)
        .outerjoin(AgreementSale, AgreementSale.checkout_id == Checkout.id)
        .outerjoin(Agreement, Agreement.id == AgreementSale.agreement_id)
        .where(Checkout.square_order_id == course.square_order_id)
        .limit(1)
    ).first()
    way, chosen, channel = agreed or _ticked(session, course.square_order_id) or _rung_up(session, course.id)
    profile = profiles().get(chosen or key or NONE)
    is_distant = channel == "distance" if channel else way in _AT_A_DISTANCE
    made: Channel = "distance" if is_distant else "clinic"
    if profile is None or not profile.applies(made):
        return None
    sold_on = local_date_in(session, course.sold_at)
    until = profile.last_day(sold_on, closed_days_in(session))
    return MindWindow(profile, until) if today <= until else None


def _rung_up(session: Session, course_id: str) -> tuple[str, str | None, str | None]:
    """Return what was signed before a sale that was rung up at Square POS without the desk."""
    agreement_id = agreement_of_rung_up_in(session, course_id)
    if agreement_id is None:
        return "till", None, None
    signed = session.get_one(Agreement, agreement_id)
    return "till", signed.change_of_mind, signed.channel


def _ticked(session: Session, square_order_id: str) -> tuple[str, str | None, str] | None:
    """Return what was agreed to on the public page, whose sales are made at a distance; None for another sale."""
    order = select(PublicOrder.terms_mind).where(PublicOrder.square_order_id == square_order_id).limit(1)
    found = session.execute(order).first()
    return ("link", found.terms_mind, "distance") if found is not None else None
