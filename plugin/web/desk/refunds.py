"""Refunding a course, for the owner: both sums with their working, one look at what will happen, then one tap."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.clinic import local_date
from plugin.courses.base.words import money_text
from plugin.courses.refunds.desk_refund_quote import CALLED, RefundQuote, refund_quote
from plugin.courses.refunds.desk_refunds import OWN, NewRefund, refuse_amount, start_refund
from plugin.errors import InvalidField, Refused
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.desk import courses
from plugin.web.form_values import typed_money, typed_number
from plugin.web.format import locale_of
from plugin.web.refusals import Refusal, refused_shows

blueprint = Blueprint("refunds", __name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the owner chose: the sum, which formula gave it ("own": none of them), and why; `typed` as it came."""

    amount: Money
    choice: str
    reason: str
    typed: str


@blueprint.get("/courses/<course_id>/refund")
@allow()
def choose(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show both sums and ask which of them, or another one, goes back."""
    return render_template("desk/refund.html", quote=_quote(course_id), called=CALLED, refusal=refusal)


def _shown_again(course_id: str, refusal: Refusal) -> ResponseReturnValue:
    # Without a field there is nothing to mend on the form: the course can't be refunded now.
    if refusal.field is None:
        return courses.page_of_course(course_id, refusal)
    try:
        return choose(course_id, refusal)
    except Refused as error:
        return courses.page_of_course(course_id, Refusal(error.message, None, refusal.typed))


@blueprint.post("/courses/<course_id>/refund")
@allow()
@refused_shows(_shown_again)
def look_over(course_id: str) -> ResponseReturnValue:
    """Show what will happen, with nothing written yet; sent "back", the form as it was filled in."""
    if "back" in request.form:
        return choose(course_id, Refusal("", None, request.form))
    quote = _quote(course_id)
    chosen = _chosen(quote, request.form)
    refuse_amount(chosen.amount, quote.most, _written(quote.most))
    return render_template("desk/refund_confirm.html", quote=quote, called=CALLED, chosen=chosen)


@blueprint.post("/courses/<course_id>/refunds")
@allow()
@refused_shows(_shown_again)
def start(course_id: str) -> ResponseReturnValue:
    """Begin the refund."""
    act, form = current_act(), request.form
    course = courses.course(course_id)
    minor = typed_number(form.get("minor", ""), field="amount", called="The amount")
    wish = NewRefund(
        course_id=course_id,
        amount=Money(minor, course.paid.currency),
        reason=form.get("reason", ""),
        formula=form.get("choice", ""),
        seen=form.get("seen", ""),
    )
    begun = start_refund(current_services().store, act, wish)
    flash_notice(Notice(f"Refund of {_written(begun.amount)} under way."))
    if course.client_id is None:
        return redirect_after_post(url_for("today.show"))
    return redirect_after_post(url_for("clients.show", client_id=course.client_id))


def _quote(course_id: str) -> RefundQuote:
    today = local_date(pages.clinic(), pages.now())
    return refund_quote(current_services().store, course_id, today=today)


def _chosen(quote: RefundQuote, form: MultiDict[str, str]) -> Chosen:
    choice, typed = form.get("choice", ""), form.get("amount", "")
    if choice == OWN:
        clinic, currency = pages.clinic(), quote.most.currency
        amount = typed_money(typed, currency, locale_of(clinic), field="amount", called="The amount")
    elif choice in list(RefundFormula):
        amount = quote.values[RefundFormula(choice)].amount
    else:
        raise InvalidField("Choose the refund amount.", field="choice")
    reason = required(form.get("reason"), field="reason", called="The reason", most=REASON_LENGTH)
    return Chosen(amount, choice, reason, typed)


def _written(amount: Money) -> str:
    clinic = pages.clinic()
    return money_text(amount, language=clinic.language, country=clinic.country)
