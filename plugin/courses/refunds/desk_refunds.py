"""A refund begun at the desk: stored with the job that requests it from Square, in one transaction.

The sessions are removed when Square reports the refund, as with any other.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import require
from plugin.core.change_of_mind import NONE, ChangeOfMind, Channel, profiles
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.core.refund_value import FORMULAS, RefundValue, Write
from plugin.core.status import CLOSED, Status
from plugin.core.terms import RefundFormula
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.attention import settle_item_in
from plugin.courses.base.chain import NO_COURSE, add_history, course_for_change
from plugin.courses.base.clinic import clinic_in, closed_days_in, local_date_in
from plugin.courses.base.course_extras import is_refunding_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.read import course_in
from plugin.courses.base.views import ClinicView, CourseView, from_row
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.refunds.basis import refund_basis_in
from plugin.courses.sales.agreed import agreement_of_rung_up_in
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.tables import Agreement, AgreementSale, Checkout, Course, DeskRefund, Outbox, PublicOrder
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
        raise Refused(
            _("This course is a gift that is not redeemed. Cancel the gift first."), code="waits_as_gift"
        )
    if course.status is Status.REFUNDED:
        raise Refused(
            _("This course was {status}; no money of it is left.", status=CLOSED[course.status]),
            code=course.status.value,
        )
    if is_refunding_in(session, course.id):
        raise Refused(_("A refund of this course is pending already."), code="refund_under_way")
    if course.square_order_id is None:
        said = _("This course was not sold through Square, so Square can’t give its money back.")
        raise Refused(said, code="not_sold_on_square")
    if quote.most.amount == 0:
        raise Refused(_("Nothing paid for this course is left to refund."), code="nothing_to_refund")
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


REFUND = "refund"
OWN = "own"
# How long a failed refund is shown on its course.
REFUND_SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NewRefund:
    """The owner's decision. `formula` is the one that the amount was computed by, "" for a custom amount.

    `seen` is the mark of the quote it was based on, "" for none.
    """

    course_id: str
    amount: Money
    reason: str
    formula: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """The result of beginning a refund; the same for each attempt under one key."""

    id: str
    course_id: str
    amount: Money
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class DeskRefundView:
    """A refund as people see it. `says` is what delays it or why it failed, "" otherwise."""

    id: str
    course_id: str
    amount: Money
    formula: str
    reason: str
    state: str
    says: str
    created_at: datetime
    by: str
    ended_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Return whether Square's answer is pending."""
        return self.ended_at is None


@allowed()
def start_refund(work: Work, wish: NewRefund) -> Begun:
    """Begin a refund of a course, for the owner; raises Refused, or InvalidField for an amount too large.

    The same act again returns the first result.
    """
    wish = replace(wish, reason=_reason(wish))
    course = course_for_change(work.session, wish.course_id)
    request = {**_request(wish), "reason": wish.reason}
    begun = work.once("refund", request, lambda: {"refund_id": begin_refund(work, wish)})
    return Begun(begun.answer["refund_id"], course.id, wish.amount, is_repeat=begun.is_repeat)


def begin_refund(work: Work, wish: NewRefund) -> str:
    """Begin a refund of a course that the caller has locked, for the owner; raises like `start_refund`."""
    require(work.act.actor)
    wish, clinic = replace(wish, reason=_reason(wish)), clinic_in(work.session)
    quote = quote_in(work.session, wish.course_id, today=day_at(work.now, clinic.zone))
    if wish.seen not in ("", quote.mark):
        raise InvalidField(_("The course changed since. Check the amounts again."), field="choice")
    written = money_text(quote.most, clinic)
    refuse_amount(wish.amount, quote.most, written)
    row = _row(work, quote, wish)
    work.add(row)
    enqueue(work, REFUND, row.id)
    amount = money_text(wish.amount, clinic)
    add_history(
        work, wish.course_id, "refund", _("Refund of {amount} begun", amount=amount), reason=wish.reason
    )
    settle_item_in(
        work.session,
        work.act,
        canceled_invoice_question(wish.course_id),
        _("Refund of {amount} started", amount=amount),
    )
    return row.id


def canceled_invoice_question(course_id: str) -> str:
    """Return the `dedupe` of a canceled, part-paid invoice's item; a refund resolves that item."""
    return f"canceled_part_paid:{course_id}"


def _reason(wish: NewRefund) -> str:
    return required(wish.reason, field="reason", called=_("The reason"), most=REASON_LENGTH)


def refunds_of_courses(
    store: Store, course_ids: Collection[str], *, now: datetime
) -> dict[str, DeskRefundView]:
    """Return the latest refund begun of each course, if in progress or ended recently."""
    if not course_ids:
        return {}
    rows = (
        select(DeskRefund, Outbox.outcome)
        .outerjoin(Outbox, (Outbox.subject == DeskRefund.id) & (Outbox.kind == REFUND))
        .where(
            DeskRefund.course_id.in_(course_ids),
            or_(DeskRefund.state != "failed", DeskRefund.ended_at > now - REFUND_SHOWN_FOR),
        )
        .order_by(DeskRefund.created_at, DeskRefund.id)
    )
    with store.reading() as session:
        return {row.course_id: _view(row, outcome or "") for row, outcome in session.execute(rows)}


def _request(wish: NewRefund) -> dict[str, object]:
    money = [wish.amount.amount, wish.amount.currency]
    return {"course_id": wish.course_id, "amount": money, "formula": wish.formula}


def refuse_amount(amount: Money, most: Money, written: str) -> None:
    """Raise InvalidField unless the amount is above zero and at most `most`, as `written`."""
    if amount.currency != most.currency:
        raise InvalidField(_("This course was paid in {currency}.", currency=most.currency), field="amount")
    if amount.amount <= 0:
        raise InvalidField(_("A refund is more than nothing."), field="amount")
    if amount > most:
        said = _(
            "At most {written} can be refunded: what the client paid for this course, less earlier refunds.",
            written=written,
        )
        raise InvalidField(said, field="amount")


def _row(work: Work, quote: RefundQuote, wish: NewRefund) -> DeskRefund:
    by = {each.value: value.amount for each, value in quote.values.items()}
    return DeskRefund(
        id=work.new_id(),
        course_id=wish.course_id,
        amount=wish.amount.amount,
        currency=wish.amount.currency,
        # Stored as computed by a formula only where that formula gives exactly this amount.
        formula=wish.formula if by.get(wish.formula) == wish.amount else OWN,
        reason=wish.reason,
        created_at=work.now,
        by=work.act.actor.name,
        staff_id=work.act.actor.staff_id,
    )


def _view(row: DeskRefund, outcome: str) -> DeskRefundView:
    waits = outcome if row.state == "asking" else ""
    return from_row(DeskRefundView, row, amount=Money(row.amount, row.currency), says=row.problem or waits)
