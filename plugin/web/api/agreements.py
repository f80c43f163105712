"""The calls before a sale: quotes, and course agreements, which are prepared, read, printed and signed on paper."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from plugin.courses.agreements.prepare import (
    AgreementView,
    NewAgreement,
    agreement_pdf,
    agreements_of_client,
    prepare_agreement,
    read_agreement,
)
from plugin.courses.agreements.signing import Signing, sign_agreement, signing_address
from plugin.courses.handouts.batches import MIMETYPES, ZIP
from plugin.courses.quotes import views
from plugin.courses.quotes.make import LONGEST_CONCERN, LONGEST_RHYTHM, NewQuote, make_quote, withdraw_quote
from plugin.courses.reports.evidence import write_evidence
from plugin.web import current_services
from plugin.web.access import DESK
from plugin.web.agreement_rules import agreement_rules
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import (
    Answer,
    Day,
    GivenId,
    Id,
    Input,
    Moment,
    Money,
    Text,
    VisibleText,
    example_id,
    shown,
    usd,
    words,
)
from plugin.web.tables import written_file


class Signature(Answer):
    """How an agreement was signed."""

    name: str = shown("Ana Souza")
    way: Literal["drawn", "typed", "paper"] = shown("typed")
    present: str = shown("Deb", "Who of the clinic was there; empty on the client’s own device.")
    signed_at: Moment = shown("2026-11-22T18:05:00Z")
    shown_sha256: str = shown("9f86d081884c7d659a2f…", "Of the PDF that was shown and signed.")
    pdf_sha256: str = shown("60303ae22b998861bce3…", "Of the signed copy.")


class Agreement(Answer):
    """An agreement shown to a client."""

    id: Id = shown(example_id(8))
    client_id: Id = shown(example_id(1))
    package_id: Id = shown(example_id(2))
    package_name: str = shown("Facial acupuncture, course of 12")
    package_version: int = shown(1)
    language: str = shown("en")
    channel: Literal["clinic", "distance"] = shown("clinic")
    change_of_mind: str = shown("none", "The key of the period that it states.")
    pdf_sha256: str = shown("9f86d081884c7d659a2f…", "Of the PDF to read and sign.")
    made_at: Moment = shown("2026-11-22T18:00:00Z")
    by: str = shown("Deb")
    url: str = shown(
        "https://desk.example.org/agree/…", "Where the client signs; empty without a public address."
    )
    signature: Signature | None


class Agreements(Answer):
    """The agreements of a client, newest first."""

    agreements: list[Agreement]


class AgreementToPrepare(Input, json_schema_extra={"examples": [{"package_id": example_id(2)}]}):
    """The agreement to prepare."""

    package_id: GivenId
    channel: Literal["clinic", "distance"] = Field(
        "clinic", description="`distance` where it is not agreed at the clinic."
    )


class SignedPaper(Input, json_schema_extra={"examples": [{"name": "Ana Souza"}]}):
    """The name under the paper."""

    name: VisibleText = Field(max_length=200)


@call("GET", "/clients/{client_id}/agreements", Agreements, roles=DESK)
def list_agreements(request: Request, client_id: str) -> Reply:
    """List a client's agreements."""
    found = agreements_of_client(request.store, client_id)
    return Reply(Agreements.of({"agreements": [_agreement(each) for each in found]}))


@call("POST", "/clients/{client_id}/agreements", Agreement, status=201, roles=DESK, refusals=(409,))
def make_agreement(request: Request, body: AgreementToPrepare, client_id: str) -> Reply:
    """Prepare the agreement of a package; the same terms again return the same agreement."""
    services, new = request.services, NewAgreement(client_id, body.package_id, body.channel)
    made = prepare_agreement(services.store, services.render, request.act, new, agreement_rules())
    return Reply(Agreement.of(_agreement(made)))


@call("GET", "/agreements/{agreement_id}", Agreement, roles=DESK)
def get_agreement(request: Request, agreement_id: str) -> Reply:
    """Return an agreement."""
    return Reply(Agreement.of(_agreement(read_agreement(request.store, agreement_id))))


@call("GET", "/agreements/{agreement_id}/agreement.pdf", None, roles=DESK)
def print_agreement(request: Request, agreement_id: str) -> Reply:
    """Print the signed copy, or the agreement to sign; always the same bytes."""
    return Reply(pdf=agreement_pdf(request.store, agreement_id), filename="agreement.pdf")


@call("POST", "/agreements/{agreement_id}/paper-signature", Agreement, roles=DESK, refusals=(409,))
def record_paper_signature(request: Request, body: SignedPaper, agreement_id: str) -> Reply:
    """Record that the printed agreement was signed; a second time changes nothing."""
    services = request.services
    current = read_agreement(services.store, agreement_id)
    by = request.act.actor.name
    wish = Signing(agreement_id, body.name, "paper", current.pdf_sha256, present=by)
    signed = sign_agreement(services.store, services.render, request.act, wish, agreement_rules())
    return Reply(Agreement.of(_agreement(signed)))


