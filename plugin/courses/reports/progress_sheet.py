"""How courses go as a table for a spreadsheet: one row per package, practitioner or month, and one for all."""

from collections.abc import Callable

from plugin.courses.base.sheet import Columns, Sheet, sheet_of, tenths
from plugin.courses.reports.progress import CourseProgress, Outcome, Progress, ProgressBy
from plugin.courses.reports.sheets import NAMELESS

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
