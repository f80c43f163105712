"""The receipt of one payment as it was when it was paid, the statement of prepaid balance, and the year-end sheet."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Literal

from invoices.papers.account import Party, PaymentLine
from invoices.papers.shared import Clinic, Money

# A payment that leaves nothing due and followed none; the first of several on their own days; the last; another.
ReceiptPart = Literal["all", "deposit", "balance", "part"]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """`balance_due` = `total` less `paid_before` and the payment: what was left to pay after it.

    `total` is that of the invoice; `about` names what was bought. `paid_at` is aware and is shown in the clinic's time
    zone. `receipt_url`: Square's own receipt, "" where it gave none. `replaces`: the number of a receipt of the same
    payment that was made out to the wrong person.
    """

    clinic: Clinic
    number: str
    issued_on: date
    billed_to: Party
    about: str
    payment: PaymentLine
    paid_at: datetime
    part: ReceiptPart
    invoice_number: str
    invoice_issued_on: date
    total: Money
    paid_before: Money
    balance_due: Money
    language: str = "en"
    due_on: date | None = None
    reference: str = ""
    receipt_url: str = ""
    replaces: str = ""


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


YearKind = Literal["received", "refunded", "earned", "written_off", "kept", "adjusted", "tax", "tips", "fees"]


@dataclass(frozen=True, kw_only=True)
class YearRow:
    """One package: carried in plus received, less earned, refunded and written off, plus the rest is carried over.

    `older`: of what is carried over, what lies in courses sold before the year.
    """

    package: str
    carried_in: Money
    received: Money
    earned: Money
    refunded: Money
    other: Money
    carried_over: Money
    older: Money

    @property
    def amounts(self) -> tuple[Money, ...]:
        """Return the amounts in their order, as they stand in a row."""
        return tuple(getattr(self, name) for name in YEAR_AMOUNTS)


YEAR_AMOUNTS = tuple(each.name for each in fields(YearRow) if each.name != "package")


@dataclass(frozen=True)
class YearLine:
    """One amount of the year, as it counts by its method: below zero where it takes away."""

    kind: YearKind
    amount: Money


@dataclass(frozen=True, kw_only=True)
class YearEnd:
    """A calendar year. `cash` and `accrual` each add up to the income by that method; `beside` are no income.

    `is_closed`: the books of the year are closed.
    """

    clinic: Clinic
    year: int
    issued_on: date
    rows: tuple[YearRow, ...]
    cash: tuple[YearLine, ...]
    accrual: tuple[YearLine, ...]
    beside: tuple[YearLine, ...]
    is_closed: bool
    language: str

    @property
    def total(self) -> YearRow:
        """Return all packages together."""
        currency = self.cash[0].amount.currency
        sums = {name: sum(getattr(each, name).amount for each in self.rows) for name in YEAR_AMOUNTS}
        return YearRow(package="", **{name: Money(amount, currency) for name, amount in sums.items()})


RollKind = Literal[
    "opening", "sold", "paid", "used", "refunded", "expired", "adjusted", "transferred", "closing"
]
CallReason = Literal["low", "expiring", "lapsed", "overdue", "finished"]


@dataclass(frozen=True)
class RollLine:
    """One line of the roll-forward: opening plus all between is closing, in money and in sessions."""

    kind: RollKind
    value: Money
    sessions: int


@dataclass(frozen=True, kw_only=True)
class PackageRow:
    """One package in the month: courses sold, the money received, sessions used and what they earned.

    All packages together are the lines `sold`, `paid` and `used` of the roll-forward.
    """

    package: str
    sold: int
    sold_value: Money
    used: int
    used_value: Money
    sold_sessions: int = 0


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """One person worth a call, why, and what it is about. `on`: the day that matters, such as the expiry.

    `due`: the balance due, where that is the reason.
    """

    name: str
    phone: str
    reason: CallReason
    package: str
    left: int
    on: date | None = None
    due: Money | None = None


@dataclass(frozen=True)
class MonthPoint:
    """One month of the charts; `month` is its first day. `sold`: money received; `owed`: liability at its end."""

    month: date
    sold: Money
    used: Money
    owed: Money
    sold_sessions: int = 0
    used_sessions: int = 0


@dataclass(frozen=True, kw_only=True)
class OwnersMonth:
    """`month` is its first day; `trend` ends with it. `is_closed`: the books of the month are closed.

    It still runs where it was issued before its end. `expired`: of the closing, what lies in courses that had ended.
    `year_ago`: the same month a year before, None on a paper from before it was compared.
    `other_currencies` are listed elsewhere. `people_to_call` are those of the day of issue.
    """

    clinic: Clinic
    month: date
    issued_on: date
    roll_forward: tuple[RollLine, ...]
    packages: tuple[PackageRow, ...]
    follow_ups: tuple[CallRow, ...]
    people_left_out: int
    trend: tuple[MonthPoint, ...]
    is_closed: bool = False
    language: str = "en"
    expired: RollLine | None = None
    other_currencies: tuple[str, ...] = ()
    year_ago: MonthPoint | None = None
