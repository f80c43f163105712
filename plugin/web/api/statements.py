"""The calls about a client's statement of account and prepaid balance."""

from __future__ import annotations

from datetime import date
from typing import Literal

from plugin.courses.documents.client_statement import client_statement, statement_of_client
from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.prepaid import issue_prepaid_balance, read_prepaid
from plugin.web.api.answers import Answer, Money, shown, usd
from plugin.web.api.calls import THE_DESK, Reply, Request, call


class StatementLine(Answer):
    """One line: `billed` are invoices, credit notes and what was canceled; `paid` are payments, and refunds below 0."""

    on: date = shown("2026-11-28")
    what: Literal["invoice", "credit_note", "canceled", "payment", "refund"] = shown("payment")
    amount: Money = shown(usd(99000))
    balance: Money = shown(usd(99000), "What is due after this line.")
    number: str = shown("INV-0010", "Of the invoice that it is about, or of the credit note.")


class PayPage(Answer):
    """Square's page where the balance of one invoice is paid."""

    url: str = shown("https://squareup.com/pay-invoice/x")
    number: str = shown("INV-0010")
    amount: Money = shown(usd(99000))


class Statement(Answer):
    """What was billed to a client and paid, in the clinic's currency, up to now."""

    as_of: date = shown("2026-12-01", at="issued_on")
    lines: list[StatementLine]
    billed: Money = shown(usd(198000))
    paid: Money = shown(usd(99000))
    balance_due: Money = shown(usd(99000), "Below 0: money that is the client's.")
    due_on: date | None = shown("2026-12-28", "The earliest day on which something is due.")
    pay_pages: list[PayPage]
    left_out: int = shown(0, "Earlier sales without a balance that are not among the lines.")


@call("GET", "/clients/{client_id}/statement", Statement, roles=THE_DESK, refusals=(409,))
def read_statement(request: Request, client_id: str) -> Reply:
    """Read the statement of account of a client; 404 where nothing was billed to them."""
    return Reply(Statement.of(client_statement(request.store, request.act, client_id)))


@call("GET", "/clients/{client_id}/statement.pdf", None, roles=THE_DESK, refusals=(409,))
def print_client_statement(request: Request, client_id: str) -> Reply:
    """Print the statement of account of a client, with the code of the page where what is due is paid."""
    services = request.services
    made = statement_of_client(services.store, services.render, request.act, client_id)
    return Reply(pdf=made.pdf, filename="statement.pdf")


class PrepaidTreatment(Answer):
    """The sessions of one treatment of a course."""

    treatment: str = shown("Facial acupuncture, 60 min")
    unused: int = shown(7)
    granted: int = shown(12)


class PrepaidCourse(Answer):
    """A course with unused sessions."""

    package_name: str = shown("Facial acupuncture, course of 12")
    sold_on: date = shown("2026-10-01")
    sessions: list[PrepaidTreatment]
    value: Money | None = shown(
        usd(115500), "By the formula, tax included; null where another person paid for it."
    )
    formula: Literal["prorated", "discount_forfeited"] = shown("prorated")
    expires_on: date | None


class PrepaidBalance(Answer):
    """What a client has paid for and not used, issued as a document that never changes."""

    number: str = shown("PRE-0001")
    as_of: date = shown("2026-12-01")
    courses: list[PrepaidCourse]
    total: Money = shown(usd(115500))
    check_code: str = shown("3F2A-91C0-77DE-0B14", "Of the content, by the clinic's secret key.")


@call("GET", "/clients/{client_id}/prepaid-balance", PrepaidBalance, roles=THE_DESK, refusals=(409,))
def read_prepaid_balance(request: Request, client_id: str) -> Reply:
    """Issue the statement of prepaid balance of a client as of now, and read it."""
    services = request.services
    return Reply(PrepaidBalance.of(read_prepaid(services.store, _issued(request, client_id))))


@call("GET", "/clients/{client_id}/prepaid-balance.pdf", None, roles=THE_DESK, refusals=(409,))
def print_prepaid_balance(request: Request, client_id: str) -> Reply:
    """Issue the statement of prepaid balance of a client as of now, and print it."""
    services = request.services
    pdf = document_bytes(services.store, services.render, _issued(request, client_id), now=request.act.now)
    return Reply(pdf=pdf, filename="prepaid-balance.pdf")


def _issued(request: Request, client_id: str) -> str:
    services = request.services
    secret = services.settings.secret_key.get_secret_value()
    return issue_prepaid_balance(services.store, request.act, client_id, secret=secret)
