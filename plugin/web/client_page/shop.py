"""The public page of packages: anybody reads what is offered and buys it, without a sign-in and without scripts.

It knows no client and tells of none. What is typed becomes a client only when Square has the payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, TooManyRequests

from invoices.language import Language, language_for, spoken_in
from plugin.core.acts import Actor, Role, Source
from plugin.core.text import NAME_LENGTH
from plugin.courses.agreements import public_signing
from plugin.courses.base.views import PackageView
from plugin.courses.clients.contacts import typed_phone
from plugin.courses.sales import public_orders
from plugin.errors import CoursekeeperError, InvalidField, Refused
from plugin.errors import NotFound as NoSuchRow
from plugin.settings import PAPER_LANGUAGES
from plugin.web import current_services, pages
from plugin.web.access import refuse_nul
from plugin.web.actions import fresh_key
from plugin.web.agreement_rules import agreement_rules
from plugin.web.client_page.keyed import (
    PAPER_TAGS,
    answer_broken,
    browser_language,
    form_act,
    nothing,
    seen_version,
    spoken,
)
from plugin.web.format import LANGUAGES
from plugin.web.limits import guess_limiter, limit_views, page_limiter
from plugin.web.tables import pdf_answer

OFTEN = "120 per minute"
# Each makes a payment link at Square.
ORDERS_PER_ADDRESS = "6 per hour;20 per day"
ORDERS_OF_ALL = "120 per hour"
_VISITOR = Actor("The public page", Role.DESK, Source.DESK)
_LONGEST = 300

blueprint = Blueprint("shop", __name__, url_prefix="/shop")
blueprint.register_error_handler(NotFound, nothing)
blueprint.register_error_handler(TooManyRequests, nothing)
answer_broken(blueprint)


@dataclass
class Typed:
    """What a visitor typed, and by field what is wrong with it."""

    name: str = ""
    email: str = ""
    phone: str = ""
    has_agreed: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@blueprint.before_request
def _only_where_it_is_on() -> None:
    refuse_nul()
    if not current_services().settings.public_packages:
        abort(404)


@blueprint.get("")
def show() -> ResponseReturnValue:
    return _list()


def _list(*, has_gone: bool = False) -> str:
    language = _language()
    packages = public_orders.public_packages(current_services().store)
    offers = list(zip(packages, _terms(packages, language), strict=True))
    return render_template(
        "client/shop.html", offers=offers, has_gone=has_gone, here="shop.show", **_spoken(language)
    )


@blueprint.get("/<package_id>")
def one(package_id: str) -> ResponseReturnValue:
    """Show one package with its terms, and the form to buy it."""
    package = _package(package_id)
    return _page(package, _language(), Typed()) if package else _gone()


@blueprint.post("/<package_id>")
def buy(package_id: str) -> ResponseReturnValue:
    """Begin the order and lead to its own page."""
    language, package, typed = _language(), _package(package_id), _typed()
    if package is None:
        return _gone()
    # Programs fill in every field; people do not see this one.
    if request.form.get("website"):
        abort(404)
    shown = _shown(package, language)
    _check(typed, language)
    if typed.errors:
        return _page(package, language, typed), 422
    terms = _ticked(package, typed.name, language)
    new = public_orders.NewPublicOrder(
        package.id,
        seen_version(),
        typed.name,
        typed.email,
        typed.phone,
        language.tag[:16],
        shown.agreed,
        terms.content,
        terms.terms_sha256,
        terms.change_of_mind,
    )
    try:
        order = public_orders.begin_public_order(current_services().store, form_act(_VISITOR, "shop"), new)
    except InvalidField as error:
        typed.errors[error.field or "name"] = _wrong(error.field or "name", language)
        return _page(package, language, typed), 422
    except NoSuchRow:
        return _gone()
    except Refused:
        package = _package(package_id)
        if package is None:
            return _gone()
        typed.errors["agreed"] = language.gettext(
            "Price or terms have just changed. Please look again before you go on."
        )
        return _page(package, language, typed), 409
    return redirect(url_for("shop.order", token=order.token), code=303)


@blueprint.get("/orders/<token>")
def order(token: str) -> ResponseReturnValue:
    """Show the payment link of an order, or that it is paid."""
    found = public_orders.public_order_of_token(current_services().store, token)
    if found is None:
        abort(404)
    language = language_for(found.language)
    return render_template(
        "client/shop_order.html",
        order=found,
        shown=_shown(found.package, language),
        has_terms=public_signing.has_ticked_terms(current_services().store, found.id),
        waits=found.state == "asking",
        **_spoken(language),
    )


@blueprint.get("/orders/<token>/terms.pdf")
def terms(token: str) -> Response:
    """Return the terms that were agreed to, as they are kept."""
    found = public_orders.public_order_of_token(current_services().store, token)
    content = public_signing.ticked_terms_pdf(current_services().store, found.id) if found else None
    if content is None:
        abort(404)
    return pdf_answer(content)


@blueprint.errorhandler(CoursekeeperError)
def not_ready(_error: CoursekeeperError) -> ResponseReturnValue:
    """Return the page of unknown addresses; the reason is the clinic's matter."""
    return nothing(NotFound())


