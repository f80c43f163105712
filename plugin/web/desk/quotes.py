"""Quotes at the desk: make one in the consultation, print or e-mail it, sell from it, withdraw it."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from invoices.pages.qr import qr_code
from plugin.courses.base.words import money_text
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import read_client
from plugin.courses.documents.paper_emails import send_paper
from plugin.courses.quotes.make import VALID_FOR, NewQuote, make_quote, withdraw_quote
from plugin.courses.quotes.views import pay_address, quote_content, quote_pdf, quotes_of_client, read_quote
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.desk.checkouts import MOST_PACKAGES
from plugin.web.desk.forms import QuoteForm
from plugin.web.files import pdf_answer
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("quotes", __name__)


@blueprint.get("/clients/<client_id>/quotes", roles=DESK)
def of_client(client_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """List the client's quotes, with the form for a new one."""
    store = current_services().store
    client = read_client(store, client_id)
    packages = [each for each in list_packages(store, limit=MOST_PACKAGES).rows if each.square_variation_id]
    package_id, valid_until = request.args.get("package_id", ""), pages.today() + VALID_FOR
    form = QuoteForm.shown(refusal, package_id=package_id, valid_until=valid_until)
    clinic = pages.clinic()
    form.package_id.choices = [
        (each.id, f"{each.name} · {money_text(each.price, clinic)}") for each in packages
    ]
    return render_template(
        "desk/quotes.html",
        client=client,
        quotes=quotes_of_client(store, client.id, now=pages.now()),
        form=form,
    )


@blueprint.post("/clients/<client_id>/quotes", roles=DESK, refused=of_client)
def make(client_id: str) -> ResponseReturnValue:
    services, form = current_services(), QuoteForm.sent()
    new = NewQuote(
        client_id, form.package_id.data, form.concern.data, form.rhythm.data, form.valid_until.data
    )
    public_url = services.settings.public_url
    made = make_quote(services.store, services.render, current_act(), new, public_url=public_url)
    return redirect_to("quotes.show", quote_id=made.id)


@blueprint.get("/quotes/<quote_id>", roles=DESK)
def show(quote_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show a quote, and what can be done with it."""
    services = current_services()
    store = services.store
    quote = read_quote(store, quote_id, now=pages.now())
    address = pay_address(services.settings.public_url, quote.code)
    return render_template(
        "desk/quote.html",
        quote=quote,
        paper=quote_content(store, quote_id),
        address=address,
        code=qr_code(address) if address and quote.is_open else None,
        refusal=refusal,
    )


@blueprint.get("/quotes/<quote_id>/quote.pdf", roles=DESK)
def pdf(quote_id: str) -> Response:
    store = current_services().store
    quote = read_quote(store, quote_id, now=pages.now())
    return pdf_answer(quote_pdf(store, quote_id), f"{_('Quote')}, {quote.client_name}.pdf")


@blueprint.post("/quotes/<quote_id>/email", roles=DESK, refused=show)
def mail(quote_id: str) -> ResponseReturnValue:
    """Send the paper to the client."""
    services = current_services()
    sent = send_paper(services.store, current_act(), "quote", quote_id, has_mail=services.mail.is_ready)
    return redirect_to(
        "quotes.show", _("On its way to {mail_to}.", mail_to=sent.client.email), quote_id=quote_id
    )


@blueprint.post("/quotes/<quote_id>/withdrawal", roles=DESK, refused=show)
def withdraw(quote_id: str) -> ResponseReturnValue:
    withdraw_quote(current_services().store, current_act(), quote_id)
    return redirect_to(
        "quotes.show", _("Withdrawn. Its link can no longer be used to pay."), quote_id=quote_id
    )
