"""Buying the package of a course again, from the private page or an e-mail: its terms, one button, then Square.

Without scripts: while Square makes the link, the page loads itself again.
"""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.language import language_for
from invoices.pages.agreement import example_text
from plugin.courses.agreements.clauses import refund_example
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.catalog.names import names_in
from plugin.courses.catalog.terms_text import terms_sentences
from plugin.courses.sales.buy_again import AgainOffer, buy_again, offer_again
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.actions import act_by
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.client_page.agree import address_to_sign
from plugin.web.client_page.keyed import GUEST, KeyedPages, seen_version, spoken
from plugin.web.client_page.views import client_of

blueprint = KeyedPages("buy_again", __name__, scope="buying again")


@blueprint.get("/my/<token>/again/<course_id>")
def show(token: str, course_id: str) -> ResponseReturnValue:
    """Show the package as it is sold today, or how far its sale has come."""
    return _page(token, *_asked(token, course_id))


@blueprint.post("/my/<token>/again/<course_id>")
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
        return _page(token, client, course, problem=error.code), error.status
    return redirect(url_for("buy_again.show", token=token, course_id=course_id), code=303)


def _page(token: str, client: ClientView, course: CourseView, *, problem: str = "") -> str:
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
