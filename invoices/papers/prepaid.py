"""The statement of prepaid balance: what a client has paid for and not used, by course, as of a day."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from invoices.papers.account import Party
from invoices.papers.shared import Clinic, Money


@dataclass(frozen=True, kw_only=True)
class PrepaidTreatment:
    """The sessions of one treatment in a course: how many of those granted are unused."""

    treatment: str
    unused: int
    granted: int


@dataclass(frozen=True, kw_only=True)
class PrepaidCourse:
    """One course with unused sessions. `value` is by `formula`; None where another person paid for it.

    `expires_on`: None where it does not end.
    """

    package_name: str
    sold_on: date
    sessions: tuple[PrepaidTreatment, ...]
    value: Money | None
    formula: Literal["prorated", "discount_forfeited"]
    expires_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class PrepaidBalance:
    """`total` is the sum of the values. `check_code`: proves with the clinic's key that the content is as issued."""

    clinic: Clinic
    number: str
    as_of: date
    billed_to: Party
    courses: tuple[PrepaidCourse, ...]
    total: Money
    check_code: str
    language: str = "en"
