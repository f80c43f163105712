"""Usage, for the owner: sessions used in a period by package, treatment, practitioner or month; and the entries behind
every figure of the reports.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.base.columns import Column, Columns, Kind, file_of
from plugin.courses.base.keyset import read_order
from plugin.courses.reports.books import Line
from plugin.courses.reports.entries import (
    ORDERS,
    EntryFilter,
    EntryPage,
    EntrySum,
    Late,
    entries_behind,
    entries_behind_sheet,
)
from plugin.courses.reports.period import Period, month_of
from plugin.courses.reports.usage import By, UsageRow, named, usage
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import file_answer
from plugin.web.format import written_month
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import frame, period_for
from plugin.web.tables import Sorting, asked_one, asked_sorting, sort_by_columns
from plugin.web.translations import N_, _

behind = Screens("entries", __name__)

_LONGEST_ID = 200
_ARGS = ("currency", "line", "place", "package", "treatment", "practitioner", "late", "expired", "view", "of")
# Redemptions are shown as sessions used, not as what leaves the deferred revenue.
REDEMPTIONS = "redemptions"


@behind.get("/reports/entries", endpoint="show")
@shows_refusals
def show_entries(refusal: Refusal | None = None) -> ResponseReturnValue:
    store, wanted = current_services().store, _asked(refusal)
    after = None if refusal else request.args.get("after") or None
    sorting = _sorting()
    found: EntryPage = entries_behind(store, wanted, read_order(sorting.word, ORDERS), cursor=after)
    is_redeemed = request.args.get("view") == REDEMPTIONS and wanted.line is Line.USED
    return render_template(
        "owner/entries.html",
        wanted=wanted,
        rows=found.page.rows,
        cursor=found.page.cursor,
        is_first=after is None,
        total=_shown(found.sum, is_redeemed=is_redeemed),
        sign=-1 if is_redeemed else 1,
        about=request.args.get("of", "")[:_LONGEST_ID],
        refusal=refusal,
        kept={**_kept(wanted), "sort": sorting.word},
        sorting=sorting,
    )


@behind.get("/reports/entries.<ending>", endpoint="save")
def save_entries(ending: str) -> Response:
    """Return all of them as a file, with the signs of the ledger."""
    wanted, order = _asked(None), read_order(_sorting().word, ORDERS)
    return file_answer(entries_behind_sheet(current_services().store, wanted, order), ending, wanted.period)


def _sorting() -> Sorting:
    return asked_sorting({key: order.is_descending for key, order in ORDERS.items()})


def _asked(refusal: Refusal | None) -> EntryFilter:
    """Return the figure of the address; raises InvalidField for days that are none."""
    asked = {name: request.args.get(name, "")[:_LONGEST_ID] for name in _ARGS}
    return EntryFilter(
        period=period_for(refusal),
        currency=asked["currency"] or pages.clinic().currency,
        line=asked_one("line", Line),
        place=asked["place"],
        package_id=asked["package"],
        treatment_id=asked["treatment"],
        practitioner=asked["practitioner"],
        late=asked_one("late", Late),
        is_expired=asked["expired"] == "y",
    )


def _kept(wanted: EntryFilter) -> dict[str, str]:
    asked = {name: request.args.get(name, "")[:_LONGEST_ID] for name in _ARGS}
    days = {"from": wanted.period.first.isoformat(), "to": wanted.period.last.isoformat()}
    return {name: value for name, value in {**days, **asked}.items() if value}


def _shown(total: EntrySum, *, is_redeemed: bool) -> EntrySum:
    if not is_redeemed:
        return EntrySum(total.entries, total.sessions, total.value)
    at_single_prices = -total.at_single_prices if total.at_single_prices else None
    return EntrySum(total.entries, -total.sessions, -total.value, at_single_prices)


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
        Column(_NAMES[by], lambda row: named(row.key, row.name), kind, sort="name"),
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
        narrowed = {by.value: row.key, "of": str(named(row.key, row.name))}
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
