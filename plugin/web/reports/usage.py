"""Usage, for the owner: sessions used in a period by package, treatment, practitioner or month."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.base.columns import Column, Columns, Kind, file_of
from plugin.courses.reports.lines import Line
from plugin.courses.reports.period import Period, month_of
from plugin.courses.reports.sheets import named
from plugin.courses.reports.usage import By, UsageRow, usage
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.address import asked_one
from plugin.web.files import file_answer
from plugin.web.format import written_month
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import frame, period_for
from plugin.web.reports.entries import REDEMPTIONS
from plugin.web.tables import Sorting, sort_by_columns
from plugin.web.translations import N_, _

blueprint = Screens("usage", __name__)


@blueprint.get("/reports/usage")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the sessions used in the period in the address."""
    period, by = period_for(refusal), asked_one("by", By) or By.PACKAGE
    columns = _columns(period, by)
    rows, sorting = _rows(period, by, columns)
    return render_template(
        "owner/used.html",
        columns=columns,
        rows=rows,
        totals=_totals(rows),
        by=by,
        ways=list(By),
        sorting=sorting,
        **frame(period, refusal, by=by.value, sort=sorting.word),
    )


@blueprint.get("/reports/usage.<ending>")
def save(ending: str) -> Response:
    """Return it as a file."""
    period, by = period_for(None), asked_one("by", By) or By.PACKAGE
    columns = _columns(period, by)
    rows, _sorting = _rows(period, by, columns)
    return file_answer(file_of(f"Used by {by.value}", columns, rows), ending, period)


_NAMES = {
    By.PACKAGE: N_("Package"),
    By.TREATMENT: N_("Treatment"),
    By.PRACTITIONER: N_("Practitioner"),
    By.MONTH: N_("Month"),
}


def _columns(period: Period, by: By) -> Columns[UsageRow]:
    kind = Kind.MONTH if by is By.MONTH else Kind.TEXT

    def entries(row: UsageRow) -> str:
        return url_for("entries.show", **_figure(row, by, period))

    return (
        Column(_NAMES[by], named, kind, sort="name"),
        Column(N_("Sessions"), lambda row: row.sessions, sort="sessions", link=entries),
        Column(N_("Value"), lambda row: row.value, Kind.MONEY, sort="value", link=entries),
        Column(N_("At single prices"), lambda row: row.list_value, Kind.MONEY, sort="list", link=entries),
        Column("Currency", lambda row: row.value.currency, is_on_page=False),
    )


def _rows(period: Period, by: By, columns: Columns[UsageRow]) -> tuple[list[UsageRow], Sorting]:
    found = usage(current_services().store, period, by)
    return sort_by_columns(found, columns, "name" if by is By.MONTH else "sessions")


def _figure(row: UsageRow, by: By, period: Period) -> dict[str, Any]:
    """Return what names the entries behind a row, or behind a total, which has no key."""
    days, narrowed = period, {}
    if row.key and by is By.MONTH:
        month = month_of(date.fromisoformat(f"{row.key}-01"))
        days = Period(max(month.first, period.first), min(month.last, period.last))
        narrowed = {"of": written_month(month.first, pages.clinic())}
    elif row.key:
        narrowed = {by.value: row.key, "of": str(named(row))}
    asked = {"line": Line.USED.value, "view": REDEMPTIONS, "currency": row.value.currency}
    return {"from": f"{days.first}", "to": f"{days.last}", **asked, **narrowed}


def _totals(rows: list[UsageRow]) -> list[tuple[str, UsageRow]]:
    """Return the sum in each currency, and its name."""
    totals: dict[str, UsageRow] = {}
    for row in rows:
        currency = row.value.currency
        totals[currency] = totals[currency] + row if currency in totals else replace(row, key="")
    if len(totals) == 1:
        return [(_("All"), total) for total in totals.values()]
    return [(f"{_('All')} {_('in {currency}', currency=each)}", totals[each]) for each in sorted(totals)]
