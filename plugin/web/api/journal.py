"""The call about the accountant's journal, for the owner."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from plugin.courses.journal.accounts import ROLES, Role, Type
from plugin.courses.journal.month import JournalEntry, journal
from plugin.courses.journal.pairs import Section
from plugin.web.api.answers import Answer, Money, shown, usd
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import Currency, words
from plugin.web.api.reports import InPeriod


class JournalLine(Answer):
    """One account of an entry, with either a debit or a credit."""

    account: Annotated[Role, words(Role)] = shown("deferred", "What the account is for.")
    type: Annotated[Type, words(Type)] = shown("Liabilities")
    number: str = shown("2300", "As the owner's books have it; may be empty.")
    name: str = shown("Deferred revenue")
    debit: Money | None = shown(usd(16500))
    credit: Money | None = shown(None)


class JournalEntryAnswer(Answer):
    """One entry, whose debits and credits are equal to the cent."""

    number: str = shown("CK-2026-11-2")
    section: Annotated[Section, words(Section)] = shown("used")
    day: date = shown("2026-11-30", "The last day of its month.")
    lines: list[JournalLine]


class JournalReport(Answer):
    """The journal of the months that the period touches."""

    first: date = Field(alias="from", examples=["2026-11-01"])
    to: date = shown("2026-11-30")
    currency: str = shown("USD")
    entries: list[JournalEntryAnswer]
    currencies: list[str] = shown(["USD"], "What `currency` can ask for.")
    closed_through: date | None = shown(
        "2026-10-31",
        "Months up to this day stay as they are; corrections stand in the month they are recorded in.",
    )


class JournalQuery(InPeriod):
    """The options of the journal; whole months, at most 36."""

    currency: Currency | None = Field(None, description="The clinic's own by default.")


@call("GET", "/reports/journal", JournalReport, roles=THE_OWNER)
def report_journal(request: Request, query: JournalQuery) -> Reply:
    """Return the double entry of some months for the accountant."""
    book = journal(request.store, query.period(request), currency=query.currency or "")
    said = {
        "from": book.months[0].period.first,
        "to": book.months[-1].period.last,
        "currency": book.currency,
        "entries": [_entry(each) for each in book.entries],
        "currencies": book.currencies,
        "closed_through": book.closed_through,
    }
    return Reply(JournalReport.of(said))


def _entry(entry: JournalEntry) -> dict[str, object]:
    lines = [
        {
            "account": line.account.role,
            "type": ROLES[line.account.role].type,
            "number": line.account.number,
            "name": line.account.name,
            "debit": line.debit,
            "credit": line.credit,
        }
        for line in entry.lines
    ]
    return {"number": entry.number, "section": entry.section, "day": entry.day, "lines": lines}
