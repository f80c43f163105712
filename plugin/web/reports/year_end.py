"""The year-end sheet and the unused balances, for the owner: as pages and files."""

from dataclasses import replace

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.base.columns import Column, Columns, Kind, file_of
from plugin.courses.journal.year import ACCRUAL, BESIDE, CASH, PackageYear, year_end, year_pdf, year_sheet
from plugin.courses.lists.listing import renew_some
from plugin.courses.reports.breakage import (
    MOST_YEARS,
    UNUSED,
    RegionSum,
    UnusedOrder,
    UnusedSort,
    place_of,
    unused_balances,
    unused_page,
    unused_sheet,
)
from plugin.courses.reports.month import months_to_print
from plugin.courses.reports.period import Period
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.forms import Count, Form
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.usage import usual
from plugin.web.tables import Sorting, asked_sorting, file_answer, pdf_answer, sort_by_columns
from plugin.web.translations import N_, _

blueprint = Screens("year_end", __name__)

SHOWN = 50
_YEAR_DIGITS = 4
_NAMES = {
    "received": N_("Received for courses, without tax"),
    "refunded": N_("Refunded for courses, without tax"),
    "earned": N_("Sessions used"),
    "written_off": N_("Sessions written off"),
    "kept": N_("Kept at refunds"),
    "adjusted": N_("Adjustments of courses"),
    "tax": N_("Tax received, less refunded"),
    "tips": N_("Tips received, less refunded"),
    "fees": N_("Square fees"),
}

_PACKAGES: Columns[PackageYear] = (
    Column(N_("Package"), lambda row: row.package, Kind.TEXT, sort="package"),
    Column(N_("Carried in"), lambda row: row.carried_in, Kind.MONEY, sort="carried_in"),
    Column(N_("Received"), lambda row: row.received, Kind.MONEY, sort="received"),
    Column(N_("Earned"), lambda row: row.earned, Kind.MONEY, sort="earned"),
    Column(N_("Refunded"), lambda row: row.refunded, Kind.MONEY, sort="refunded"),
    Column(N_("Other"), lambda row: row.other, Kind.MONEY, sort="other"),
    Column(N_("Carried over"), lambda row: row.carried_over, Kind.MONEY, sort="carried_over"),
    Column(N_("Of it, sold before the year"), lambda row: row.older, Kind.MONEY, sort="older"),
)


@blueprint.get("/reports/year")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the year in the address, by default the last whole one."""
    store = current_services().store
    years = _years()
    year = usual(years) if refusal is not None else _asked_year(years)
    found = year_end(store, year, now=pages.now())
    rows, sorting = sort_by_columns(found.rows, _PACKAGES)
    return render_template(
        "owner/year_end.html",
        found=found,
        columns=_PACKAGES,
        rows=rows,
        sorting=sorting,
        years=years,
        names=_NAMES,
        methods=(
            (_("By the cash method"), found.of(CASH), found.cash_income),
            (_("By the accrual method"), found.of(ACCRUAL), found.accrual_income),
        ),
        beside=found.of(BESIDE),
        refusal=refusal,
    )


@blueprint.get("/reports/year.<ending>")
def save(ending: str) -> Response:
    """Return the year as a file, or as a paper."""
    services, year = current_services(), _asked_year(_years())
    if ending == "pdf":
        pdf = year_pdf(services.store, services.render, year, now=pages.now())
        name = _("{clinic}, year {year}.pdf", clinic=pages.clinic().name[:60], year=str(year))
        return pdf_answer(pdf, name)
    found = year_end(services.store, year, now=pages.now())
    rows, _sorting = sort_by_columns(found.rows, _PACKAGES)
    return file_answer(year_sheet(replace(found, rows=tuple(rows))), ending)


class UnusedForm(Form):
    """For how many years nothing has happened."""

    years = Count(N_("Years without activity"), min=0, max=MOST_YEARS)


@blueprint.get("/reports/unused")
@shows_refusals
def unused(refusal: Refusal | None = None) -> ResponseReturnValue:
    services = current_services()
    renew_some(services.store, pages.now())
    years = services.settings.unused_years if refusal is not None else _asked_years()
    sorting, order = _asked_order()
    found = unused_page(services.store, pages.today(), years=years, limit=SHOWN, order=order)
    states, state_sorting = sort_by_columns(found.regions, _STATES, "value", "states")
    return render_template(
        "owner/unused.html",
        columns=UNUSED,
        rows=found.rows,
        number=found.number,
        state_columns=_STATES,
        states=states,
        state_sorting=state_sorting,
        years=years,
        sorting=sorting,
        term=services.settings.unused_years,
        form=UnusedForm.shown(refusal, years=years),
        refusal=refusal,
    )


@blueprint.get("/reports/unused.<ending>")
def save_unused(ending: str) -> Response:
    store = current_services().store
    renew_some(store, pages.now())
    _sorting, order = _asked_order()
    found = unused_balances(store, pages.today(), years=_asked_years(), order=order)
    return file_answer(unused_sheet(found), ending)


@blueprint.get("/reports/unused-states.<ending>")
def save_states(ending: str) -> Response:
    """Return what is left unused in each state as a file."""
    found = unused_page(current_services().store, pages.today(), years=_asked_years(), limit=0)
    states, _sorting = sort_by_columns(found.regions, _STATES, "value", "states")
    return file_answer(file_of("Unused balances by state", _STATES, states), ending)


_STATES: Columns[RegionSum] = (
    Column(
        N_("State or region"),
        place_of,
        Kind.TEXT,
        sort="state",
        empty=N_("No address"),
    ),
    Column(N_("Clients"), lambda row: row.clients, sort="clients"),
    Column(N_("Value"), lambda row: row.value, Kind.MONEY, sort="value"),
    Column("Currency", lambda row: row.value.currency, is_on_page=False),
)


def _asked_order() -> tuple[Sorting, UnusedOrder]:
    sorting = asked_sorting({each: each in (UnusedSort.LEFT, UnusedSort.VALUE) for each in UnusedSort})
    return sorting, UnusedOrder(UnusedSort(sorting.key), sorting.is_descending)


def _asked_years() -> int:
    form = UnusedForm.asked()
    return current_services().settings.unused_years if form.years.data is None else int(form.years.data)


def _years() -> list[int]:
    """Return the years with entries, the newest first."""
    months: tuple[Period, ...] = months_to_print(current_services().store, now=pages.now())
    return list(range(months[0].first.year, months[-1].first.year - 1, -1))


def _asked_year(years: list[int]) -> int:
    typed = request.args.get("year", "")
    if not typed:
        return usual(years)
    if not (typed.isascii() and typed.isdigit() and len(typed) == _YEAR_DIGITS):
        raise InvalidField(_("A year is written such as 2026."), field="year")
    return int(typed)
