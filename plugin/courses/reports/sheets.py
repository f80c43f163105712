"""Each report as a table for a spreadsheet. Amounts are in their currency's own unit, with the currency beside them."""

from collections.abc import Callable, Sequence

from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of, tenths
from plugin.courses.lists.outcomes import Outcome
from plugin.courses.reports.books import MISSED, Liability, LineView, RollForward
from plugin.courses.reports.follow_ups import FollowUp, Reason
from plugin.courses.reports.pay import PayRow
from plugin.courses.reports.progress import CourseProgress, Progress, ProgressBy
from plugin.courses.reports.usage import UsageRow
from plugin.store.totals import NOBODY
from plugin.wording import _

ALL_PLACES = "All locations"
NAMELESS = {NOBODY: _("Unassigned"), MISSED: _("No-shows")}
# A line, its name, and the roll-forward and location it is part of.
_Line = tuple[LineView, str, RollForward, str]

_FOLLOW_UP: Columns[tuple[FollowUp, Reason]] = {
    "Client": lambda row: row[0].name,
    "Phone": lambda row: row[0].phone or "",
    "E-mail": lambda row: row[0].email or "",
    "Why": lambda row: row[1].why.value.replace("_", " "),
    "Package": lambda row: row[1].package_name,
    "Left": lambda row: row[1].left,
    "Of": lambda row: row[1].granted,
    "Expires": lambda row: row[1].expires_on,
    "Balance due": lambda row: major(row[1].due) if row[1].due else None,
    "Currency": lambda row: row[1].due.currency if row[1].due else "",
    "Last visit": lambda row: row[0].last_visit,
    "Locked": lambda row: row[1].locked,
    "Due by": lambda row: row[1].due_on,
}


def liability_sheet(report: Liability) -> Sheet:
    """Return the roll-forward: the totals first, then each location."""
    columns: Columns[_Line] = {
        "From": lambda _row: report.period.first,
        "To": lambda _row: report.period.last,
        "Currency": lambda row: row[2].currency,
        "Location": lambda row: row[3],
        "Line": lambda row: row[1],
        "Sessions": lambda row: row[0].sessions,
        "Value": lambda row: major(row[0].value),
    }
    parts = [(total, ALL_PLACES) for total in report.totals]
    parts += [(one, one.place or "No location") for one in report.places]
    return sheet_of(
        "Deferred revenue", columns, [line for one, place in parts for line in _lines(one, place)]
    )


def _lines(one: RollForward, place: str) -> list[_Line]:
    lines = [(line, line.line.value, one, place) for line in one.lines]
    return [*lines, (one.expired, "of closing: expired", one, place)]


def named(row: UsageRow | PayRow) -> str:
    """Return the subject of the row, in words."""
    return row.name or NAMELESS.get(row.key, "")


def people_sheet(people: Sequence[FollowUp]) -> Sheet:
    """Return the people to call, a row for each reason."""
    rows = [(one, reason) for one in people for reason in one.reasons]
    return sheet_of("Follow-ups", _FOLLOW_UP, rows)


_ALL = "All"


def progress_sheet(progress: CourseProgress, by: ProgressBy) -> Sheet:
    """Return the figures; a column for each number of sessions after which courses have stopped."""
    columns: Columns[Progress] = {
        by.value.capitalize(): _named,
        "Completed": lambda row: row.completed.part,
        "Of those that are over": lambda row: row.completed.whole,
        "Stalled": _outcome(Outcome.STALLED),
        "Expired": _outcome(Outcome.EXPIRED),
        "Closed": _outcome(Outcome.CLOSED),
        "In progress": _outcome(Outcome.UNDER_WAY),
        "Intervals": lambda row: row.intervals,
        "Days between visits": lambda row: tenths(row.average_days),
        "Plan": lambda row: row.plan_days,
        "Bought again": lambda row: row.again.part,
        "Of those with time to": lambda row: row.again.whole,
        **{f"Stopped after {used}": _stopped(used) for used, _ in progress.stalls},
    }
    return sheet_of(f"How courses go by {by.value}", columns, [*progress.rows, progress.total])


def _named(row: Progress) -> str:
    return row.name or NAMELESS.get(row.key, row.key) or _ALL


def _outcome(outcome: Outcome) -> Callable[[Progress], int]:
    return lambda row: row.outcomes[outcome]


def _stopped(used: int) -> Callable[[Progress], int]:
    return lambda row: dict(row.stops).get(used, 0)
