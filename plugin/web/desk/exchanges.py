"""A course that goes elsewhere: exchanged, moved to the client it belongs to, or refunded after a review."""

from dataclasses import dataclass

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import money_text
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import read_client
from plugin.courses.exchange.credit import Credit, ExchangeOffer, credit_of, offers_for
from plugin.courses.refunds.desk_refunds import (
    CALLED,
    OWN,
    NewRefund,
    RefundQuote,
    refund_quote,
    refuse_amount,
    start_refund,
)
from plugin.courses.sales.assign import move_course
from plugin.courses.sales.checkouts import list_terminals, start_checkout
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_to
from plugin.web.desk import clients, courses
from plugin.web.desk.forms import MOST_PACKAGES, MoveForm, PaymentForm, RefundForm
from plugin.web.desk.sell import TENDERS
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("exchanges", __name__)


@blueprint.get("/courses/<course_id>/exchange", roles=DESK, refused=courses.page_of_course)
def choose(course_id: str) -> ResponseReturnValue:
    """Show the credit and what each package would cost with it."""
    credit = _credit(course_id)
    offers = [each for each in _offers(credit) if each.package.id != credit.course.package_id]
    return render_template("desk/exchange.html", credit=credit, offers=offers)


@blueprint.get("/courses/<course_id>/exchange/<package_id>", roles=DESK, refused=courses.page_of_course)
def pay(course_id: str, package_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Ask how the difference is paid, or for confirmation where there is none."""
    credit = _credit(course_id)
    return render_template(
        "desk/exchange_pay.html",
        credit=credit,
        offer=_offer(credit, package_id),
        terminals=list_terminals(current_services().store),
        tenders=TENDERS,
        form=PaymentForm.shown(refusal),
    )


@blueprint.post("/courses/<course_id>/exchange/<package_id>", roles=DESK, refused=courses.form_again(pay))
def begin(course_id: str, package_id: str) -> ResponseReturnValue:
    act, course = current_act(), courses.course(course_id)
    form = PaymentForm.sent(currency=course.price.currency)
    wish = form.wish(
        client_id=course.client_id or "",
        package_id=package_id,
        exchanges=course_id,
        seen_credit=form.seen_credit,
    )
    begun = start_checkout(current_services().store, act, wish)
    return redirect_to("checkouts.show", checkout_id=begun.id)


def _credit(course_id: str) -> Credit:
    today = pages.today()
    return credit_of(current_services().store, course_id, today=today)


def _offers(credit: Credit) -> tuple[ExchangeOffer, ...]:
    return offers_for(credit, list_packages(current_services().store, limit=MOST_PACKAGES).rows)


def _offer(credit: Credit, package_id: str) -> ExchangeOffer:
    found = next((each for each in _offers(credit) if each.package.id == package_id), None)
    if found is None:
        raise Refused(_("Choose the package again: this one is not in Square."), code="not_on_till")
    return found


WRONG_CLIENT = N_("Assigned to the wrong client")

moves = Screens("moves", __name__)


@moves.get("/courses/<course_id>/clients", roles=DESK)
def candidates(course_id: str) -> ResponseReturnValue:
    """Return the clients the course could be moved to, while typing."""
    course = courses.course(course_id)
    found = clients.found(clients.SHOWN_WHILE_TYPING) if request.args.get("q", "").strip() else None
    if is_fragment():
        return render_template("desk/_new_owners.html", course=course, matches=found)
    return clients.page(course.client_id or "", searched_course=course_id, matches=found)


@moves.post("/courses/<course_id>/client", roles=DESK, refused=courses.page_of_course)
def move(course_id: str) -> ResponseReturnValue:
    before = courses.course(course_id)
    client_id = MoveForm.sent().client_id.data
    moved = move_course(current_services().store, current_act(), course_id, client_id, WRONG_CLIENT)
    return redirect_to("clients.show", _moved(before, moved), client_id=moved.client_id)


def _moved(before: CourseView, moved: CourseView) -> Notice:
    said = _(
        "{package_name} belongs to {client_name} now.",
        package_name=moved.package_name,
        client_name=moved.client_name,
    )
    # If sent twice, the second request finds it moved: there is no former client to link to.
    if before.client_id is None or before.client_id == moved.client_id:
        return Notice(said)
    old = read_client(current_services().store, before.client_id)
    address = url_for("clients.show", client_id=old.id)
    return Notice(said, link=address, link_text=_("Back to {old}", old=old.name))


refunds = Screens("refunds", __name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The owner's choice: amount, formula ("own": neither) and reason; `typed` is the unparsed input."""

    amount: Money
    choice: str
    reason: str
    typed: str


@refunds.get("/courses/<course_id>/refund")
def choose_refund(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
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


@refunds.post("/courses/<course_id>/refund", refused=courses.form_again(choose_refund))
def look_over(course_id: str) -> ResponseReturnValue:
    """Show what will happen, with nothing written yet; on "back", the form as it was filled in."""
    quote = _quote(course_id)
    if "back" in request.form:
        return _form_page(quote, Refusal("", None, request.form))
    chosen = _chosen(quote, RefundForm.sent(currency=quote.most.currency))
    refuse_amount(chosen.amount, quote.most, _written(quote.most))
    return render_template("desk/refund_confirm.html", quote=quote, called=CALLED, chosen=chosen)


@refunds.post("/courses/<course_id>/refunds", refused=courses.form_again(choose_refund))
def refund(course_id: str) -> ResponseReturnValue:
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
