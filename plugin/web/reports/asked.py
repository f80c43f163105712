"""The parameters of a report's address: the period, the sorting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from flask import request

from plugin.courses.base.clinic import local_date
from plugin.courses.reports.period import Period, asked_period, month_of, presets
from plugin.web import pages
from plugin.web.owner.forms import PeriodForm
from plugin.web.refusals import Refusal

T = TypeVar("T")


def today() -> date:
    """Return the day at the clinic."""
    return local_date(pages.clinic(), pages.now())


def period_for(refusal: Refusal | None) -> Period:
    """Return the requested period, this month where the request was refused; raises InvalidField."""
    if refusal is not None:
        return month_of(today())
    form = PeriodForm.asked()
    return asked_period(form.from_.data, form.to.data, today())


def frame(period: Period, refusal: Refusal | None, **kept: str) -> dict[str, Any]:
    """Return the context of every report's page beside its report; `kept` is repeated in links and forms."""
    return {
        "period": period,
        "presets": presets(today()),
        "refusal": refusal,
        "form": PeriodForm.shown(refusal, from_=period.first, to=period.last),
        "kept": kept,
        "days": {"from": period.first.isoformat(), "to": period.last.isoformat()},
    }


def sort_word(keys: Mapping[str, Any]) -> str:
    """Return the sort key of a list: the first one unless the address names another."""
    asked = request.args.get("sort", "")
    return asked if asked in keys else next(iter(keys))


def sorted_by(rows: Sequence[T], keys: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """Return the rows in the requested order; equal ones keep theirs."""
    return sorted(rows, key=keys[sort_word(keys)])
