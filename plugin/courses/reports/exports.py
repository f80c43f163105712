"""What can be exported whole, by name: courses, entries, and the roll-forward of money owed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.reports.ledger_sheets import courses_sheet, entries_sheet
from plugin.courses.reports.liability import liability
from plugin.courses.reports.period import Period, asked_period
from plugin.courses.reports.sheet import Sheet
from plugin.courses.reports.sheets import liability_sheet
from plugin.store import Store


class Export(StrEnum):
    """What is exported."""

    COURSES = "courses"
    ENTRIES = "entries"
    LIABILITY = "liability"


def export_sheet(
    store: Store, what: Export, first: date | None, last: date | None, *, now: datetime
) -> Sheet:
    """Return the table; without days all courses and entries, and this month's roll-forward."""
    today = local_date(read_clinic(store), now)
    period = asked_period(first, last, today)
    if what is Export.LIABILITY:
        return liability_sheet(liability(store, period))
    # One day alone leaves the other side open.
    asked = _open_ended(first, last) if first or last else None
    return courses_sheet(store, now, asked) if what is Export.COURSES else entries_sheet(store, asked)


def _open_ended(first: date | None, last: date | None) -> Period:
    return Period(first or date(2000, 1, 1), last or date(2100, 12, 31))
