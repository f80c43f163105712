"""Used, for the owner: sessions used in a period by package, treatment, practitioner or month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from babel.dates import format_skeleton
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.reports.sheets import named, usage_sheet
from plugin.courses.reports.usage import By, UsageRow, usage
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.files import file_answer
from plugin.web.format import locale_of
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.reports.asked import frame, period_for, sort_word, sorted_by

blueprint = Blueprint("usage", __name__)

_SORTS: dict[str, Callable[[UsageRow], Any]] = {
    "sessions": lambda row: -row.sessions,
    "name": lambda row: named(row).casefold(),
    "value": lambda row: -row.value.amount,
    "list": lambda row: -row.list_value.amount,
}
# Months read best in their order.
_MONTH_SORTS = {"name": _SORTS["name"], **_SORTS}


def _again(refusal: Refusal, **_names: str) -> ResponseReturnValue:
    return _page(refusal)


@blueprint.get("/reports/usage")
@allow()
@refused_shows(_again)
def show() -> ResponseReturnValue:
    """Show what was used in the period that the address names."""
    return _page(None)


@blueprint.get("/reports/usage.<ending>")
@allow()
def save(ending: str) -> Response:
    """Answer it as a file."""
    period, by = period_for(None), _by()
    rows = sorted_by(usage(current_services().store, period, by), _sorts(by))
    return file_answer(usage_sheet(rows, by), ending, period)


def _page(refusal: Refusal | None) -> ResponseReturnValue:
    period, by = period_for(refusal), _by()
    rows = sorted_by(usage(current_services().store, period, by), _sorts(by))
    sort = sort_word(_sorts(by))
    return render_template(
        "owner/used.html",
        rows=rows,
        names=[_written(row, by) for row in rows],
        totals=_totals(rows),
        by=by,
        ways=list(By),
        sort=sort,
        **frame(period, refusal, by=by.value, sort=sort),
    )


def _totals(rows: list[UsageRow]) -> list[UsageRow]:
    found: dict[str, UsageRow] = {}
    for row in rows:
        known = found.get(row.value.currency)
        found[row.value.currency] = (
            row
            if known is None
            else replace(
                known,
                sessions=known.sessions + row.sessions,
                value=known.value + row.value,
                list_value=known.list_value + row.list_value,
            )
        )
    return [found[currency] for currency in sorted(found)]


def _by() -> By:
    asked = request.args.get("by", "")
    return By(asked) if asked in list(By) else By.PACKAGE


def _sorts(by: By) -> dict[str, Callable[[UsageRow], Any]]:
    return _MONTH_SORTS if by is By.MONTH else _SORTS


def _written(row: UsageRow, by: By) -> str:
    if by is not By.MONTH:
        return named(row)
    first = datetime.combine(date.fromisoformat(f"{row.key}-01"), time())
    return str(format_skeleton("yMMMM", first, locale=locale_of(pages.clinic())))
