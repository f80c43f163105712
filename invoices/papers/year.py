"""The content of the year-end sheet: what a year received, earned and carried over, for the tax return."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

from invoices.papers.shared import Clinic, Money

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
