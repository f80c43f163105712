"""The calls about quotes: make one before a sale, read, print and withdraw it."""

from datetime import date
from typing import Annotated

from pydantic import Field

from plugin.courses.quotes import views
from plugin.courses.quotes.make import LONGEST_CONCERN, LONGEST_RHYTHM, NewQuote, make_quote, withdraw_quote
from plugin.web import current_services
from plugin.web.access import DESK
from plugin.web.api.answers import Answer, Id, Moment, Money, example_id, shown, usd
from plugin.web.api.calls import Reply, Request, call
from plugin.web.api.inputs import Day, GivenId, Input, Text, words


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
    return Reply(Quotes.of({"quotes": [_said(each) for each in found]}))


@call("POST", "/clients/{client_id}/quotes", Quote, status=201, roles=DESK, refusals=(409,))
def create_quote(request: Request, body: QuoteToMake, client_id: str) -> Reply:
    """Make a quote; an open one of the same package is withdrawn."""
    services = request.services
    new = NewQuote(client_id, body.package_id, body.concern, body.rhythm, body.valid_until)
    public_url = services.settings.public_url
    made = make_quote(services.store, services.render, request.act, new, public_url=public_url)
    return Reply(Quote.of(_said(made)))


@call("GET", "/quotes/{quote_id}", Quote, roles=DESK)
def get_quote(request: Request, quote_id: str) -> Reply:
    """Return a quote."""
    return Reply(Quote.of(_said(views.read_quote(request.store, quote_id, now=request.act.now))))


@call("GET", "/quotes/{quote_id}/quote.pdf", None, roles=DESK)
def print_quote(request: Request, quote_id: str) -> Reply:
    """Print a quote; always the same bytes."""
    return Reply(pdf=views.quote_pdf(request.store, quote_id), filename="quote.pdf")


@call("POST", "/quotes/{quote_id}/withdrawal", Quote, roles=DESK, refusals=(409,))
def withdraw_client_quote(request: Request, quote_id: str) -> Reply:
    """Withdraw a quote; a second time changes nothing."""
    return Reply(Quote.of(_said(withdraw_quote(request.store, request.act, quote_id))))


def _said(quote: views.QuoteView) -> dict[str, object]:
    url = views.pay_address(current_services().settings.public_url, quote.code)
    return {"url": url, **{name: getattr(quote, name) for name in Quote.model_fields if name != "url"}}
