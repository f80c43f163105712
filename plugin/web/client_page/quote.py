"""The page of a quote, opened by the code on its paper: what was offered, one button, then Square.

Whoever has the paper may open it. The page itself names neither the client nor what they told the clinic.
"""

from http import HTTPStatus
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.pages.agreement import example_text, not_promised, quoted
from plugin.courses.quotes.make import pay_quote
from plugin.courses.quotes.views import QuoteView, quote_content, quote_of_code, quote_pdf
from plugin.courses.sales.checkouts import read_checkout
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.actions import act_by
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.client_page.agree import address_to_sign
from plugin.web.client_page.keyed import GUEST, KeyedPages, read_in, reader, spoken
from plugin.web.files import pdf_answer

blueprint = KeyedPages(
    "quote",
    __name__,
    scope="quotes",
    unknown="30 per 5 minutes",
    unknown_scope="unknown quotes",
    url_prefix="/quote",
)


@blueprint.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """Show what was offered, or how far its sale has come."""
    return _page(_quote(code))


@blueprint.get("/<code>/quote.pdf")
def pdf(code: str) -> Response:
    quote = _quote(code)
    return pdf_answer(
        quote_pdf(current_services().store, quote.id), f"{reader().gettext('Quote for a course')}.pdf"
    )


@blueprint.post("/<code>")
def pay(code: str) -> ResponseReturnValue:
    """Begin the sale once, and lead to the page that has its link."""
    quote, services = _quote(code), current_services()
    try:
        pay_quote(services.store, act_by(GUEST), quote.id, needs_agreement=agreements_are_required())
    except Refused as error:
        if error.code == "not_agreed":
            return redirect(address_to_sign(quote.client_id, quote.package_id, back=request.path), code=303)
        return _page(_quote(code), problem=True), HTTPStatus.CONFLICT
    return redirect(url_for("quote.show", code=code), code=303)


def _quote(code: str) -> QuoteView:
    quote = quote_of_code(current_services().store, code, now=pages.now())
    if quote is None:
        abort(404)
    read_in(quote_content(current_services().store, quote.id).language)
    return quote


def _page(quote: QuoteView, **more: Any) -> str:
    store = current_services().store
    paper = quote_content(store, quote.id)
    language = reader()
    checkout = read_checkout(store, quote.checkout_id) if quote.checkout_id else None
    return render_template(
        "client/quote.html",
        **{"problem": False, **more},
        **spoken(language),
        quote=quote,
        paper=paper,
        price=language.money(paper.price),
        contents=[quoted(each, language) for each in paper.contents],
        example=example_text(paper.example, language) if paper.example else "",
        not_promised=not_promised(language),
        checkout=checkout,
        waits=checkout is not None and not checkout.url,
    )
