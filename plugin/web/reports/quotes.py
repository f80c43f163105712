"""Quotes by month and what became of them, for the owner."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.courses.reports.quotes import quotes_by_month, quotes_sheet
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import file_answer
from plugin.web.format import written_month

blueprint = Screens("quote_report", __name__)


@blueprint.get("/reports/quotes")
def show() -> ResponseReturnValue:
    """Show the last twelve months."""
    rows = quotes_by_month(current_services().store, pages.now())
    names = [written_month(row.month.first, pages.clinic()) for row in rows]
    return render_template("owner/quotes.html", rows=list(zip(names, rows, strict=True)))


@blueprint.get("/reports/quotes.<ending>")
def save(ending: str) -> Response:
    """Return it as a file."""
    return file_answer(quotes_sheet(quotes_by_month(current_services().store, pages.now())), ending)
