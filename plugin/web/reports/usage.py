"""Usage, for the owner: sessions used in a period by package, treatment, practitioner or month."""

from datetime import date

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.courses.reports.lines import Line
from plugin.courses.reports.period import Period, month_of
from plugin.courses.reports.sheets import named, usage_sheet
from plugin.courses.reports.usage import UsageRow, usage
from plugin.courses.reports.use_sums import By
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.address import asked_one
from plugin.web.files import file_answer
from plugin.web.format import written_month
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import frame, period_for
from plugin.web.reports.entries import REDEMPTIONS
from plugin.web.tables import Sorting, SortKey, sort_rows

blueprint = Screens("usage", __name__)

_SORTS = {
    "sessions": SortKey(lambda row: row.sessions, is_descending=True),
    "name": SortKey(lambda row: named(row).casefold()),
    "value": SortKey(lambda row: row.value.amount, is_descending=True),
    "list": SortKey(lambda row: row.list_value.amount, is_descending=True),
}
# Months are sorted by time.
_MONTH_SORTS = {"name": _SORTS["name"], **_SORTS}


@blueprint.get("/reports/usage")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the sessions used in the period in the address."""
    period, by = period_for(refusal), asked_one("by", By) or By.PACKAGE
    rows, sorting = _rows(period, by)
    return render_template(
        "owner/used.html",
        rows=rows,
        names=[_written(row, by) for row in rows],
        figures=[_figure(row, by, period) for row in rows],
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
    return file_answer(usage_sheet(_rows(period, by)[0], by), ending, period)


def _rows(period: Period, by: By) -> tuple[list[UsageRow], Sorting]:
    sorts = _MONTH_SORTS if by is By.MONTH else _SORTS
    return sort_rows(usage(current_services().store, period, by), sorts)


def _figure(row: UsageRow, by: By, period: Period) -> dict[str, str]:
    """Return what names the entries behind a row."""
    days = period
    if by is By.MONTH:
        month = month_of(date.fromisoformat(f"{row.key}-01"))
        days = Period(max(month.first, period.first), min(month.last, period.last))
    narrowed = {} if by is By.MONTH else {by.value: row.key}
    asked = {"line": Line.USED.value, "view": REDEMPTIONS, "currency": row.value.currency}
    return {"from": f"{days.first}", "to": f"{days.last}", **asked, **narrowed, "of": _written(row, by)}


def _totals(rows: list[UsageRow]) -> list[UsageRow]:
    totals: dict[str, UsageRow] = {}
    for row in rows:
        currency = row.value.currency
        totals[currency] = totals[currency] + row if currency in totals else row
    return [totals[currency] for currency in sorted(totals)]


def _written(row: UsageRow, by: By) -> str:
    if by is not By.MONTH:
        return named(row)
    return written_month(date.fromisoformat(f"{row.key}-01"), pages.clinic())
