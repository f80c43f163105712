"""Overview, for the owner: months compared, how courses go, the deferred revenue now, and the ledger as files."""

from datetime import date
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.pages.chart import columns
from plugin.core.money import Money
from plugin.courses.base.columns import Column, Columns, Kind, file_of
from plugin.courses.base.sheet import Format
from plugin.courses.lists.listing import renew_some
from plugin.courses.reports.books import Line
from plugin.courses.reports.breakage import count_expired
from plugin.courses.reports.exports import Export, export_sheet
from plugin.courses.reports.follow_ups import count_follow_ups
from plugin.courses.reports.month import asked_month
from plugin.courses.reports.overview import DeferredView, MonthView, Overview, overview
from plugin.courses.reports.progress import course_progress
from plugin.errors import NotFound
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.format import written_month
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.progress import asked_by, sorted_progress
from plugin.web.reports.usage import REDEMPTIONS, still_made
from plugin.web.tables import Sorting, file_answer, sort_by_columns
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
        progress, progress_sorting = sorted_progress(course_progress(store, now, asked_by()), asked_by())
        return render_template(
            "owner/overview.html",
            sold_in=_sold_in,
            seen=seen,
            **shown,
            by=asked_by(),
            progress=progress,
            progress_sorting=progress_sorting,
            to_call=count_follow_ups(store, now),
            expired=count_expired(store, pages.today()) if seen else 0,
            refusal=refusal,
        )


def _sold_in(month: str) -> str:
    """Return a month such as 2026-11 in words."""
    return written_month(date.fromisoformat(f"{month}-01"), pages.clinic())


def _of_months(seen: Overview) -> dict[str, Any]:
    clinic = pages.clinic()
    months, months_sorting = _sorted_months(seen)
    owed, owed_sorting = _sorted_owed(seen)
    longest = max((each.value.amount for each in owed), default=0)
    compared = (seen.compared.month, seen.compared.before, seen.compared.year_ago)
    return {
        "month_columns": MONTHS,
        "months": months,
        "months_sorting": months_sorting,
        "owed_rows": owed,
        "owed_sorting": owed_sorting,
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
            round(100 * max(each.value.amount, 0) / longest, 2) if longest > 0 else 0.0 for each in owed
        ],
        "owed": Money(sum(each.value.amount for each in seen.owed), clinic.currency),
        "is_empty": not seen.owed and not any(month.sold or month.used for month in seen.months),
    }


def _behind(month: MonthView, line: Line, amount: int) -> str:
    """Return the address of the entries behind a figure of a month, "" for nothing."""
    days: dict[str, Any] = {"from": f"{month.month.first}", "to": f"{month.month.last}"}
    view = REDEMPTIONS if line is Line.USED else None
    found = url_for("entries.show", line=line.value, currency=month.paid.currency, view=view, **days)
    return found if amount else ""


MONTHS: Columns[MonthView] = (
    Column(
        N_("Month"),
        lambda row: row.month.key,
        Kind.MONTH,
        sort="month",
        link=lambda row: url_for("overview.show", month=row.month.key, _anchor="compared-heading"),
    ),
    Column(N_("Sold"), lambda row: row.sold, sort="sold", link=lambda row: _behind(row, Line.SOLD, row.sold)),
    Column(
        N_("Paid"),
        lambda row: row.paid,
        Kind.MONEY,
        sort="paid",
        link=lambda row: _behind(row, Line.PAID, row.paid.amount),
    ),
    Column(N_("Used"), lambda row: row.used, sort="used", link=lambda row: _behind(row, Line.USED, row.used)),
    Column(
        N_("Worth"),
        lambda row: row.earned,
        Kind.MONEY,
        sort="worth",
        link=lambda row: _behind(row, Line.USED, row.earned.amount),
    ),
    Column("Currency", lambda row: row.paid.currency, is_on_page=False),
)
OWED: Columns[DeferredView] = (
    Column(N_("Package"), lambda row: row.name, Kind.TEXT, sort="package"),
    Column(N_("Sessions"), lambda row: row.sessions, sort="sessions"),
    Column(N_("Value"), lambda row: row.value, Kind.MONEY, sort="value"),
    Column("Currency", lambda row: row.value.currency, is_on_page=False),
)


def _sorted_months(seen: Overview) -> tuple[list[MonthView], Sorting]:
    return sort_by_columns(seen.months, MONTHS, parameter="months")


def _sorted_owed(seen: Overview) -> tuple[list[DeferredView], Sorting]:
    return sort_by_columns(seen.owed, OWED, "value", "owed")


@blueprint.get("/overview/months.<ending>")
def save_months(ending: str) -> Response:
    """Return the last twelve months as a file; raises Refused while the totals are being made."""
    months, _sorting = _sorted_months(_made_overview())
    return file_answer(file_of("Months", MONTHS, months), ending)


@blueprint.get("/overview/deferred.<ending>")
def save_owed(ending: str) -> Response:
    """Return the deferred revenue by package as a file; raises Refused while the totals are being made."""
    owed, _sorting = _sorted_owed(_made_overview())
    return file_answer(file_of("Deferred revenue by package", OWED, owed), ending)


def _made_overview() -> Overview:
    seen = overview(current_services().store, pages.today())
    if seen is None:
        raise still_made()
    return seen


@blueprint.get("/exports/<what>.<ending>")
def save(what: str, ending: str) -> Response:
    """Return all courses or entries as a file."""
    if what not in (Export.COURSES, Export.ENTRIES) or ending not in list(Format):
        raise NotFound(_("Courses and entries are saved as .csv or .xlsx."))
    sheet = export_sheet(current_services().store, Export(what), None, None, now=pages.now())
    return file_answer(sheet, ending)
