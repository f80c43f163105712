"""Refunding a course, for the owner: both amounts with their working, a review, then one tap."""

from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.courses.base.words import money_text
from plugin.courses.refunds.desk_refunds import (
    CALLED,
    OWN,
    NewRefund,
    RefundQuote,
    refund_quote,
    refuse_amount,
    start_refund,
)
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.desk import courses
from plugin.web.desk.forms import RefundForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("refunds", __name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The owner's choice: amount, formula ("own": neither) and reason; `typed` is the unparsed input."""

    amount: Money
    choice: str
    reason: str
    typed: str


@blueprint.get("/courses/<course_id>/refund")
def choose(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show both amounts and ask which of them, or another one, is refunded."""
    return _form_page(_quote(course_id), refusal)


def _form_page(quote: RefundQuote, refusal: Refusal | None) -> ResponseReturnValue:
    form = RefundForm.shown(refusal, choice=quote.proposed)
    most = _written(quote.most)
    if quote.tax.amount:
        form.amount.description = _("At most {amount}, tax included.", amount=most)
    else:
        form.amount.description = _("At most {amount}.", amount=most)
    return render_template("desk/refund.html", quote=quote, called=CALLED, form=form)


@blueprint.post("/courses/<course_id>/refund", refused=courses.form_again(choose))
def look_over(course_id: str) -> ResponseReturnValue:
    """Show what will happen, with nothing written yet; on "back", the form as it was filled in."""
    quote = _quote(course_id)
    if "back" in request.form:
        return _form_page(quote, Refusal("", None, request.form))
    chosen = _chosen(quote, RefundForm.sent(currency=quote.most.currency))
    refuse_amount(chosen.amount, quote.most, _written(quote.most))
    return render_template("desk/refund_confirm.html", quote=quote, called=CALLED, chosen=chosen)


@blueprint.post("/courses/<course_id>/refunds", refused=courses.form_again(choose))
def start(course_id: str) -> ResponseReturnValue:
    act, course = current_act(), courses.course(course_id)
    form = RefundForm.sent(currency=course.paid.currency)
    wish = NewRefund(
        course_id=course_id,
        amount=Money(form.minor_units, course.paid.currency),
        reason=form.reason.data,
        formula=form.choice.data,
        seen=form.seen.data,
    )
    begun = start_refund(current_services().store, act, wish)
    flash_notice(Notice(_("Refund of {written} started.", written=_written(begun.amount))))
    if course.client_id is None:
        return redirect_to("today.show")
    return redirect_to("clients.show", client_id=course.client_id)


def _quote(course_id: str) -> RefundQuote:
    today = pages.today()
    services = current_services()
    return refund_quote(
        services.store, course_id, today=today, change_of_mind=services.settings.change_of_mind
    )


def _chosen(quote: RefundQuote, form: RefundForm) -> Chosen:
    choice = form.choice.data
    amount = form.amount.money if choice == OWN else quote.values[RefundFormula(choice)].amount
    return Chosen(amount, choice, form.reason.data, request.form.get("amount", ""))


def _written(amount: Money) -> str:
    clinic = pages.clinic()
    return money_text(amount, clinic)
