"""Planned visits against those that took place, for the owner."""

from __future__ import annotations

from datetime import date

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.reports.planned import PlanBy, PlannedRow, planned_sheet, planned_visits
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import file_answer
from plugin.web.format import written_month

blueprint = Screens("planned_report", __name__)


@blueprint.get("/reports/planned")
def show() -> ResponseReturnValue:
    """Show the last twelve months."""
    by, rows = _asked()
    named = [(_name(row, by), row) for row in rows]
    return render_template("owner/planned.html", rows=named[::-1] if by is PlanBy.MONTH else named, by=by)


@blueprint.get("/reports/planned.<ending>")
def save(ending: str) -> Response:
    """Return it as a file."""
    by, rows = _asked()
    return file_answer(planned_sheet(rows, by), ending)


def _asked() -> tuple[PlanBy, tuple[PlannedRow, ...]]:
    asked = request.args.get("by", "")
    by = PlanBy(asked) if asked in list(PlanBy) else PlanBy.MONTH
    return by, planned_visits(current_services().store, pages.now(), by)


def _name(row: PlannedRow, by: PlanBy) -> str:
    if by is PlanBy.MONTH:
        return written_month(date.fromisoformat(f"{row.key}-01"), pages.clinic())
    return row.name
