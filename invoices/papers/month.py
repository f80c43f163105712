"""The content of the owner's month report: what was sold and used, and the deferred revenue."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from invoices.papers.shared import Clinic, Money

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
