"""Before a sale at the desk: quotes, and course agreements, which are handed over, sent, or signed on paper."""

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.pages.agreement import moments
from invoices.pages.qr import qr_code
from plugin.core.change_of_mind import Channel
from plugin.courses.agreements import signing
from plugin.courses.agreements.prepare import (
    AgreementView,
    NewAgreement,
    agreement_content,
    agreement_pdf,
    agreements_of_client,
    prepare_agreement,
    read_agreement,
    withdraw_agreement,
)
from plugin.courses.base.words import money_text
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import read_client
from plugin.courses.documents.paper_emails import send_paper
from plugin.courses.quotes.make import VALID_FOR, NewQuote, make_quote, withdraw_quote
from plugin.courses.quotes.views import pay_address, quote_content, quote_pdf, quotes_of_client, read_quote
from plugin.staff_languages import staff_language
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import Notice, act_without_form, current_act, flash_notice, redirect_to
from plugin.web.agreement_rules import agreement_rules, agreements_are_on, agreements_are_required
from plugin.web.check_in_cookie import give_away
from plugin.web.desk.forms import MOST_PACKAGES, LetterForm, NewAgreementForm, PaperSignatureForm, QuoteForm
from plugin.web.refusals import Refusal
from plugin.web.tables import pdf_answer
from plugin.web.translations import _
from plugin.wording import spoken_tag

blueprint = Screens("agreements", __name__)


@blueprint.get("/clients/<client_id>/agreements", roles=DESK)
def of_client(client_id: str) -> ResponseReturnValue:
    store = current_services().store
    client = read_client(store, client_id)
    return render_template(
        "desk/agreements.html",
        client=client,
        agreements=agreements_of_client(store, client.id),
        is_on=agreements_are_on(),
    )


def _client_again(refusal: Refusal) -> ResponseReturnValue:
    flash_notice(Notice(refusal.message, is_bad=True))
    client_id = refusal.typed.get("client_id", "")
    return redirect_to("sell.start", client_id=client_id or None)


@blueprint.post("/agreements", roles=DESK, refused=_client_again)
def prepare() -> ResponseReturnValue:
    """Prepare the agreement of a package; hand this device over at once, or show how else it is signed."""
    services, form = current_services(), NewAgreementForm.sent()
    channel: Channel = "distance" if form.then.data == "link" else "clinic"
    new = NewAgreement(form.client_id.data, form.package_id.data, channel)
    agreement = prepare_agreement(services.store, services.render, current_act(), new, agreement_rules())
    if form.then.data == "hand_over" and not agreement.is_signed:
        return _hand_over(agreement)
    return redirect_to("agreements.show", agreement_id=agreement.id)


