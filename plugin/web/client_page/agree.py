"""The pages on which a client signs an agreement, on their phone or the clinic’s iPad, and pays by a quote.

It is opened by its signed link alone and discloses nothing else. On the clinic's iPad nobody is signed in meanwhile,
as at the check-in screen. Where it was sent, the payment follows the signature.
"""

import re
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound, TooManyRequests

from invoices.language import Language, language_for
from invoices.pages.agreement import example_text, moments, not_promised, quoted
from plugin.core.acts import Actor, Role, Source
from plugin.courses.agreements import signing
from plugin.courses.agreements.prepare import (
    AgreementView,
    NewAgreement,
    agreement_content,
    agreement_pdf,
    prepare_agreement,
)
from plugin.courses.documents.paper_emails import send_paper
from plugin.courses.quotes.make import pay_quote
from plugin.courses.quotes.views import QuoteView, quote_content, quote_of_code, quote_pdf
from plugin.courses.sales.checkouts import read_checkout
from plugin.errors import CoursekeeperError, InvalidField, PaperNotMade, Refused
from plugin.web import current_services, pages
from plugin.web.actions import act_by
from plugin.web.agreement_rules import agreement_rules, agreements_are_required
from plugin.web.client_page.keyed import GUEST, KeyedPages, excuse, nothing, read_in, reader, spoken
from plugin.web.tables import pdf_answer

_CLIENT = Actor("The client", Role.DESK, Source.DESK)
_LONGEST_NAME = 200
_THEN = re.compile(
    r"(?:/[A-Za-z0-9_-]{1,40})?"
    r"(?:/my/[A-Za-z0-9_-]{1,80}/again/[A-Za-z0-9_-]{1,80}|/quote/[A-Za-z0-9-]{12,20})"
)

blueprint = KeyedPages(
    "agree",
    __name__,
    scope="agreements",
    often="120 per minute",
    unknown_scope="unknown agreements",
    failed=None,
    url_prefix="/agree",
)


