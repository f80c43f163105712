"""Periods of a report: two days, both included, in the clinic's time zone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from plugin.core.moments import day_at
from plugin.courses.base.clinic import clinic_in
from plugin.errors import InvalidField
from plugin.wording import _

EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 12, 31)
# In the reports by month.
MONTHS_SHOWN = 12
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last day; raises InvalidField if that is not a period."""

    first: date
    last: date

    def __post_init__(self) -> None:
        for day, field in ((self.first, "from"), (self.last, "to")):
            if not EARLIEST <= day <= LATEST:
                raise InvalidField(_("A period must be between the years 2000 and 2100."), field=field)
        if self.last < self.first:
            raise InvalidField(_("The last day is before the first day."), field="to")

    @property
    def key(self) -> str:
        """Return the month in which it begins, such as 2026-11."""
        return f"{self.first:%Y-%m}"

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the first moment of the period, and the first one after it, in UTC."""
        return start_of(self.first, zone), start_of(self.last + timedelta(days=1), zone)


@dataclass(frozen=True, slots=True)
class Preset:
    """A period that has a name, such as "This month"."""

    name: str
    period: Period


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a day in UTC, also if the clocks change at midnight."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def month_before(day: date) -> Period:
    return month_of(day.replace(day=1) - timedelta(days=1))


def months_up_to(day: date, count: int) -> tuple[Period, ...]:
    """Return so many months, ending with the one that contains the day."""
    months = [month_of(day)]
    while len(months) < count:
        months.append(month_before(months[-1].first))
    return tuple(reversed(months))


def by_month(
    session: Session, now: datetime, since: Callable[[datetime], Iterable[tuple[datetime, T]]]
) -> dict[Period, list[T]]:
    """Return what happened in each of the months shown, this one included, oldest first, by the clinic's days.

    `since`: returns what happened from a moment on, and when.
    """
    clinic = clinic_in(session)
    found: dict[Period, list[T]] = {
        month: [] for month in months_up_to(day_at(now, clinic.zone), MONTHS_SHOWN)
    }
    for at, what in since(start_of(next(iter(found)).first, clinic.zone)):
        month = month_of(day_at(at, clinic.zone))
        if month in found:
            found[month].append(what)
    return found


def months_in(period: Period) -> Iterator[Period]:
    """Yield the period month by month; the first and the last may be cut short."""
    first = period.first
    while first <= period.last:
        last = min(month_of(first).last, period.last)
        yield Period(first, last)
        first = last + timedelta(days=1)


def asked_period(first: date | None, last: date | None, today: date) -> Period:
    """Return the requested period, this month if no day was given.

    A missing first day is the first of the last day's month; a missing last day is today, or the first day if
    later.
    """
    if first is None and last is None:
        return month_of(today)
    if last is None:
        last = max(today, first or today)
    return Period(first or last.replace(day=1), last)


def presets(today: date) -> tuple[Preset, ...]:
    """Return the periods owners request most."""
    return (
        Preset(_("This month"), month_of(today)),
        Preset(_("Last month"), month_before(today)),
        Preset(_("This year"), Period(date(today.year, 1, 1), date(today.year, 12, 31))),
        Preset(_("Last year"), Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))),
    )
