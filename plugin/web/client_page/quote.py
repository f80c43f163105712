"""The page of a quote, opened by the code on its paper: what was offered, one button, then Square.

Whoever has the paper may open it. The page itself names neither the client nor what they told the clinic.
"""

from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, TooManyRequests

from invoices.language import language_for
from invoices.pages.quote import quote_page
from plugin.core.acts import Act
from plugin.courses.quotes.pay import pay_quote
from plugin.courses.quotes.views import QuoteView, quote_content, quote_of_code, quote_pdf
from plugin.courses.sales.checkouts import read_checkout
from plugin.errors import CoursekeeperError, Refused
from plugin.web import current_services, pages
from plugin.web.actions import fresh_key
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.client_page.agree import address_to_sign
from plugin.web.client_page.views import GUEST, not_begun, nothing, spoken
from plugin.web.files import name_file
from plugin.web.headers import unlist
from plugin.web.limits import limit_unknown, limit_views, page_limiter

PER_ADDRESS = "60 per minute"
UNKNOWN_PER_ADDRESS = "30 per 5 minutes"

blueprint = Blueprint("quote", __name__, url_prefix="/quote")
blueprint.after_request(unlist)
blueprint.register_error_handler(NotFound, nothing)
blueprint.register_error_handler(TooManyRequests, nothing)
blueprint.register_error_handler(CoursekeeperError, not_begun)


@blueprint.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """Show what was offered, or how far its sale has come."""
    return _page(_quote(code))


@blueprint.get("/<code>/quote.pdf")
def pdf(code: str) -> Response:
    """Return the paper."""
    store, quote = current_services().store, _quote(code)
    response = make_response(quote_pdf(store, quote.id))
    response.mimetype = "application/pdf"
    language = language_for(quote_content(store, quote.id).language)
    return name_file(response, f"{language.gettext('Quote for a course')}.pdf")


@blueprint.post("/<code>")
def pay(code: str) -> ResponseReturnValue:
    """Begin the sale once, and lead to the page that has its link."""
    quote, services = _quote(code), current_services()
    act = Act(GUEST, services.clock(), fresh_key())
    try:
        pay_quote(services.store, act, quote.id, needs_agreement=agreements_are_required())
    except Refused as error:
        if error.code == "not_agreed":
            return redirect(address_to_sign(quote.client_id, quote.package_id, back=request.path), code=303)
        return _page(_quote(code), problem=True), HTTPStatus.CONFLICT
    return redirect(url_for("quote.show", code=code), code=303)


def set_up(app: Flask) -> None:
    """Limit how much one visitor opens, and how many codes are tried."""
    often = page_limiter(app).shared_limit(PER_ADDRESS, scope="quotes")
    guesses = limit_unknown(app, UNKNOWN_PER_ADDRESS, "unknown quotes")
    limit_views(app, ("quote.show", "quote.pdf", "quote.pay"), guesses, often)


def _quote(code: str) -> QuoteView:
    quote = quote_of_code(current_services().store, code, now=pages.now())
    if quote is None:
        abort(404)
    return quote


def _page(quote: QuoteView, **more: Any) -> str:
    store = current_services().store
    paper = quote_content(store, quote.id)
    language = language_for(paper.language)
    checkout = read_checkout(store, quote.checkout_id) if quote.checkout_id else None
    return render_template(
        "client/quote.html",
        **{"problem": False, **more},
        **spoken(language),
        quote=quote,
        paper=paper,
        page=quote_page(paper, language),
        checkout=checkout,
        waits=checkout is not None and not checkout.url,
    )