@blueprint.get("/agreements/<agreement_id>", roles=DESK)
def show(agreement_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show an agreement: how it is signed, or how it was."""
    services = current_services()
    agreement = read_agreement(services.store, agreement_id)
    client = read_client(services.store, agreement.client_id)
    address = signing.signing_address(services.settings, agreement)
    paper, signature = agreement_content(services.store, agreement_id), agreement.signature
    language = staff_language(spoken_tag())
    return render_template(
        "desk/agreement.html",
        agreement=agreement,
        mark=paper.mark,
        signed_at=moments(signature.signed_at, paper.clinic.time_zone, language) if signature else (),
        client=client,
        address=address,
        code=qr_code(address) if address and not agreement.is_signed else None,
        mail_form=LetterForm.shown_beside_others(refusal, mail_to=client.email or ""),
        paper_form=PaperSignatureForm.shown_beside_others(refusal, name=client.name),
        refusal=refusal,
        is_required=agreements_are_required(),
    )


@blueprint.get("/agreements/<agreement_id>/state", roles=DESK)
def state(agreement_id: str) -> ResponseReturnValue:
    """Return whether it is signed yet, for the page that waits."""
    agreement = read_agreement(current_services().store, agreement_id)
    response = Response(render_template("desk/_agreement_state.html", agreement=agreement))
    if agreement.is_signed:
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.get("/agreements/<agreement_id>/agreement.pdf", roles=DESK)
def pdf(agreement_id: str) -> Response:
    """Return the signed copy, or the file that is to be signed; `shown` asks for the latter."""
    store = current_services().store
    agreement = read_agreement(store, agreement_id)
    file = agreement_pdf(store, agreement_id, is_signed="shown" not in request.args)
    return pdf_answer(file, f"{_('Course agreement')}, {agreement.client_name}.pdf")


@blueprint.post("/agreements/<agreement_id>/hand-over", roles=DESK, refused=show)
def hand_over(agreement_id: str) -> ResponseReturnValue:
    """Hand this device to the client: the sign-in here ends, and only the agreement opens."""
    current_act()
    return _hand_over(read_agreement(current_services().store, agreement_id))


@blueprint.post("/agreements/<agreement_id>/link", roles=DESK, refused=show)
def send(agreement_id: str) -> ResponseReturnValue:
    """E-mail the link to sign."""
    services, mail_to = current_services(), LetterForm.sent().mail_to.data or ""
    address = signing.signing_address(services.settings, read_agreement(services.store, agreement_id))
    signing.send_link(
        services.store, current_act(), agreement_id, mail_to, address=address, has_mail=services.mail.is_ready
    )
    return redirect_to(
        "agreements.show", _("On its way to {mail_to}.", mail_to=mail_to), agreement_id=agreement_id
    )


@blueprint.post("/agreements/<agreement_id>/paper", roles=DESK, refused=show)
def sign_on_paper(agreement_id: str) -> ResponseReturnValue:
    """Record that the client signed the printed agreement."""
    services, act = current_services(), current_act()
    shown = read_agreement(services.store, agreement_id).pdf_sha256
    name = PaperSignatureForm.sent().name.data or ""
    wish = signing.Signing(agreement_id, name, "paper", shown, present=act.actor.name)
    signing.sign_agreement(services.store, services.render, act, wish, agreement_rules())
    return redirect_to("agreements.show", _("Recorded. Keep the signed paper."), agreement_id=agreement_id)


@blueprint.post("/agreements/<agreement_id>/email", roles=DESK, refused=show)
def mail(agreement_id: str) -> ResponseReturnValue:
    """Send the signed copy to the client."""
    services = current_services()
    sent = send_paper(
        services.store, current_act(), "agreement", agreement_id, has_mail=services.mail.is_ready
    )
    return redirect_to(
        "agreements.show", _("On its way to {mail_to}.", mail_to=sent.client.email), agreement_id=agreement_id
    )


@blueprint.post("/agreements/<agreement_id>/withdrawal", roles=DESK, refused=show)
def withdraw(agreement_id: str) -> ResponseReturnValue:
    """Delete an agreement that nobody signed."""
    store = current_services().store
    client_id = read_agreement(store, agreement_id).client_id
    withdraw_agreement(store, current_act(), agreement_id)
    return redirect_to("agreements.of_client", _("Withdrawn. Its link no longer works."), client_id=client_id)


def agreement_to_sell(client_id: str, package_id: str) -> dict[str, Any]:
    """Return for the page of a sale: the newest agreement of this package, and whether it is required."""
    if not agreements_are_on():
        return {"has_agreements": False}
    found = agreements_of_client(current_services().store, client_id)
    newest = next((each for each in found if each.package_id == package_id), None)
    return {"has_agreements": True, "agreement": newest, "is_required": agreements_are_required()}


def _hand_over(agreement: AgreementView) -> ResponseReturnValue:
    services, actor = current_services(), act_without_form().actor
    secret = services.settings.secret_key.get_secret_value()
    token = signing.handed_token(secret, agreement, staff_id=actor.staff_id or "", now=services.clock())
    return give_away(url_for("agree.show", token=token))


quotes = Screens("quotes", __name__)


@quotes.get("/clients/<client_id>/quotes", roles=DESK)
def list_quotes(client_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
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


@quotes.post("/clients/<client_id>/quotes", roles=DESK, refused=list_quotes)
def make(client_id: str) -> ResponseReturnValue:
    services, form = current_services(), QuoteForm.sent()
    new = NewQuote(
        client_id, form.package_id.data, form.concern.data, form.rhythm.data, form.valid_until.data
    )
    public_url = services.settings.public_url
    made = make_quote(services.store, services.render, current_act(), new, public_url=public_url)
    return redirect_to("quotes.show_quote", quote_id=made.id)


@quotes.get("/quotes/<quote_id>", roles=DESK)
def show_quote(quote_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
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


@quotes.get("/quotes/<quote_id>/quote.pdf", roles=DESK)
def print_quote(quote_id: str) -> Response:
    store = current_services().store
    quote = read_quote(store, quote_id, now=pages.now())
    return pdf_answer(quote_pdf(store, quote_id), f"{_('Quote')}, {quote.client_name}.pdf")


@quotes.post("/quotes/<quote_id>/email", roles=DESK, refused=show_quote)
def mail_quote(quote_id: str) -> ResponseReturnValue:
    """Send the paper to the client."""
    services = current_services()
    sent = send_paper(services.store, current_act(), "quote", quote_id, has_mail=services.mail.is_ready)
    return redirect_to(
        "quotes.show_quote", _("On its way to {mail_to}.", mail_to=sent.client.email), quote_id=quote_id
    )


@quotes.post("/quotes/<quote_id>/withdrawal", roles=DESK, refused=show_quote)
def end_quote(quote_id: str) -> ResponseReturnValue:
    withdraw_quote(current_services().store, current_act(), quote_id)
    return redirect_to(
        "quotes.show_quote", _("Withdrawn. Its link can no longer be used to pay."), quote_id=quote_id
    )
