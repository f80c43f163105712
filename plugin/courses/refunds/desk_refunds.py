"""A refund begun at the desk: stored with the job that requests it from Square, in one transaction.

The sessions are removed when Square reports the refund, as with any other.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from plugin.core.acts import require
from plugin.core.money import Money
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.attention import settle_item_in
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import from_row
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.refunds.desk_refund_quote import RefundQuote, quote_in
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.tables import DeskRefund, Outbox
from plugin.wording import _

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
    quote = quote_in(work.session, wish.course_id, today=local_date(clinic, work.now))
    if wish.seen not in ("", quote.mark):
        raise InvalidField(_("The course changed since. Check the amounts again."), field="choice")
    written = money_text(quote.most, clinic)
    refuse_amount(wish.amount, quote.most, written)
    row = _row(work, quote, wish)
    work.add(row)
    enqueue(work, REFUND, row.id)
    amount = money_text(wish.amount, clinic)
    add_history(work, wish.course_id, "refund", f"Refund of {amount} begun", reason=wish.reason)
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
