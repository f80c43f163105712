"""A tip from the private page: an amount the client chooses, then Square. Works without scripts."""

from decimal import Decimal

from babel.numbers import NumberFormatError, parse_decimal
from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.language import Language, language_for
from plugin.core.money import Money, minor_digits
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, VisitView
from plugin.courses.sales.tips import LEAST_TIP, MOST_TIP, TipView, begin_tip, tip_of
from plugin.errors import InvalidField, Refused
from plugin.web import current_services, pages
from plugin.web.actions import fresh_key
from plugin.web.client_page.keyed import GUEST, KeyedPages, form_act, spoken
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
    except InvalidField:
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
    """Return the amount; raises InvalidField for what is no number of that currency."""
    currency = pages.clinic().currency
    try:
        number = parse_decimal(typed.strip().removeprefix("$").strip(), locale=language.locale, strict=True)
    except NumberFormatError:
        raise InvalidField("That is no amount.", field="amount") from None
    exact = (
        number.scaleb(minor_digits(currency)) if number.is_finite() and abs(number) < 10**6 else Decimal(-1)
    )
    if exact != exact.to_integral_value():
        raise InvalidField("That is no amount.", field="amount")
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