def set_up(app: Flask) -> None:
    """Limit how much one visitor opens and begins."""
    often = page_limiter(app).shared_limit(OFTEN, scope="shop")
    limit_views(app, ("shop.show", "shop.one", "shop.buy", "shop.order", "shop.terms"), often)
    guesses = guess_limiter(app)
    mine = guesses.shared_limit(ORDERS_PER_ADDRESS, scope="shop orders", deduct_when=_has_begun)
    of_all = guesses.shared_limit(
        ORDERS_OF_ALL, scope="all shop orders", key_func=lambda: "everybody", deduct_when=_has_begun
    )
    limit_views(app, ("shop.buy",), mine, of_all)


def _has_begun(response: Response) -> bool:
    return response.status_code == HTTPStatus.SEE_OTHER


def _package(package_id: str) -> PackageView | None:
    """Return the package, None for one that is not offered here, or not any more."""
    try:
        return public_orders.public_package(current_services().store, package_id)
    except NoSuchRow:
        return None


def _gone() -> ResponseReturnValue:
    """Show what is offered instead of a package that is not."""
    return _list(has_gone=True), 404


def _language() -> Language:
    """Return the language that was chosen, else that of the browser, else the clinic's."""
    asked = request.values.get("lang", "")
    known = language_for(asked) if asked in PAPER_LANGUAGES else browser_language()
    return known or language_for(pages.clinic().language)


def _shown(package: PackageView, language: Language) -> public_signing.PublicTerms:
    return _terms([package], language)[0]


def _terms(packages: Sequence[PackageView], language: Language) -> tuple[public_signing.PublicTerms, ...]:
    services = current_services()
    with services.store.reading() as session:
        return public_signing.public_terms_in(
            session, packages, language, agreement_rules(), services.clock()
        )


def _ticked(package: PackageView, buyer: str, language: Language) -> public_signing.TickedTerms:
    services = current_services()
    with services.store.reading() as session:
        return public_signing.ticked_terms_in(
            session, package, buyer, language, agreement_rules(), services.clock()
        )


def _typed() -> Typed:
    sent = {name: request.form.get(name, "")[:_LONGEST].strip() for name in ("name", "email", "phone")}
    return Typed(sent["name"], sent["email"], sent["phone"], request.form.get("agreed") == "yes")


def _check(typed: Typed, language: Language) -> None:
    if not typed.name or len(typed.name) > NAME_LENGTH:
        typed.errors["name"] = _wrong("name", language)
    if not typed.email:
        typed.errors["email"] = _wrong("email", language)
    if typed.phone:
        try:
            typed.phone = typed_phone(typed.phone, pages.clinic().country)
        except InvalidField:
            typed.errors["phone"] = _wrong("phone", language)
    if not typed.has_agreed:
        typed.errors["agreed"] = language.gettext("Please read the terms and tick that you agree to them.")


def _wrong(name: str, language: Language) -> str:
    if name == "email":
        return language.gettext("Please enter your e-mail address, such as ana@example.org.")
    if name == "phone":
        return language.gettext("This phone number is not complete. You can also leave it empty.")
    return language.gettext("Please enter your first and last name.")


def _page(package: PackageView, language: Language, typed: Typed) -> str:
    return render_template(
        "client/shop_package.html",
        package=package,
        shown=_shown(package, language),
        typed=typed,
        here="shop.one",
        fresh_key=fresh_key,
        **_spoken(language),
    )


def _spoken(language: Language) -> dict[str, Any]:
    tag = PAPER_TAGS.get(spoken_in(language.tag), "en")
    return {**spoken(language), "lang": tag, "languages": LANGUAGES}
