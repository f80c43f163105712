"""The calls about clients: finding and creating them, their courses, receipts, statement and prepaid balance."""

from datetime import date
from typing import Literal

from pydantic import Field

from plugin.core.text import NAME_LENGTH
from plugin.courses.base.read import courses_of_client
from plugin.courses.clients import clients
from plugin.courses.documents.client_statement import (
    client_statement,
    issue_prepaid_balance,
    read_prepaid,
    statement_of_client,
)
from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.issuing import receipts_of_course
from plugin.courses.documents.read import read_document
from plugin.errors import NotFound
from plugin.web.access import DESK
from plugin.web.api.calls import Reply, Request, call, is_known
from plugin.web.api.courses import CourseList
from plugin.web.api.inputs import (
    Answer,
    Cursor,
    Id,
    Input,
    Moment,
    Money,
    Paging,
    Text,
    VisibleText,
    example_id,
    page_of,
    shown,
    usd,
)
from plugin.wording import _


class Client(Answer):
    """A client of the clinic."""

    id: Id = shown(example_id(0))
    name: str = shown("Ana Souza")
    phone: str | None = shown("+14155552671", "E.164.")
    email: str | None = shown("ana@example.org")
    language: str = shown("en")
    sounds_like: str = shown("AH-nah SOH-zah", "How the name is said aloud; empty where it was not noted.")
    postal_address: str = shown(
        "118 Juniper Street\nLos Angeles, CA 90012", "On invoices; empty: the profile’s."
    )
    large_print: bool = shown(False, "Whether their papers are printed in larger type.")
    square_customer_id: str | None


class ClientList(Answer):
    """A page of clients."""

    clients: list[Client] = shown(at="rows")
    cursor: Cursor


# The use case checks it, with a message of its own.
_TAG = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$"


class NewClient(
    Input,
    json_schema_extra={
        "examples": [{"name": "Ana Souza", "phone": "+1 415 555 2671", "email": "ana@example.org"}]
    },
):
    """The new client."""

    name: VisibleText = Field(max_length=NAME_LENGTH)
    phone: Text | None = Field(None, max_length=60)
    """With its area code, or + and the country code; answered in E.164."""
    email: Text | None = Field(None, max_length=254)
    """An e-mail address; blank for none."""
    language: Text | None = Field(
        None,
        min_length=2,
        max_length=16,
        json_schema_extra={"pattern": _TAG},
    )
    """A tag such as en, es or zh-Hans; en by default."""
    sounds_like: Text | None = Field(None, max_length=NAME_LENGTH)
    """How the name is said aloud, such as SHIV-awn; on no paper."""


class Search(Paging):
    """The search."""

    q: Text | None = Field(None, max_length=200)
    """Any part of a name, a phone's last digits, an e-mail."""


@call("GET", "/clients", ClientList)
def find_clients(request: Request, query: Search) -> Reply:
    """Find clients."""
    found = clients.find_clients(
        request.store, query.q or "", today=request.today, limit=query.limit, cursor=query.cursor
    )
    rows = [each.client for each in found.rows]
    return Reply(ClientList.of({"rows": rows, "cursor": found.cursor}))


@call("POST", "/clients", Client, status=201)
def create_client(request: Request, body: NewClient) -> Reply:
    """Create a client."""
    is_repeat = is_known(request)
    client = clients.create_client(request.store, request.act, **body.model_dump())
    return Reply(Client.of(client), is_repeat)


@call("GET", "/clients/{client_id}", Client)
def read_client(request: Request, client_id: str) -> Reply:
    """Read a client; a merged one returns the client it was merged into."""
    return Reply(Client.of(clients.read_client(request.store, client_id)))


@call("GET", "/clients/{client_id}/courses", CourseList)
def list_courses_of_client(request: Request, query: Paging, client_id: str) -> Reply:
    """List a client's courses: those in use first, then the newest."""
    client = clients.read_client(request.store, client_id)
    courses = courses_of_client(request.store, client.id, today=request.today)
    return Reply(CourseList.of(page_of(courses, query, lambda course: course.id)))


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
    balance_due: Money = shown(usd(99000), "Below 0: money that is the client’s.")
    due_on: date | None = shown("2026-12-28", "The earliest day on which something is due.")
    pay_pages: list[PayPage]
    left_out: int = shown(0, "Earlier sales without a balance that are not among the lines.")