@blueprint.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the agreement with the place to sign, or that it is signed.

    One that states until when one may change one's mind is made again on another day, to state that day.
    """
    link = _link(token)
    if not link.agreement.is_signed:
        # Not sold any more, or not drawn just now: the one that was made is shown, and signing says what is wrong.
        with suppress(CoursekeeperError):
            link = replace(link, agreement=_as_of_today(link.agreement))
    return _page(token, link)


@blueprint.get("/<token>/agreement.pdf")
def pdf(token: str) -> Response:
    """Return the signed copy, or the file to be signed."""
    link = _link(token)
    name = reader().gettext("Course agreement")
    return pdf_answer(agreement_pdf(current_services().store, link.agreement.id), f"{name}.pdf")


@blueprint.post("/<token>")
def sign(token: str) -> ResponseReturnValue:
    """Sign; what is wrong is said on the page, with all that was typed and drawn."""
    link, services = _link(token), current_services()
    language = reader()
    name, drawing = request.form.get("name", "")[:_LONGEST_NAME], request.form.get("drawing", "")
    agreed = request.form.get("agreed") == "yes"
    typed = {"name": name, "drawing": drawing if signing.is_drawing(drawing) else "", "agreed": agreed}
    if not link.agreement.is_signed and not agreed:
        said = language.gettext("Tick that you agree, then sign.")
        return _page(token, link, said=said, **typed), HTTPStatus.UNPROCESSABLE_ENTITY
    wish = signing.Signing(
        link.agreement.id,
        name,
        "drawn" if drawing not in ("", "[]") else "typed",
        request.form.get("sha256", "")[:64],
        drawing,
        link.present,
    )
    try:
        signed = signing.sign_agreement(
            services.store, services.render, act_by(_CLIENT), wish, agreement_rules()
        )
    except InvalidField as error:
        return _page(token, link, said=_wrong(error, language), **typed), HTTPStatus.UNPROCESSABLE_ENTITY
    except PaperNotMade:
        said = language.gettext("That did not work just now. Nothing is signed yet. Try again in a minute.")
        return _page(token, link, said=said, **typed), HTTPStatus.SERVICE_UNAVAILABLE
    except Refused as error:
        return _refused(token, link, error, name)
    if not link.agreement.is_signed:
        _mail(signed.id)
    then = _then()
    return redirect(f"{then}?signed=1" if then else url_for("agree.show", token=token), code=303)


@blueprint.errorhandler(NotFound)
@blueprint.errorhandler(TooManyRequests)
def unknown(error: HTTPException) -> ResponseReturnValue:
    """Return the same page for every link that opens nothing."""
    said = reader().gettext("This link does not work, or no longer works. Ask {clinic} for a new one.")
    return nothing(error, said)


@blueprint.errorhandler(CoursekeeperError)
def not_signed(error: CoursekeeperError) -> ResponseReturnValue:
    """Return a page of the client's; the reason is the clinic's matter."""
    said = reader().gettext("That did not work just now. Nothing is signed yet. Try again in a minute.")
    return excuse(error, said)


def address_to_sign(client_id: str, package_id: str, *, back: str) -> str:
    """Return where the client signs the agreement of this package, and then comes back to pay."""
    services = current_services()
    new = NewAgreement(client_id, package_id, "distance")
    agreement = prepare_agreement(services.store, services.render, act_by(GUEST), new, agreement_rules())
    token = signing.signing_token(services.settings.secret_key.get_secret_value(), agreement)
    return url_for("agree.show", token=token, then=back)


def _link(token: str) -> signing.SigningLink:
    services = current_services()
    secret = services.settings.secret_key.get_secret_value()
    link = signing.link_of_token(services.store, secret, token, services.clock())
    if link is None:
        abort(404)
    read_in(link.agreement.language)
    return link


def _then() -> str:
    """Return where the client wanted to pay before they had to sign, "" for nowhere: only a page of their own."""
    wanted = request.args.get("then", "")
    return wanted if _THEN.fullmatch(wanted) else ""


def _refused(token: str, link: signing.SigningLink, error: Refused, name: str) -> ResponseReturnValue:
    """Show the terms as they are now where they changed; else that the clinic must be asked."""
    agreement, language = link.agreement, reader()
    if error.code != signing.TERMS_CHANGED:
        said = language.gettext("This can no longer be signed. Ask {clinic}.", clinic=pages.clinic().name)
        return _page(token, link, said=said), HTTPStatus.CONFLICT
    current = _as_of_today(agreement)
    said = language.gettext("The terms have changed since you opened this page. Read them again, then sign.")
    return _page(token, signing.SigningLink(current, link.present), said=said, name=name), HTTPStatus.CONFLICT


def _as_of_today(agreement: AgreementView) -> AgreementView:
    services = current_services()
    new = NewAgreement(agreement.client_id, agreement.package_id, agreement.channel)
    return prepare_agreement(services.store, services.render, act_by(_CLIENT), new, agreement_rules())


def _wrong(error: InvalidField, language: Language) -> str:
    if error.field == "name":
        return language.gettext("Type your first and last name.")
    return language.gettext("Sign in the box with a finger or a pen. Or clear it, and type your name alone.")


def _mail(agreement_id: str) -> None:
    """Send the signed copy, where e-mails can be sent to the client."""
    services = current_services()
    try:
        send_paper(
            services.store, act_by(_CLIENT), "agreement", agreement_id, has_mail=services.mail.is_ready
        )
    except Refused:
        # Without an address the copy is on the private page, and at the desk.
        return


def _page(token: str, link: signing.SigningLink, **more: Any) -> str:
    language = language_for(link.agreement.language)
    paper = agreement_content(current_services().store, link.agreement.id)
    signature = link.agreement.signature
    at = moments(signature.signed_at, paper.clinic.time_zone, language) if signature else ("", "")
    return render_template(
        "client/agree.html",
        **{"said": "", "name": link.agreement.client_name, "drawing": "", "agreed": False, **more},
        **spoken(language),
        token=token,
        agreement=link.agreement,
        paper=paper,
        example=example_text(paper.example, language) if paper.example else "",
        signed_at=at[0],
        is_at_clinic=bool(link.present),
        then=_then(),
    )


quotes = KeyedPages(
    "quote",
    __name__,
    scope="quotes",
    unknown="30 per 5 minutes",
    unknown_scope="unknown quotes",
    url_prefix="/quote",
)


@quotes.get("/<code>")
def show_quote(code: str) -> ResponseReturnValue:
    """Show what was offered, or how far its sale has come."""
    return _quote_page(_quote(code))


@quotes.get("/<code>/quote.pdf")
def quote_paper(code: str) -> Response:
    quote = _quote(code)
    return pdf_answer(
        quote_pdf(current_services().store, quote.id), f"{reader().gettext('Quote for a course')}.pdf"
    )


@quotes.post("/<code>")
def pay(code: str) -> ResponseReturnValue:
    """Begin the sale once, and lead to the page that has its link."""
    quote, services = _quote(code), current_services()
    try:
        pay_quote(services.store, act_by(GUEST), quote.id, needs_agreement=agreements_are_required())
    except Refused as error:
        if error.code == "not_agreed":
            return redirect(address_to_sign(quote.client_id, quote.package_id, back=request.path), code=303)
        return _quote_page(_quote(code), problem=True), HTTPStatus.CONFLICT
    return redirect(url_for("quote.show_quote", code=code), code=303)


def _quote(code: str) -> QuoteView:
    quote = quote_of_code(current_services().store, code, now=pages.now())
    if quote is None:
        abort(404)
    read_in(quote_content(current_services().store, quote.id).language)
    return quote


def _quote_page(quote: QuoteView, **more: Any) -> str:
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
