"""The calls about reports, for the owner: the roll-forward of the deferred revenue, and sessions used."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.reports.liability import liability
from plugin.courses.reports.lines import Line
from plugin.courses.reports.period import Period, asked_period
from plugin.courses.reports.usage import By, usage
from plugin.web.api.answers import Answer, Count, Cursor, Money, example_id, shown, usd
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import BY_VALUE, Currency, Day, Input, Paging, words
from plugin.web.api.lists import page_of


class ReportLine(Answer):
    """One line of the roll-forward."""

    line: Annotated[Line, words(Line)] = shown("paid")
    value: Money = shown(description="Below zero where it takes from the liability.")
    sessions: int = shown(0)


class ReportPart(Answer):
    """A value and its number of sessions."""

    value: Money = shown(usd(33000))
    sessions: int = shown(2)


class LateEntries(ReportPart):
    """Entries that count on other days than the days they were made for."""

    entries: Count = shown(2)


Lines = Annotated[
    list[ReportLine],
    Field(description="Opening plus all lines between is closing, in value and in sessions."),
]


class LocationLines(Answer):
    """The roll-forward of one Square location."""

    square_location_id: str | None = shown("LN9PTS0NEM2CS")
    name: str = shown("Valencia Street", at="place")
    lines: Lines


class LiabilityReport(Answer):
    """The liability for unused sessions, rolled forward over a period."""

    first: date = Field(alias="from", examples=["2026-11-01"])
    to: date = shown("2026-11-30")
    currency: str = shown("USD")
    lines: Lines
    expired: ReportPart = shown(
        description="Of closing: what lies in courses that had expired. Never earned by itself."
    )
    made_after: LateEntries = shown(description="Counted in the period, but entered after it.")
    from_before: LateEntries = shown(
        description="Counted in the period for days before it: those were closed already."
    )
    locations: list[LocationLines]
    currencies: list[str] = shown(["USD"], "What `currency` can ask for.")
    closed_through: date | None = shown(
        "2026-10-31", "The books are closed up to this day: its figures stay as they are."
    )


class UsageRow(Answer):
    """The sessions used of one package, treatment or practitioner, or in one month."""

    key: str = shown(example_id(1), "An id, a month such as 2026-11, `none` or `missed`.")
    name: str = shown(
        "Facial acupuncture, course of 12", "Empty where no practitioner is known, or for missed visits."
    )
    sessions: int = shown(31)
    value: Money = shown(usd(511500), "What the sessions were worth in their courses.")
    list_value: Money = shown(usd(511500), "What single visits would have cost.")


class UsageReport(Answer):
    """A page of used sessions."""

    rows: list[UsageRow]
    cursor: Cursor


class InPeriod(Input):
    """A period, both days included."""

    first: Day | None = Field(None, alias="from")
    """The clinic's first day; by default the first of the month of `to`."""
    last: Day | None = Field(None, alias="to")
    """The clinic's last day, counted in; by default the end of this month, or today."""

    def period(self, request: Request) -> Period:
        """Return the period; raises InvalidField."""
        today = local_date(read_clinic(request.services.store), request.act.now)
        return asked_period(self.first, self.last, today)


class LiabilityQuery(InPeriod):
    """The options of the roll-forward."""

    currency: Currency | None = Field(None, description="The clinic's own by default.")


class UsageQuery(InPeriod, Paging):
    """The options of the count."""

    by: Annotated[By, BY_VALUE, words(By)] = By.PACKAGE


@call("GET", "/reports/liability", LiabilityReport, roles=THE_OWNER)
def report_liability(request: Request, query: LiabilityQuery) -> Reply:
    """Roll the liability for unused sessions forward over a period."""
    store = request.services.store
    currency = query.currency or read_clinic(store).currency
    report = liability(store, query.period(request))
    total = report.total(currency)
    said = {
        "from": report.period.first,
        "to": report.period.last,
        "currency": currency,
        "lines": total.lines,
        "expired": total.expired,
        "made_after": total.made_after,
        "from_before": total.from_before,
        "locations": report.places_in(currency),
        "currencies": [each.currency for each in report.totals],
        "closed_through": report.closed_through,
    }
    return Reply(LiabilityReport.of(said))


@call("GET", "/reports/usage", UsageReport, roles=THE_OWNER)
def report_usage(request: Request, query: UsageQuery) -> Reply:
    """Count the sessions used in a period."""
    rows = usage(request.services.store, query.period(request), query.by)
    return Reply(UsageReport.of(page_of(rows, query, lambda row: f"{row.key}-{row.value.currency}")))


CALLS = (report_liability, report_usage)
