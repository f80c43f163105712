"""The parameters of a report's address: the period, and which one it is without any."""

from collections.abc import Sequence
from typing import Any, TypeVar

from plugin.courses.reports.period import Period, asked_period, month_of, presets
from plugin.web import pages
from plugin.web.owner.forms import PeriodForm
from plugin.web.refusals import Refusal

T = TypeVar("T")


def usual(newest_first: Sequence[T]) -> T:
    """Return the month or year to file: the one that is over, or the current one in a clinic's first days."""
    return newest_first[1] if len(newest_first) > 1 else newest_first[0]


def period_for(refusal: Refusal | None) -> Period:
    """Return the requested period, this month where the request was refused; raises InvalidField."""
    if refusal is not None:
        return month_of(pages.today())
    form = PeriodForm.asked()
    return asked_period(form.from_.data, form.to.data, pages.today())


def frame(period: Period, refusal: Refusal | None, **kept: str) -> dict[str, Any]:
    """Return the context of every report's page beside its report; `kept` is repeated in links and forms."""
    return {
        "period": period,
        "presets": presets(pages.today()),
        "refusal": refusal,
        "form": PeriodForm.shown(refusal, from_=period.first, to=period.last),
        "kept": kept,
        "days": {"from": period.first.isoformat(), "to": period.last.isoformat()},
    }
