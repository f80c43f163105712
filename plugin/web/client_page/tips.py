"""Paying from the private page, by Square: a tip, and the package of a course again. Works without scripts."""

from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal
from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.language import Language, language_for
from invoices.pages.agreement import example_text
from plugin.core.money import Money, minor_digits
from plugin.courses.agreements.clauses import refund_example
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, CourseView, VisitView
from plugin.courses.catalog.names import names_in
from plugin.courses.catalog.terms_text import terms_sentences
from plugin.courses.sales.buy_again import AgainOffer, buy_again, offer_again
from plugin.courses.sales.tips import LEAST_TIP, MOST_TIP, TipView, begin_tip, tip_of
from plugin.errors import InvalidField, Refused
from plugin.web import current_services, pages
from plugin.web.actions import act_by, fresh_key
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.client_page.agree import address_to_sign
from plugin.web.client_page.keyed import GUEST, KeyedPages, form_act, seen_version, spoken
from plugin.web.client_page.views import client_of

blueprint = KeyedPages("tips", __name__, scope="tips")


@blueprint.get("/my/<token>/tip")
def show(token: str) -> ResponseReturnValue:
    return _page(token, _client(token))


@blueprint.post("/my/<token>/tip")
def give(token: str) -> ResponseReturnValue:
    """Begin the tip and lead to the page that has its link."""
    client = _client(token)
    services, language = current_services(), language_for(client.language)
    visit = _last_visit(client)
    try:
        amount = _amount(request.form.get("amount", "")[:20], language)
        tip = begin_tip(
            services.store,
            form_act(GUEST, "tip"),
            client.id,
            amount,
            practitioner_id=visit.practitioner_id if visit else None,
        )
    except (InvalidField, ValueError):
        said = language.gettext(
            "Please enter an amount between {least} and {most}.", least=LEAST_TIP, most=MOST_TIP
        )
        return _page(token, client, problem=said), 422
    except Refused as error:
        said = language.gettext("This could not be started just now. Please try again, or call us.")
        return _page(token, client, problem=said), error.status
    return redirect(url_for("tips.follow", token=token, tip_id=tip.id), code=303)


@blueprint.get("/my/<token>/tip/<tip_id>")
def follow(token: str, tip_id: str) -> ResponseReturnValue:
    """Show the link of a tip, or that it is paid."""
    client = _client(token)
    tip = tip_of(current_services().store, tip_id, client.id)
    if tip is None:
        abort(404)
    return _page(token, client, tip=tip)


def _client(token: str) -> ClientView:
    if not current_services().settings.tip_links:
        abort(404)
    return client_of(token)


def _amount(typed: str, language: Language) -> Money:
    """Return the amount; raises ValueError for what is no number of that currency."""
    currency = pages.clinic().currency
    try:
        number = parse_decimal(typed.strip().removeprefix("$").strip(), locale=language.locale, strict=True)
    except NumberFormatError:
        raise ValueError("no amount") from None
    exact = (
        number.scaleb(minor_digits(currency)) if number.is_finite() and abs(number) < 10**6 else Decimal(-1)
    )
    if exact != exact.to_integral_value():
        raise ValueError("no amount")
    return Money(int(exact), currency)


def _last_visit(client: ClientView) -> VisitView | None:
    courses = courses_of_client(current_services().store, client.id, today=pages.today())
    theirs = (visit for course in courses for visit in course.visits if visit.client_id == client.id)
    return max(theirs, key=lambda visit: (visit.visited_on, visit.id), default=None)


def _page(token: str, client: ClientView, *, tip: TipView | None = None, problem: str = "") -> str:
    visit = _last_visit(client)
    return render_template(
        "client/tip.html",
        **spoken(language_for(client.language)),
        token=token,
        tip=tip,
        practitioner=visit.printed_practitioner if visit else "",
        problem=problem,
        waits=tip is not None and tip.state == "asking",
        fresh_key=fresh_key,
    )


again = KeyedPages("buy_again", __name__, scope="buying again")


@again.get("/my/<token>/again/<course_id>")
def show_offer(token: str, course_id: str) -> ResponseReturnValue:
    """Show the package as it is sold today, or how far its sale has come."""
    return _offer_page(token, *_asked(token, course_id))


@again.post("/my/<token>/again/<course_id>")
def buy(token: str, course_id: str) -> ResponseReturnValue:
    """Begin the sale once, and lead to the page that has its link."""
    client, course = _asked(token, course_id)
    services = current_services()
    try:
        required = agreements_are_required()
        buy_again(
            services.store, act_by(GUEST), course.id, seen_version=seen_version(), needs_agreement=required
        )
    except Refused as error:
        if error.code == "not_agreed":
            return redirect(address_to_sign(client.id, course.package_id, back=request.path), code=303)
        return _offer_page(token, client, course, problem=error.code), error.status
    return redirect(url_for("buy_again.show_offer", token=token, course_id=course_id), code=303)


def _offer_page(token: str, client: ClientView, course: CourseView, *, problem: str = "") -> str:
    services, language = current_services(), language_for(client.language)
    offer = offer_again(services.store, course.id)
    with services.store.reading() as session:
        names = names_in(session, language.tag)
    example = refund_example(offer.package, names)
    return render_template(
        "client/again.html",
        **spoken(language),
        token=token,
        offer=offer,
        names=names,
        terms=_terms(offer, language.tag, names),
        example=example_text(example, language) if example else "",
        problem=problem,
        waits=offer.checkout is not None and offer.checkout.is_open and not offer.checkout.url,
    )


def _asked(token: str, course_id: str) -> tuple[ClientView, CourseView]:
    """Return the client and their own course; 404 for another's, and where the clinic sells nothing here."""
    if not current_services().settings.client_buys_again:
        abort(404)
    client = client_of(token)
    theirs = courses_of_client(current_services().store, client.id, today=pages.today())
    course = next((each for each in theirs if each.id == course_id and each.square_order_id), None)
    if course is None or course.is_void:
        abort(404)
    return client, course


def _terms(offer: AgainOffer, tag: str, names: Any) -> tuple[str, ...]:
    package = offer.package
    prices = [(names(each.treatment), each.single_price) for each in package.contents]
    return terms_sentences(package.terms, tag, prices=prices)
