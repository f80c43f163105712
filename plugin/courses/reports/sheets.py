"""Each report as a table for a spreadsheet. Amounts stand in their currency's own unit, the currency beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plugin.courses.reports.follow_ups import FollowUp
from plugin.courses.reports.lines import Liability, RollForward
from plugin.courses.reports.pay import DoneSession, PayRow
from plugin.courses.reports.sheet import Cell, Sheet, major
from plugin.courses.reports.usage import MISSED, NOBODY, By, UsageRow

ALL_PLACES = "All locations"
NAMELESS = {NOBODY: "Nobody noted", MISSED: "Missed visits"}


def liability_sheet(report: Liability) -> Sheet:
    """Return the roll-forward: the totals first, then each location."""
    headings = ("From", "To", "Currency", "Location", "Line", "Sessions", "Value")
    return Sheet("Money owed", headings, _liability_rows(report))


def _liability_rows(report: Liability) -> Iterator[Sequence[Cell]]:
    days = (report.period.first, report.period.last)
    for total in report.totals:
        yield from _rolled(days, total, ALL_PLACES)
    for one in report.places:
        yield from _rolled(days, one, one.place or "No location")


def _rolled(days: Sequence[Cell], one: RollForward, place: str) -> Iterator[Sequence[Cell]]:
    for line in one.lines:
        yield (*days, one.currency, place, line.line.value, line.sessions, major(line.value))
    expired = one.expired
    yield (*days, one.currency, place, "of closing: expired", expired.sessions, major(expired.value))


def usage_sheet(rows: Sequence[UsageRow], by: By) -> Sheet:
    """Return what was used."""
    headings = (by.value.capitalize(), "Sessions", "Value", "At single prices", "Currency")
    return Sheet(
        f"Used by {by.value}",
        headings,
        [
            (named(row), row.sessions, major(row.value), major(row.list_value), row.value.currency)
            for row in rows
        ],
    )


def named(row: UsageRow | PayRow) -> str:
    """Return what the row is about, in words."""
    if row.name:
        return row.name
    return NAMELESS.get(row.key if isinstance(row, UsageRow) else row.practitioner_id, "")


def pay_sheet(rows: Sequence[PayRow], rate: str) -> Sheet:
    """Return the practitioners' pay at a rate, which is told in words."""
    headings = ("Practitioner", "Sessions", "Value", "Currency", "Rate", "Pay", "Pay currency")
    return Sheet(
        "Pay",
        headings,
        [
            (
                named(row),
                row.sessions,
                major(row.value),
                row.value.currency,
                rate if row.is_person else "",
                major(row.pay) if row.is_person else None,
                row.pay.currency,
            )
            for row in rows
        ],
    )


def sessions_sheet(rows: Sequence[DoneSession], who: str) -> Sheet:
    """Return the sessions behind one practitioner's pay."""
    headings = (
        "Practitioner",
        "Visit",
        "Counts on",
        "Client",
        "Package",
        "Treatment",
        "Sessions",
        "Value",
        "At single prices",
        "Currency",
    )
    return Sheet(
        "Sessions",
        headings,
        [
            (
                who,
                row.visited_on,
                row.counted_on,
                row.client_name,
                row.package_name,
                row.treatment,
                row.sessions,
                major(row.value),
                major(row.list_value),
                row.value.currency,
            )
            for row in rows
        ],
    )


def people_sheet(people: Sequence[FollowUp]) -> Sheet:
    """Return the people to call, a row for each reason."""
    headings = (
        "Client",
        "Phone",
        "E-mail",
        "Why",
        "Package",
        "Left",
        "Of",
        "Expires",
        "Still to pay",
        "Currency",
        "Last visit",
        "Locked",
        "Due by",
    )
    return Sheet("People to call", headings, list(_people_rows(people)))


def _people_rows(people: Sequence[FollowUp]) -> Iterator[Sequence[Cell]]:
    for one in people:
        for reason in one.reasons:
            yield (
                one.name,
                one.phone or "",
                one.email or "",
                reason.why.value.replace("_", " "),
                reason.package_name,
                reason.left,
                reason.granted,
                reason.expires_on,
                major(reason.due) if reason.due else None,
                reason.due.currency if reason.due else "",
                one.last_visit,
                reason.locked,
                reason.due_on,
            )
