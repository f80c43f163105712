"""The content of a course agreement: what a client agrees to before they pay for a course, and their signature.

And of a quote: a course offered to a client before they buy it, and how they pay.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from invoices.papers.account import RefundWorking
from invoices.papers.shared import Clinic, Money

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