@call("GET", "/courses/{course_id}/evidence.zip", None, roles=THE_OWNER, media=MIMETYPES[ZIP])
def save_evidence(request: Request, course_id: str) -> Reply:
    """Return agreement, visits, e-mails, payments and the ledger of a course, for a disputed payment."""
    services = request.services
    made, _course = written_file(
        lambda out: write_evidence(services.store, services.render, request.act, course_id, out)
    )
    return Reply(zip=made, filename="evidence.zip")


def _agreement(agreement: AgreementView) -> dict[str, object]:
    url = signing_address(current_services().settings, agreement)
    names = (name for name in Agreement.model_fields if name != "url")
    return {"url": url, **{name: getattr(agreement, name) for name in names}}


class Quote(Answer):
    """A package offered to a client at a price."""

    id: Id = shown(example_id(8))
    client_id: Id = shown(example_id(1))
    package_id: Id = shown(example_id(2))
    package_name: str = shown("Facial acupuncture, course of 12")
    package_version: int = shown(1)
    price: Money = shown(usd(198000), "As offered; tax that is added to it not included.")
    price_now: Money = shown(usd(198000), "Of the package today.")
    change: str = shown(
        "",
        "What changed since: `price`, `terms` (contents or terms), `retired`, or empty. Then it can’t be paid.",
    )
    concern: str = shown("The lines beside my mouth", "In the client’s words.")
    valid_until: date = shown("2026-12-22")
    state: Annotated[views.QuoteState, words(views.QuoteState)] = shown("open")
    made_at: Moment = shown("2026-11-22T18:00:00Z")
    by: str = shown("Deb")
    withdrawn_at: Moment | None = shown(None)
    checkout_id: Id | None = shown(None, "Of the sale by its payment link, while that is open.")
    pdf_sha256: str = shown("9f86d081884c7d659a2f…", "Of its paper.")
    url: str = shown(
        "https://desk.example.org/quote/7KQM-X3FD-92HT",
        "Where the client pays; empty without a public address.",
    )


class Quotes(Answer):
    """The quotes of a client, newest first."""

    quotes: list[Quote]


class QuoteToMake(
    Input,
    json_schema_extra={"examples": [{"package_id": example_id(2), "concern": "The lines beside my mouth"}]},
):
    """The quote to make, at the package's price of today."""

    package_id: GivenId
    concern: Text = Field("", max_length=LONGEST_CONCERN, description="In the client’s words; no diagnosis.")
    rhythm: Text = Field(
        "",
        max_length=LONGEST_RHYTHM,
        description="How often to come; empty for the interval of the treatment.",
    )
    valid_until: Day | None = Field(None, description="Within a year; in 30 days by default.")


@call("GET", "/clients/{client_id}/quotes", Quotes, roles=DESK)
def list_quotes(request: Request, client_id: str) -> Reply:
    """List a client's quotes."""
    found = views.quotes_of_client(request.store, client_id, now=request.act.now)
    return Reply(Quotes.of({"quotes": [_quote(each) for each in found]}))


@call("POST", "/clients/{client_id}/quotes", Quote, status=201, roles=DESK, refusals=(409,))
def create_quote(request: Request, body: QuoteToMake, client_id: str) -> Reply:
    """Make a quote; an open one of the same package is withdrawn."""
    services = request.services
    new = NewQuote(client_id, body.package_id, body.concern, body.rhythm, body.valid_until)
    public_url = services.settings.public_url
    made = make_quote(services.store, services.render, request.act, new, public_url=public_url)
    return Reply(Quote.of(_quote(made)))


@call("GET", "/quotes/{quote_id}", Quote, roles=DESK)
def get_quote(request: Request, quote_id: str) -> Reply:
    """Return a quote."""
    return Reply(Quote.of(_quote(views.read_quote(request.store, quote_id, now=request.act.now))))


@call("GET", "/quotes/{quote_id}/quote.pdf", None, roles=DESK)
def print_quote(request: Request, quote_id: str) -> Reply:
    """Print a quote; always the same bytes."""
    return Reply(pdf=views.quote_pdf(request.store, quote_id), filename="quote.quote_paper")


@call("POST", "/quotes/{quote_id}/withdrawal", Quote, roles=DESK, refusals=(409,))
def withdraw_client_quote(request: Request, quote_id: str) -> Reply:
    """Withdraw a quote; a second time changes nothing."""
    return Reply(Quote.of(_quote(withdraw_quote(request.store, request.act, quote_id))))


def _quote(quote: views.QuoteView) -> dict[str, object]:
    url = views.pay_address(current_services().settings.public_url, quote.code)
    return {"url": url, **{name: getattr(quote, name) for name in Quote.model_fields if name != "url"}}
