"""Invoice and credit note: a sale as Square computed it, and what was refunded of it. Computes no amounts."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from invoices.papers.shared import Clinic, Money

PaidBy = Literal["card", "cash", "gift_card", "bank", "wallet", "other"]


@dataclass(frozen=True, kw_only=True)
class Party:
    """Who is billed. `country` is two capitals, "" where it is not known."""

    name: str
    email: str = ""
    phone: str = ""
    country: str = ""
    address_lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AccountLine:
    """One line of the sale. `net` = quantity x unit price less discounts, without tax; `total` = `net` + `tax`.

    `quantity` is Square's decimal string. `detail`: what a package contains, already in the reader's words.
    `taxes`: the names of the taxes on it, as keys into the tax lines. On a credit note all money is negative, and
    `position` is the place, counted from 1, of the invoice's line it negates; its tip and service charge follow.
    There `is_part` means that less than the line is refunded, so that no unit has a price.
    """

    description: str
    quantity: str
    unit_price: Money
    discount: Money
    net: Money
    tax: Money
    total: Money
    detail: str = ""
    taxes: tuple[str, ...] = ()
    position: int = 0
    is_part: bool = False


@dataclass(frozen=True, kw_only=True)
class TaxLine:
    """One tax over all lines it applies to. `percentage` is a decimal string such as "9.5", "" where unknown."""

    name: str
    percentage: str
    base: Money
    amount: Money
    is_included: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentLine:
    """A payment or refund. `label` is a detail, such as "Visa" or "Bank transfer"; never a number."""

    on: date
    how: PaidBy
    amount: Money
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """`total` = nets + taxes + `tip` + `service_charge`; `balance_due` = `total` less what was paid at issue.

    `due_on` is when the balance is due. `is_electronic`: carries its EN 16931 XML (Factur-X).
    `reference`: the sale's mark in Square, to find it there. `is_prepayment`: sessions are on it, which
    are given later.
    """

    clinic: Clinic
    number: str
    issued_on: date
    sold_on: date
    billed_to: Party
    lines: tuple[AccountLine, ...]
    net: Money
    taxes: tuple[TaxLine, ...]
    tip: Money
    service_charge: Money
    total: Money
    payments: tuple[PaymentLine, ...]
    paid: Money
    balance_due: Money
    language: str = "en"
    due_on: date | None = None
    reference: str = ""
    is_electronic: bool = False
    is_prepayment: bool = False


@dataclass(frozen=True, kw_only=True)
class RefundedSessions:
    """The sessions of one treatment in a refunded course: `removed` were unused and left with the refund.

    `used` and `removed` together are what the money was for. `single_price`: of one visit, tax included.
    """

    treatment: str
    used: int
    removed: int
    single_price: Money


@dataclass(frozen=True, kw_only=True)
class RefundWorking:
    """How the refund of one course was computed. Money is positive, tax included.

    `paid`: what the client had paid for the course and not been refunded before. `formula`: "prorated" is
    paid x unused / total, weighed by single price; "discount_forfeited" is paid - used x single price; "" is another
    amount. Where not all was paid, `price` is what was agreed: prorated is then paid - price x used / total.
    """

    package_name: str
    paid: Money
    sessions: tuple[RefundedSessions, ...]
    formula: Literal["prorated", "discount_forfeited", ""] = ""
    price: Money | None = None


@dataclass(frozen=True, kw_only=True)
class CreditNote:
    """Negates lines of the invoice it names, in whole or in part; its amounts are zero or below.

    `returned`: how the money was refunded, positive. `reason`: what the desk wrote, "" where nothing was.
    `workings`: one for each course that the refund closed, none where it closed none.
    """

    clinic: Clinic
    number: str
    issued_on: date
    invoice_number: str
    invoice_issued_on: date
    billed_to: Party
    lines: tuple[AccountLine, ...]
    net: Money
    taxes: tuple[TaxLine, ...]
    total: Money
    returned: tuple[PaymentLine, ...]
    language: str = "en"
    reason: str = ""
    reference: str = ""
    is_electronic: bool = False
    workings: tuple[RefundWorking, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """An invoice or credit note, which is billed, or a payment or refund, which is paid; a refund is below zero.

    What is `canceled` was billed and is no longer due. `number`: of the invoice or credit note; of other lines that of
    their invoice, where the statement is of several sales.
    """

    on: date
    what: Literal["invoice", "credit_note", "canceled", "payment", "refund"]
    amount: Money
    balance: Money
    number: str = ""
    how: PaidBy = "other"
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class PayPage:
    """Where the balance of one sale is paid: Square's page, and the number of the invoice."""

    url: str
    number: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class AccountStatement:
    """What was billed and paid up to the day of issue, for a sale or for all of a client's; a later one has more.

    `balance_due` = `billed` less `paid`; below zero it is money that is the client's. `about`: what was sold, "" for
    all sales. `left_out`: earlier sales without a balance that are not listed. `pay_pages`: of what is due.
    """

    clinic: Clinic
    issued_on: date
    billed_to: Party
    about: str
    lines: tuple[StatementLine, ...]
    billed: Money
    paid: Money
    balance_due: Money
    language: str = "en"
    due_on: date | None = None
    reference: str = ""
    pay_pages: tuple[PayPage, ...] = ()
    left_out: int = 0


