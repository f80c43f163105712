"""Exchanging a course for another package: its credit with the working, what each package costs, how it is paid."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from plugin.core.acts import Role
from plugin.core.money import Money
from plugin.courses.base.clinic import local_date
from plugin.courses.catalog.packages import list_packages
from plugin.courses.exchange.credit import Credit, ExchangeOffer, credit_of, offers_for
from plugin.courses.sales.checkouts import NewCheckout, list_terminals, start_checkout
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.actions import current_act, redirect_after_post
from plugin.web.desk import courses
from plugin.web.desk.sell import MOST_PACKAGES, TENDERS
from plugin.web.form_values import typed_money, typed_number
from plugin.web.format import locale_of
from plugin.web.refusals import Refusal, refused_shows

blueprint = Blueprint("exchanges", __name__)


@blueprint.get("/courses/<course_id>/exchange")
@allow(Role.DESK)
@refused_shows(courses.page_of_course)
def choose(course_id: str) -> ResponseReturnValue:
    """Show the credit and what each package would cost with it."""
    credit = _credit(course_id)
    offers = [each for each in _offers(credit) if each.package.id != credit.course.package_id]
    return render_template("desk/exchange.html", credit=credit, offers=offers)


@blueprint.get("/courses/<course_id>/exchange/<package_id>")
@allow(Role.DESK)
@refused_shows(courses.page_of_course)
def pay(course_id: str, package_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Ask how the difference is paid, or have it looked over where none is."""
    credit = _credit(course_id)
    return render_template(
        "desk/exchange_pay.html",
        credit=credit,
        offer=_offer(credit, package_id),
        terminals=list_terminals(current_services().store),
        tenders=TENDERS,
        refusal=refusal,
    )


def _shown_again(course_id: str, package_id: str, refusal: Refusal) -> ResponseReturnValue:
    # Without a field there is nothing to mend on the form: the course can't be exchanged so.
    if refusal.field is None:
        return courses.page_of_course(course_id, refusal)
    try:
        return pay(course_id, package_id, refusal)
    except Refused as error:
        return courses.page_of_course(course_id, Refusal(error.message, None, refusal.typed))


@blueprint.post("/courses/<course_id>/exchange/<package_id>")
@allow(Role.DESK)
@refused_shows(_shown_again)
def begin(course_id: str, package_id: str) -> ResponseReturnValue:
    """Begin the exchange and show how it comes along."""
    act, form = current_act(), request.form
    course = courses.course(course_id)
    way = form.get("way", "")
    wish = NewCheckout(
        client_id=course.client_id or "",
        package_id=package_id,
        way=way,
        supplied=_supplied(form, course.price.currency) if way == "cash" else None,
        tender=form.get("tender", ""),
        device_id=form.get("device_id") or None,
        mail_to=form.get("mail_to") or None,
        exchanges=course_id,
        seen_credit=typed_number(form.get("seen", ""), field="way", called="The credit"),
    )
    begun = start_checkout(current_services().store, act, wish)
    return redirect_after_post(url_for("checkouts.show", checkout_id=begun.id))


def _supplied(form: MultiDict[str, str], currency: str) -> Money | None:
    typed = form.get("supplied", "")
    if not typed.strip():
        return None
    return typed_money(typed, currency, locale_of(pages.clinic()), field="supplied", called="The cash")


def _credit(course_id: str) -> Credit:
    today = local_date(pages.clinic(), pages.now())
    return credit_of(current_services().store, course_id, today=today)


def _offers(credit: Credit) -> tuple[ExchangeOffer, ...]:
    return offers_for(credit, list_packages(current_services().store, limit=MOST_PACKAGES).rows)


def _offer(credit: Credit, package_id: str) -> ExchangeOffer:
    found = next((each for each in _offers(credit) if each.package.id == package_id), None)
    if found is None:
        raise Refused("Choose the package again: this one is not on the till.", code="not_on_till")
    return found