@call("GET", "/clients/{client_id}/statement", Statement, roles=DESK, refusals=(409,))
def read_statement(request: Request, client_id: str) -> Reply:
    """Read the statement of account of a client; 404 where nothing was billed to them."""
    return Reply(Statement.of(client_statement(request.store, request.act, client_id)))


@call("GET", "/clients/{client_id}/statement.pdf", None, roles=DESK, refusals=(409,))
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
    check_code: str = shown("3F2A-91C0-77DE-0B14", "Of the content, by the clinic’s secret key.")


@call("GET", "/clients/{client_id}/prepaid-balance", PrepaidBalance, roles=DESK, refusals=(409,))
def read_prepaid_balance(request: Request, client_id: str) -> Reply:
    """Issue the statement of prepaid balance of a client as of now, and read it."""
    services = request.services
    return Reply(PrepaidBalance.of(read_prepaid(services.store, _issued(request, client_id))))


@call("GET", "/clients/{client_id}/prepaid-balance.pdf", None, roles=DESK, refusals=(409,))
def print_prepaid_balance(request: Request, client_id: str) -> Reply:
    """Issue the statement of prepaid balance of a client as of now, and print it."""
    services = request.services
    pdf = document_bytes(services.store, services.render, _issued(request, client_id), now=request.act.now)
    return Reply(pdf=pdf, filename="prepaid-balance.pdf")


def _issued(request: Request, client_id: str) -> str:
    services = request.services
    secret = services.settings.secret_key.get_secret_value()
    return issue_prepaid_balance(services.store, request.act, client_id, secret=secret)


class Receipt(Answer):
    """The receipt of one payment, as it was issued."""

    id: Id = shown(example_id(8))
    number: str = shown("REC-0001", at="paper.number")
    issued_at: Moment = shown("2026-11-28T18:00:00Z")
    paid_at: Moment = shown("2026-11-28T18:00:00Z", at="paper.paid_at")
    amount: Money = shown(usd(99000), "Its tip included.", at="paper.payment.amount")
    part: Literal["all", "deposit", "balance", "part"] = shown(
        "deposit", "`all` paid the sale whole; `part` is another part of it.", at="paper.part"
    )
    how: Literal["card", "cash", "gift_card", "bank", "wallet", "other"] = shown(
        "card", at="paper.payment.how"
    )
    label: str = shown("Visa", "Such as the brand of the card; never a number.", at="paper.payment.label")
    invoice_number: str = shown("INV-0010", at="paper.invoice_number")
    total: Money = shown(usd(198000), "That of the invoice.", at="paper.total")
    balance_due: Money = shown(usd(99000), "What was left to pay after it.", at="paper.balance_due")
    due_on: date | None = shown("2026-12-28", at="paper.due_on")
    square_receipt_url: str = shown(
        "https://squareup.com/receipt/preview/x",
        "Square’s own receipt; empty where unknown.",
        at="paper.receipt_url",
    )
    replaces: str = shown("", "The number of one made out to the wrong person.", at="paper.replaces")
    content_sha256: str = shown("9f2c…", "Of the content, which never changes.")


class Receipts(Answer):
    """The receipts of the sale of a course, in the order they were issued."""

    receipts: list[Receipt]


@call("GET", "/courses/{course_id}/receipts", Receipts, roles=DESK, refusals=(409,))
def list_receipts(request: Request, course_id: str) -> Reply:
    """List the receipts of a course's sale; those of payments before receipts were issued are issued now."""
    receipts = receipts_of_course(request.store, request.act, course_id)
    return Reply(Receipts.of({"receipts": receipts}))


@call("GET", "/receipts/{receipt_id}/receipt.pdf", None, roles=DESK, refusals=(409,))
def print_receipt(request: Request, receipt_id: str) -> Reply:
    """Print a receipt, always the same bytes."""
    services = request.services
    if read_document(services.store, receipt_id).kind != "receipt":
        raise NotFound(_("There is no such document."))
    pdf = document_bytes(services.store, services.render, receipt_id, now=request.act.now)
    return Reply(pdf=pdf, filename="receipt.pdf")
