"""The content of a quote: a course offered to a client before they buy it, and how they pay."""

from dataclasses import dataclass
from datetime import date

from invoices.papers.agreement import RefundExample
from invoices.papers.shared import Clinic, Money


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
