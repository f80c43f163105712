"""Quotes by the month in which they were made, and what became of them (docs/reports.md)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.sheet import Sheet, sheet_of
from plugin.courses.quotes.views import QuoteState, states_since_in
from plugin.courses.reports.period import Period, by_month, months_up_to, start_of
from plugin.store import Store

MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class QuotedMonth:
    """The quotes made in a month; `sold`: those that became a sale, whenever."""

    month: Period
    made: int
    sold: int
    open: int
    expired: int
    withdrawn: int


def quotes_by_month(store: Store, now: datetime) -> tuple[QuotedMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    with store.reading() as session:
        clinic = clinic_in(session)
        months = months_up_to(local_date(clinic, now), MONTHS_SHOWN)
        made = states_since_in(session, start_of(months[0].first, clinic.zone), now)
        found = by_month(made, months, clinic.zone)
    return tuple(_month(month, Counter(found[month])) for month in months)


def _month(month: Period, by: Counter[QuoteState]) -> QuotedMonth:
    return QuotedMonth(
        month,
        by.total(),
        by[QuoteState.PAID],
        by[QuoteState.OPEN],
        by[QuoteState.EXPIRED],
        by[QuoteState.WITHDRAWN],
    )


def quotes_sheet(rows: tuple[QuotedMonth, ...]) -> Sheet:
    """Return it as a table for a spreadsheet."""
    columns = {
        "Month": lambda row: row.month.key,
        "Made": lambda row: row.made,
        "Sold": lambda row: row.sold,
        "Open": lambda row: row.open,
        "Expired": lambda row: row.expired,
        "Withdrawn": lambda row: row.withdrawn,
    }
    return sheet_of("Quotes by month", columns, rows)
