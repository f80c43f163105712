"""Overview, for the owner: months compared, how courses go, the deferred revenue now, and the ledger as files."""

from datetime import date
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from invoices.pages.chart import columns
from plugin.core.money import Money
from plugin.courses.base.sheet import Format
from plugin.courses.lists.listing import renew_some
from plugin.courses.reports.breakage import count_expired
from plugin.courses.reports.exports import Export, export_sheet
from plugin.courses.reports.follow_ups import count_follow_ups
from plugin.courses.reports.month import asked_month
from plugin.courses.reports.overview import Overview, overview
from plugin.courses.reports.progress import ProgressBy, course_progress
from plugin.errors import NotFound
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.format import written_month
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.tables import asked_one, file_answer
from plugin.web.translations import N_, _

blueprint = Screens("overview", __name__)

# The page scales the chart to its own width; at this one the numbers beside the lines take 7 percent of it.
_CHART_WIDTH, _CHART_HEIGHT = 430, 200
_CHART_ALT = N_(
    "Columns of the sessions sold and used in each of the last twelve months. The table below has the numbers."
)


@blueprint.get("/overview")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    store, now = current_services().store, pages.now()
    renew_some(store, now)
    typed = request.args.get("month", "")
    with store.one_moment():
        seen = overview(store, pages.today(), asked_month(typed) if typed and not refusal else None)
        shown = {} if seen is None else _of_months(seen)
        return render_template(
            "owner/overview.html",
            sold_in=_sold_in,
            seen=seen,
            **shown,
            by=_by(),
            progress=course_progress(store, now, _by()),
            to_call=count_follow_ups(store, now),
            expired=count_expired(store, pages.today()) if seen else 0,
            refusal=refusal,
        )


def _sold_in(month: str) -> str:
    """Return a month such as 2026-11 in words."""
    return written_month(date.fromisoformat(f"{month}-01"), pages.clinic())


def _of_months(seen: Overview) -> dict[str, Any]:
    clinic = pages.clinic()
    longest = max((each.value.amount for each in seen.owed), default=0)
    compared = (seen.compared.month, seen.compared.before, seen.compared.year_ago)
    return {
        "month_names": [written_month(each.month.first, clinic) for each in seen.months],
        "compared_names": [written_month(each.month.first, clinic) for each in compared],
        "chart": columns(
            [written_month(each.month.first, clinic, "MMM") for each in seen.months],
            [[each.sold for each in seen.months], [each.used for each in seen.months]],
            str,
            width=_CHART_WIDTH,
            height=_CHART_HEIGHT,
            alt=_CHART_ALT,
        ),
        "shares": [
            round(100 * max(each.value.amount, 0) / longest, 2) if longest > 0 else 0.0 for each in seen.owed
        ],
        "owed": Money(sum(each.value.amount for each in seen.owed), clinic.currency),
        "is_empty": not seen.owed and not any(month.sold or month.used for month in seen.months),
    }


def _by() -> ProgressBy:
    return asked_one("by", ProgressBy) or ProgressBy.PACKAGE


@blueprint.get("/exports/<what>.<ending>")
def save(what: str, ending: str) -> Response:
    """Return all courses or entries as a file."""
    if what not in (Export.COURSES, Export.ENTRIES) or ending not in list(Format):
        raise NotFound(_("Courses and entries are saved as .csv or .xlsx."))
    sheet = export_sheet(current_services().store, Export(what), None, None, now=pages.now())
    return file_answer(sheet, ending)
