"""The owner's month: what was sold, used and is owed, on paper."""

from __future__ import annotations

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
    """One package in the month: courses sold and their money, sessions used and what they earned."""

    package: str
    sold: int
    sold_value: Money
    used: int
    used_value: Money


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """One person worth a call, why, and what it is about. `on`: the day that matters, such as the expiry."""

    name: str
    phone: str
    reason: CallReason
    package: str
    left: int
    on: date | None = None


@dataclass(frozen=True)
class MonthPoint:
    """One month of the charts; `month` is its first day. `owed` stands at its end."""

    month: date
    sold: Money
    used: Money
    owed: Money


@dataclass(frozen=True, kw_only=True)
class OwnersMonth:
    """`month` is its first day; `trend` ends with it. `is_closed`: the books of the month are closed."""

    clinic: Clinic
    month: date
    issued_on: date
    roll_forward: tuple[RollLine, ...]
    packages: tuple[PackageRow, ...]
    people_to_call: tuple[CallRow, ...]
    people_left_out: int
    trend: tuple[MonthPoint, ...]
    is_closed: bool = False
    language: str = "en"
