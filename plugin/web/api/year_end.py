"""The calls for the accountant, of the owner: the journal, the year end and unused balances."""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from plugin.courses.journal.accounts import ROLES, Role, Section, Type
from plugin.courses.journal.month import JournalEntry, journal
from plugin.courses.journal.year import ACCRUAL, BESIDE, CASH, Year, year_end
from plugin.courses.reports.breakage import MOST_YEARS, unused_balances
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import (
    Answer,
    Count,
    Currency,
    Cursor,
    Input,
    Money,
    Paging,
    example_id,
    page_of,
    shown,
    usd,
    words,
)
from plugin.web.api.reports import InPeriod


class YearRowAnswer(Answer):
    """One package: carried in + received - earned - refunded + other = carried over."""

    package: str = shown("Facial acupuncture, course of 12")
    carried_in: Money
    received: Money
    earned: Money
    refunded: Money = shown(usd(0), "Value of the sessions removed by refunds.")
    other: Money = shown(usd(0), "Imported, written off, adjusted, moved.")
    carried_over: Money
    older: Money = shown(usd(0), "Of `carried_over`, what lies in courses sold before the year.")


class YearLineAnswer(Answer):
    """One amount, above zero where it adds to income."""

    kind: str = shown("received")
    amount: Money


class YearEndReport(Answer):
    """A calendar year, net of tax."""

    year: int = shown(2026)
    currency: str = shown("USD")
    packages: list[YearRowAnswer]
    cash: list[YearLineAnswer] = shown(description="They add up to the income by the cash method.")
    accrual: list[YearLineAnswer] = shown(description="They add up to the income by the accrual method.")
    beside: list[YearLineAnswer] = shown(description="Tax, tips and fees.")
    is_closed: bool = shown(False, "Whether the books of the year are closed.")


def _within(first: int, last: int) -> BeforeValidator:
    """Return the check of a whole number in the query."""

    def read(value: Any) -> int:
        # ASCII digits only: int() would also accept " 1", "1_0" and digits of other scripts.
        is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 4
        if not is_number or not first <= int(value) <= last:
            raise ValueError(f"must be {first} to {last}")
        return int(value)

    return BeforeValidator(read)


def _schema(first: int, last: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": first, "maximum": last})


GivenYear = Annotated[int, _within(2000, 2100), _schema(2000, 2100)]
GivenYears = Annotated[int, _within(0, MOST_YEARS), _schema(0, MOST_YEARS)]


class YearQuery(Input):
    """The options of the year end."""

    year: GivenYear | None = None
    """This year by default."""
    currency: Currency | None = Field(None, description="The clinic’s own by default.")


class UnusedRow(Answer):
    """What is left of a client's courses in one currency."""

    client_id: str | None = shown(example_id(1))
    country: str = shown("US", "Of the address in Square, empty if not known.")
    region: str = shown("CA", "State or province, empty if not known.")
    last_activity: date = shown("2023-04-02", "The last visit or sale.")
    courses: Count = shown(1)
    sessions: Count = shown(4)
    value: Money


class UnusedReport(Answer):
    """A page of unused balances, the longest unused first."""

    rows: list[UnusedRow]
    cursor: Cursor


class UnusedQuery(Paging):
    """The options of the list."""

    years: GivenYears | None = None
    """Without activity for so many years; the clinic's own term by default."""


@call("GET", "/reports/year-end", YearEndReport, roles=THE_OWNER)
def report_year_end(request: Request, query: YearQuery) -> Reply:
    """Return what a year received, earned and carried over."""
    year = query.year or request.today.year
    found = year_end(request.store, year, now=request.act.now, currency=query.currency or "")
    return Reply(YearEndReport.of(_said(found)))


def _said(found: Year) -> dict[str, object]:
    methods = {"cash": CASH, "accrual": ACCRUAL, "beside": BESIDE}
    lines = {
        name: [{"kind": kind, "amount": amount} for kind, amount in found.of(kinds)]
        for name, kinds in methods.items()
    }
    return {
        "year": found.year,
        "currency": found.currency,
        "packages": found.rows,
        "is_closed": found.is_closed,
        **lines,
    }


@call("GET", "/reports/unused", UnusedReport, roles=THE_OWNER)
def report_unused(request: Request, query: UnusedQuery) -> Reply:
    """List the balances of clients without any activity for some years."""
    services = request.services
    years = services.settings.unused_years if query.years is None else query.years
    today = request.today
    rows = unused_balances(services.store, today, years=years)
    return Reply(UnusedReport.of(page_of(rows, query, lambda row: f"{row.client_id}-{row.value.currency}")))


class JournalLine(Answer):
    """One account of an entry, with either a debit or a credit."""

    account: Annotated[Role, words(Role)] = shown("deferred", "What the account is for.")
    type: Annotated[Type, words(Type)] = shown("Liabilities")
    number: str = shown("2300", "As the owner’s books have it; may be empty.")
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

    currency: Currency | None = Field(None, description="The clinic’s own by default.")


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
