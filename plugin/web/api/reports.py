"""The calls about reports: money owed, rolled forward, and sessions used. For the owner."""

from __future__ import annotations

from typing import Any

from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.reports.liability import liability
from plugin.courses.reports.lines import Late, LineView, RollForward
from plugin.courses.reports.period import Period, asked_period
from plugin.courses.reports.usage import By, UsageRow, usage
from plugin.web.api.calls import THE_OWNER, Answer, Asked, Call
from plugin.web.api.fields import Reader, day, one_of, text
from plugin.web.api.lists import PAGING, listed, page_of
from plugin.web.api.shapes import money

Json = dict[str, Any]

_PERIOD: dict[str, Reader] = {
    "from": day(description="The clinic's first day; by default the first of the month of `to`."),
    "to": day(description="The clinic's last day, counted in; by default the end of this month, or today."),
}
_CURRENCY = text(least=3, most=3, pattern="^[A-Z]{3}$", description="The clinic's own by default.")


def _liability(asked: Asked) -> Answer:
    clinic = read_clinic(asked.services.store)
    report = liability(asked.services.store, _period(asked))
    currency = asked.query.get("currency", clinic.currency)
    total = report.total(currency)
    return Answer(
        {
            "from": report.period.first.isoformat(),
            "to": report.period.last.isoformat(),
            "currency": currency,
            "lines": _lines(total),
            "expired": {"value": money(total.expired.value), "sessions": total.expired.sessions},
            "made_after": _late(total.made_after),
            "from_before": _late(total.from_before),
            "locations": [
                {
                    "square_location_id": place.square_location_id,
                    "name": place.place,
                    "lines": _lines(place),
                }
                for place in report.places_in(currency)
            ],
            "currencies": [each.currency for each in report.totals],
            "closed_through": report.closed_through.isoformat() if report.closed_through else None,
        }
    )


def _lines(rolled: RollForward) -> list[Json]:
    return [_line(line) for line in rolled.lines]


def _line(line: LineView) -> Json:
    return {"line": line.line.value, "value": money(line.value), "sessions": line.sessions}


def _late(late: Late) -> Json:
    return {"entries": late.entries, "value": money(late.value), "sessions": late.sessions}


def _usage(asked: Asked) -> Answer:
    rows = usage(asked.services.store, _period(asked), asked.query.get("by", By.PACKAGE))
    page = page_of(rows, asked, lambda row: f"{row.key}-{row.value.currency}")
    return listed("rows", page, _row)


def _row(row: UsageRow) -> Json:
    return {
        "key": row.key,
        "name": row.name,
        "sessions": row.sessions,
        "value": money(row.value),
        "list_value": money(row.list_value),
    }


def _period(asked: Asked) -> Period:
    today = local_date(read_clinic(asked.services.store), asked.act.now)
    return asked_period(asked.query.get("from"), asked.query.get("to"), today)


CALLS = (
    Call(
        name="report_liability",
        method="GET",
        path="/reports/liability",
        summary="Roll the money owed in sessions forward over a period",
        view=_liability,
        answer="LiabilityReport",
        roles=THE_OWNER,
        query={**_PERIOD, "currency": _CURRENCY},
    ),
    Call(
        name="report_usage",
        method="GET",
        path="/reports/usage",
        summary="Count the sessions used in a period",
        view=_usage,
        answer="UsageReport",
        roles=THE_OWNER,
        query={**_PERIOD, "by": one_of(By, default="package"), **PAGING},
    ),
)
