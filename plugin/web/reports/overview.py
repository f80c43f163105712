"""Overview, for the owner: a year of sales and visits, the deferred revenue now, and the ledger as files."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from invoices.pages.chart import columns
from plugin.core.money import Money
from plugin.courses.base.sheet import Format
from plugin.courses.reports.breakage import count_expired
from plugin.courses.reports.exports import Export, export_sheet
from plugin.courses.reports.follow_ups import follow_ups
from plugin.courses.reports.overview import overview
from plugin.errors import NotFound
from plugin.services import Services
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.files import file_answer
from plugin.web.format import written_month
from plugin.web.reports.asked import today
from plugin.web.translations import N_, _

blueprint = Blueprint("overview", __name__)

# Of a huge clinic, the count is kept for a while: it takes seconds.
_COUNTED, _SLOW_S, _KEPT_FOR = "coursekeeper_follow_ups", 1.0, timedelta(minutes=10)

# The page scales the chart to its own width; at this one the numbers beside the lines take 7 percent of it.
_CHART_WIDTH, _CHART_HEIGHT = 430, 200
_CHART_ALT = N_(
    "Columns of the sessions sold and used in each of the last twelve months. The table below has the numbers."
)


@blueprint.get("/overview")
@allow()
def show() -> ResponseReturnValue:
    """Show the owner's overview."""
    store, clinic = current_services().store, pages.clinic()
    seen = overview(store, today())
    longest = max((each.value.amount for each in seen.owed), default=0)
    return render_template(
        "owner/overview.html",
        seen=seen,
        month_names=[written_month(each.month.first, clinic) for each in seen.months],
        chart=columns(
            [written_month(each.month.first, clinic, "MMM") for each in seen.months],
            [[each.sold for each in seen.months], [each.used for each in seen.months]],
            str,
            width=_CHART_WIDTH,
            height=_CHART_HEIGHT,
            alt=_CHART_ALT,
        ),
        shares=[
            round(100 * max(each.value.amount, 0) / longest, 2) if longest > 0 else 0.0 for each in seen.owed
        ],
        owed=Money(sum(each.value.amount for each in seen.owed), clinic.currency),
        expired=count_expired(store, today()),
        is_empty=not seen.owed and not any(month.sold or month.used for month in seen.months),
    )


@blueprint.get("/overview/follow-ups")
@allow()
def count_follow_ups() -> ResponseReturnValue:
    """Return how many people are worth a call; the page asks by itself, as every course is looked at."""
    return render_template("owner/_to_call.html", to_call=_to_call(current_services()))


def _to_call(services: Services) -> int:
    known: tuple[datetime, int] | None = current_app.extensions.get(_COUNTED)
    if known is not None and timedelta() <= services.clock() - known[0] < _KEPT_FOR:
        return known[1]
    began = time.monotonic()
    count = len(follow_ups(services.store, services.clock()))
    # Of a small clinic it is always as of now.
    if time.monotonic() - began > _SLOW_S:
        current_app.extensions[_COUNTED] = services.clock(), count
    return count


@blueprint.get("/exports/<what>.<ending>")
@allow()
def save(what: str, ending: str) -> Response:
    """Return all courses or entries as a file."""
    if what not in (Export.COURSES, Export.ENTRIES) or ending not in list(Format):
        raise NotFound(_("Courses and entries are saved as .csv or .xlsx."))
    sheet = export_sheet(current_services().store, Export(what), None, None, now=pages.now())
    return file_answer(sheet, ending)
