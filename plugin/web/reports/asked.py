"""What a report's address asks for: the days, the sorting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from flask import request

from plugin.courses.base.clinic import local_date
from plugin.courses.reports.period import Period, asked_period, month_of, presets
from plugin.errors import InvalidField
from plugin.web import pages
from plugin.web.refusals import Refusal

T = TypeVar("T")


def today() -> date:
    """Return the day at the clinic."""
    return local_date(pages.clinic(), pages.now())


def period_for(refusal: Refusal | None) -> Period:
    """Return the period that was asked for, this month where the question was refused; raises InvalidField."""
    if refusal is not None:
        return month_of(today())
    return asked_period(_day("from", "The first day"), _day("to", "The last day"), today())


def _day(field: str, called: str) -> date | None:
    typed = request.args.get(field, "").strip()
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidField(f"{called} is a day such as 2026-11-01.", field=field) from None


def frame(period: Period, refusal: Refusal | None, **kept: str) -> dict[str, Any]:
    """Return what every report's page needs beside its report; `kept` is repeated in links and forms."""
    return {
        "period": period,
        "presets": presets(today()),
        "refusal": refusal,
        "kept": kept,
        "days": {"from": period.first.isoformat(), "to": period.last.isoformat()},
    }


def sort_word(keys: Mapping[str, Any]) -> str:
    """Return by what a list is to be sorted: the first key unless the address names another."""
    asked = request.args.get("sort", "")
    return asked if asked in keys else next(iter(keys))


def sorted_by(rows: Sequence[T], keys: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """Return the rows in the order that was asked for; equal ones stay as they are."""
    return sorted(rows, key=keys[sort_word(keys)])
