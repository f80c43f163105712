"""Figures by month, for the owner: quotes, agreements, the check, passes, client e-mails, public orders, and more; the
roll-forward of the deferred revenue over any period, and closing the books.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.base.columns import Column, Columns, Kind, file_of
from plugin.courses.base.words import day_text
from plugin.courses.letters.kinds import LETTERS, LetterMonth, letters_by_month
from plugin.courses.reports.books import Line, close_books, closed_through
from plugin.courses.reports.breakage import expired_courses
from plugin.courses.reports.by_month import (
    AGREED,
    CHECKED,
    ORDERED,
    PASSES,
    QUOTED,
    AgreedMonth,
    CheckedMonth,
    OrderedMonth,
    PassMonth,
    PlanBy,
    PlannedRow,
    QuotedMonth,
    agreements_by_month,
    checks_by_month,
    orders_by_month,
    passes_by_month,
    passes_now,
    planned_columns,
    planned_visits,
    quotes_by_month,
)
from plugin.courses.reports.liability import (
    Reserve,
    ReservedPackage,
    liability,
    liability_sheet,
    reserve,
    reserve_sheet,
)
from plugin.courses.reports.month import asked_month, month_pdf, months_to_print
from plugin.courses.reports.period import Period
from plugin.courses.sales.tips import TipSum, list_tips, tip_sums
from plugin.store import Store
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.format import written_month
from plugin.web.owner.forms import CloseBooksForm
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.usage import frame, period_for, still_made, usual
from plugin.web.tables import (
    Sorting,
    asked_one,
    asked_search,
    file_answer,
    matching,
    pdf_answer,
    sort_by_columns,
)
from plugin.web.translations import N_, _

Month = TypeVar("Month", QuotedMonth, AgreedMonth, CheckedMonth, PassMonth, LetterMonth, OrderedMonth)


def _made_by_month(
    names: str,
    columns: Columns[Month],
    read: Callable[[Store, datetime], Sequence[Month]],
    file_title: str,
    beside: Callable[[Store], Mapping[str, object]] = lambda _store: {},
    *,
    page: str = "",
) -> Screens:
    """Return the screens of the last twelve months, at `/reports/quotes` for "quotes", and their file.

    `beside`: what else the page says; `page`: its template, where that is not named as its address.
    """
    screens = Screens(f"{names}_report", __name__)

    @screens.get(f"/reports/{names}", endpoint="show")
    def show() -> ResponseReturnValue:
        store = current_services().store
        months, sorting = sort_by_columns(read(store, pages.now()), columns)
        rows = [each for each in months if any(column.cell(each) for column in columns[1:])]
        return render_template(
            f"owner/{page or names}.html", columns=columns, rows=rows, sorting=sorting, **beside(store)
        )

    @screens.get(f"/reports/{names}.<ending>", endpoint="save")
    def save(ending: str) -> Response:
        months, _sorting = sort_by_columns(read(current_services().store, pages.now()), columns)
        return file_answer(file_of(file_title, columns, months), ending)

    return screens


quote_report = _made_by_month("quotes", QUOTED, quotes_by_month, "Quotes by month")
agreement_report = _made_by_month("agreements", AGREED, agreements_by_month, "Course agreements by month")
check_report = _made_by_month("checks", CHECKED, checks_by_month, "Check before treatments by month")
pass_report = _made_by_month(
    "passes", PASSES, passes_by_month, "Passes in wallets by month", lambda store: {"now": passes_now(store)}
)
letter_report = _made_by_month(
    "letters", LETTERS, letters_by_month, "Client e-mails by month", page="letters_sent"
)
order_report = _made_by_month("orders", ORDERED, orders_by_month, "Orders on the public page by month")
planned_report = Screens("planned_report", __name__)


@planned_report.get("/reports/planned", endpoint="show")
def show_planned() -> ResponseReturnValue:
    """Show the last twelve months."""
    by, columns, rows, sorting = _planned()
    return render_template("owner/planned.html", by=by, columns=columns, rows=rows, sorting=sorting)


@planned_report.get("/reports/planned.<ending>", endpoint="save")
def save_planned(ending: str) -> Response:
    _by, columns, rows, _sorting = _planned()
    return file_answer(file_of("Planned visits", columns, rows), ending)


def _planned() -> tuple[PlanBy, Columns[PlannedRow], list[PlannedRow], Sorting]:
    by = asked_one("by", PlanBy) or PlanBy.MONTH
    columns = planned_columns(by)
    found = planned_visits(current_services().store, pages.now(), by)
    return by, columns, *sort_by_columns(found, columns, "name" if by is PlanBy.MONTH else "planned")


tip_report = Screens("tip_report", __name__, url_prefix="/tips")


@tip_report.get("", endpoint="show")
def show_tips() -> ResponseReturnValue:
    """Show the sums of a year and the last tips."""
    sums, sorting = _tip_sums()
    return render_template(
        "owner/tips.html",
        columns=_TIPS,
        rows=sums,
        sorting=sorting,
        tips=list_tips(current_services().store),
        is_on=current_services().settings.tip_links,
    )


@tip_report.get("/by-month.<ending>", endpoint="save")
def save_tips(ending: str) -> Response:
    return file_answer(file_of(_("Tips"), _TIPS, _tip_sums()[0]), ending)


def _tip_sums() -> tuple[list[TipSum], Sorting]:
    return sort_by_columns(tip_sums(current_services().store, pages.now()), _TIPS)


_TIPS: Columns[TipSum] = (
    Column(N_("Month"), lambda row: row.month, Kind.MONTH, sort="month"),
    Column(
        N_("Practitioner"), lambda row: row.practitioner, Kind.TEXT, sort="practitioner", empty=N_("The team")
    ),
    Column(N_("Tips"), lambda row: row.tips, sort="tips"),
    Column(N_("Amount"), lambda row: row.amount, Kind.MONEY, sort="amount"),
    Column("Currency", lambda row: row.amount.currency, is_on_page=False),
)
reserve_report = Screens("reserve", __name__)


@reserve_report.get("/reports/reserve", endpoint="show")
def show_reserve() -> ResponseReturnValue:
    seen, q = reserve(current_services().store, pages.today()), asked_search()
    shown: dict[str, Any] = {}
    if seen is not None:
        columns = _reserve_columns(seen)
        rows, sorting = _reserved(seen, columns)
        # The sum of some packages would not be the figure it leads to.
        totals = [] if q else [(_("All"), ReservedPackage("", "", seen.totals))]
        shown = {"columns": columns, "rows": rows, "sorting": sorting, "totals": totals}
    return render_template("owner/reserve.html", seen=seen, q=q, **shown)


@reserve_report.get("/reports/reserve.<ending>", endpoint="save")
def save_reserve(ending: str) -> Response:
    """Return it as a file; raises Refused while the totals are being made."""
    seen = reserve(current_services().store, pages.today())
    if seen is None:
        raise still_made()
    rows, _sorting = _reserved(seen, _reserve_columns(seen))
    return file_answer(reserve_sheet(replace(seen, packages=tuple(rows))), ending)


def _reserved(seen: Reserve, columns: Columns[ReservedPackage]) -> tuple[list[ReservedPackage], Sorting]:
    return sort_by_columns(matching(seen.packages, lambda row: row.name, asked_search()), columns, "today")


def _reserve_columns(seen: Reserve) -> Columns[ReservedPackage]:
    """Return the package, a column for the end of each month, and today."""
    clinic = pages.clinic()

    def courses(row: ReservedPackage) -> str:
        return url_for("course_list.show", package=row.package_id, sort="value")

    def month_end(place: int, month: Period) -> Column[ReservedPackage]:
        days: dict[str, Any] = {"from": f"{month.first}", "to": f"{month.last}", "line": Line.CLOSING.value}

        def entries(row: ReservedPackage) -> str:
            # Behind a sum alone: those of a package reach back to its first sale.
            return "" if row.package_id else url_for("entries.show", currency=clinic.currency, **days)

        name = written_month(month.first, clinic, "MMM")
        return Column(name, lambda row: row.values[place], Kind.MONEY, sort=month.key, link=entries)

    return (
        Column(N_("Package"), lambda row: row.name, Kind.TEXT, sort="package", link=courses),
        *(month_end(place, month) for place, month in enumerate(seen.months)),
        Column(N_("Today"), lambda row: row.values[-1], Kind.MONEY, sort="today"),
    )


month_report = Screens("month", __name__)


@month_report.get("/reports/month", endpoint="show")
def show_month(refusal: Refusal | None = None) -> ResponseReturnValue:
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
    month = asked_month(request.args.get("month", ""))
    services = current_services()
    pdf = month_pdf(services.store, services.render, month, now=services.clock())
    name = _("{clinic}, {month}.pdf", clinic=pages.clinic().name[:60], month=f"{month:%Y-%m}")
    return pdf_answer(pdf, name)


EXPIRED_SHOWN = 50

liability_report = Screens("liability", __name__)


@liability_report.get("/reports/liability", endpoint="show")
@shows_refusals
def show_liability(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the roll-forward of the period in the address."""
    store, period = current_services().store, period_for(refusal)
    after = request.args.get("after") or None
    return render_template(
        "owner/money_owed.html",
        report=liability(store, period),
        expired=expired_courses(store, pages.today(), limit=EXPIRED_SHOWN, cursor=after),
        is_first=after is None,
        **frame(period, refusal),
    )


@liability_report.get("/reports/liability.<ending>", endpoint="save")
def save_liability(ending: str) -> Response:
    period = period_for(None)
    return file_answer(liability_sheet(liability(current_services().store, period)), ending, period)


@liability_report.post("/reports/books", refused=show_liability)
def close() -> ResponseReturnValue:
    """Close the books through a day, and show the period that was on the page."""
    form = CloseBooksForm.sent()
    closed = close_books(current_services().store, current_act(), form.last_day)
    flash_notice(Notice(_("The books are closed through {day}.", day=day_text(closed, pages.clinic()))))
    days: dict[str, Any] = {"from": form.from_.data or None, "to": form.to.data or None}
    return redirect_to("liability.show", **days)