def negated(line: AccountLine) -> AccountLine:
    def minus(money: Money) -> Money:
        return Money(-money.amount, money.currency)

    return replace(
        line,
        unit_price=minus(line.unit_price),
        discount=minus(line.discount),
        net=minus(line.net),
        tax=minus(line.tax),
        total=minus(line.total),
    )


SIGNATURE_WIDTH, SIGNATURE_HEIGHT = 600, 200


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One subject of an agreement, in the reader's words."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RefundExample:
    """What would be paid back after `used` of `total` sessions, worked with the numbers of the package."""

    used: int
    total: int
    working: RefundWorking
    amount: Money


@dataclass(frozen=True, kw_only=True)
class AgreementSignature:
    """How it was signed. `path`: a drawn signature as SVG path data in a box of 600 by 200; `present`: who was there.

    `shown_sha256`: of the PDF that was shown and signed.
    """

    name: str
    way: Literal["drawn", "typed", "paper"]
    signed_at: datetime
    shown_sha256: str
    path: str = ""
    present: str = ""


@dataclass(frozen=True, kw_only=True)
class CourseAgreement:
    """The terms of a package for one client. `mark`: the version of the package and of the form, such as 3.1.

    `before`: the clauses that stand before the worked example of a refund, `after` those behind it.
    """

    clinic: Clinic
    client_name: str
    issued_on: date
    package_name: str
    price: Money
    contents: tuple[str, ...]
    before: tuple[Clause, ...]
    after: tuple[Clause, ...]
    mark: str
    example: RefundExample | None = None
    signature: AgreementSignature | None = None
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class QuotedTreatment:
    """Sessions of one treatment. `session_price`: of one within the course, `single_price`: of a single visit.

    `usable_from_session`: of the main treatment; None: from the start.
    """

    sessions: int
    treatment: str
    session_price: Money
    single_price: Money
    usable_from_session: int | None = None


@dataclass(frozen=True, kw_only=True)
class CourseQuote:
    """A package offered to a client. `concern`: in their own words; `rhythm`: how often to come, as a sentence.

    `terms`: the terms of the package in sentences; `refund`: the one that `example` works with numbers.
    `pay_url`: where it is paid, "" without one.
    """

    clinic: Clinic
    client_name: str
    issued_on: date
    valid_until: date
    package_name: str
    price: Money
    contents: tuple[QuotedTreatment, ...]
    concern: str
    rhythm: str
    terms: tuple[str, ...]
    refund: str
    example: RefundExample | None = None
    pay_url: str = ""
    language: str = "en"
