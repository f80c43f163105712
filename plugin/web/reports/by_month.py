"""Figures by month, for the owner: quotes, agreements, planned visits, tips, reserve, the monthly report as PDF."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.text import folded
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
from plugin.courses.reports.books import closed_through
from plugin.courses.reports.made_by_month import (
    AgreedMonth,
    QuotedMonth,
    agreements_by_month,
    agreements_sheet,
    quotes_by_month,
    quotes_sheet,
)
from plugin.courses.reports.month import asked_month, month_pdf, months_to_print
from plugin.courses.reports.planned import PlanBy, PlannedRow, planned_sheet, planned_visits
from plugin.courses.reports.reserve import reserve, reserve_sheet
from plugin.courses.sales.tips import TipSum, list_tips, tip_sums
from plugin.errors import Refused
from plugin.store import Store
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.address import asked_one
from plugin.web.files import file_answer, pdf_answer
from plugin.web.format import written_month
from plugin.web.refusals import Refusal
from plugin.web.reports.asked import usual
from plugin.web.tables import Sorting, SortKey, sort_rows
from plugin.web.translations import _

Month = TypeVar("Month", QuotedMonth, AgreedMonth)


def _made_by_month(
    name: str,
    read: Callable[[Store, datetime], Sequence[Month]],
    sheet: Callable[[Sequence[Month]], Sheet],
) -> Screens:
    """Return the screens of the last twelve months, `/reports/quotes` for the name "quote", and their file."""
    screens = Screens(f"{name}_report", __name__)

    @screens.get(f"/reports/{name}s", endpoint="show")
    def show() -> ResponseReturnValue:
        rows = read(current_services().store, pages.now())
        named = [(written_month(row.month.first, pages.clinic()), row) for row in rows]
        return render_template(f"owner/{name}s.html", rows=named)

    @screens.get(f"/reports/{name}s.<ending>", endpoint="save")
    def save(ending: str) -> Response:
        return file_answer(sheet(read(current_services().store, pages.now())), ending)

    return screens


quote_report = _made_by_month("quote", quotes_by_month, quotes_sheet)
agreement_report = _made_by_month("agreement", agreements_by_month, agreements_sheet)
planned_report = Screens("planned_report", __name__)


@planned_report.get("/reports/planned", endpoint="show")
def show_planned() -> ResponseReturnValue:
    """Show the last twelve months."""
    by, rows, sorting = _asked()
    named = [(_name(row, by), row) for row in rows]
    return render_template("owner/planned.html", rows=named, by=by, sorting=sorting)


@planned_report.get("/reports/planned.<ending>", endpoint="save")
def save_planned(ending: str) -> Response:
    """Return it as a file."""
    by, rows, _sorting = _asked()
    return file_answer(planned_sheet(rows, by), ending)


def _asked() -> tuple[PlanBy, list[PlannedRow], Sorting]:
    by = asked_one("by", PlanBy) or PlanBy.MONTH
    found = planned_visits(current_services().store, pages.now(), by)
    return by, *sort_rows(found, _BY_MONTH if by is PlanBy.MONTH else _BY_NAME)


_PLANNED = {
    "planned": SortKey(lambda row: row.planned, is_descending=True),
    "booked": SortKey(lambda row: row.booked, is_descending=True),
    "kept": SortKey(lambda row: row.kept / row.planned, is_descending=True),
    "changed": SortKey(lambda row: row.changed, is_descending=True),
    "missed": SortKey(lambda row: row.missed, is_descending=True),
}
_BY_MONTH = {"name": SortKey(lambda row: row.key, is_descending=True), **_PLANNED}
_BY_NAME = {**_PLANNED, "name": SortKey(lambda row: folded(row.name))}


def _name(row: PlannedRow, by: PlanBy) -> str:
    if by is PlanBy.MONTH:
        return written_month(date.fromisoformat(f"{row.key}-01"), pages.clinic())
    return row.name


tip_report = Screens("tip_report", __name__, url_prefix="/tips")


@tip_report.get("", endpoint="show")
def show_tips() -> ResponseReturnValue:
    """Show the sums of a year and the last tips."""
    sums, sorting = _tip_sums()
    return render_template(
        "owner/tips.html",
        sums=sums,
        sorting=sorting,
        tips=list_tips(current_services().store),
        is_on=current_services().settings.tip_links,
    )


@tip_report.get("/by-month.<ending>", endpoint="save")
def save_tips(ending: str) -> Response:
    """Return the sums as a file."""
    return file_answer(sheet_of(_("Tips"), _TIP_COLUMNS, _tip_sums()[0]), ending)


def _tip_sums() -> tuple[list[TipSum], Sorting]:
    return sort_rows(tip_sums(current_services().store, pages.now()), _TIP_SORTS)


_TIP_SORTS = {
    "month": SortKey(lambda row: row.month, is_descending=True),
    "practitioner": SortKey(lambda row: folded(row.practitioner)),
    "tips": SortKey(lambda row: row.tips, is_descending=True),
    "amount": SortKey(lambda row: row.amount.amount, is_descending=True),
}
_TIP_COLUMNS: Columns[TipSum] = {
    "Month": lambda row: row.month,
    "Practitioner": lambda row: row.practitioner,
    "Tips": lambda row: row.tips,
    "Amount": lambda row: major(row.amount),
    "Currency": lambda row: row.amount.currency,
}


reserve_report = Screens("reserve", __name__)


@reserve_report.get("/reports/reserve", endpoint="show")
def show_reserve() -> ResponseReturnValue:
    """Show the reserve as it is today."""
    seen, clinic = reserve(current_services().store, pages.today()), pages.clinic()
    names = [written_month(month.first, clinic, "MMM") for month in seen.months] if seen else []
    return render_template("owner/reserve.html", seen=seen, names=names)


@reserve_report.get("/reports/reserve.<ending>", endpoint="save")
def save_reserve(ending: str) -> Response:
    """Return it as a file; raises Refused while the totals are being made."""
    seen = reserve(current_services().store, pages.today())
    if seen is None:
        raise Refused(
            _("The sums of all entries are being made. Try again in a few minutes."), code="not_ready"
        )
    return file_answer(reserve_sheet(seen), ending)


month_report = Screens("month", __name__)


@month_report.get("/reports/month", endpoint="show")
def show_month(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the months that can be printed."""
    store, clinic = current_services().store, pages.clinic()
    months = months_to_print(store, now=pages.now())
    return render_template(
        "owner/month.html",
        months=[(month.key, written_month(month.first, clinic)) for month in months],
        chosen=request.args.get("month") or usual(months).key,
        running=written_month(months[0].first, clinic),
        closed=closed_through(store),
        refusal=refusal,
    )


@month_report.get("/reports/month.pdf", refused=show_month, endpoint="save")
def save_month() -> Response:
    """Return the paper of the month in the address."""
    month = asked_month(request.args.get("month", ""))
    services = current_services()
    pdf = month_pdf(services.store, services.render, month, now=services.clock())
    name = _("{clinic}, {month}.pdf", clinic=pages.clinic().name[:60], month=f"{month:%Y-%m}")
    return pdf_answer(pdf, name)
