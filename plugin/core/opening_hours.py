"""When the clinic is open: intervals per weekday, closed days, by the clinic's own clock.

A time of day that a change to summer time leaves out counts as the moment an hour later, and one that occurs
twice as the first of the two, as calendars have it (RFC 5545, 3.3.5).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from plugin.core.moments import day_at
from plugin.errors import InvalidField
from plugin.wording import N_, _

DAY_MINUTES = 24 * 60
WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
MOST_CLOSED_RANGES = 60
MOST_INTERVALS = 4
# A clinic that opens again later than this does not say when.
_LOOK_AHEAD_DAYS = 370


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Open from one minute of the day to another, counted from midnight; 1440 is its end."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True, order=True)
class ClosedDays:
    """Closed from one day to another, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class OpeningHours:
    """The opening hours: seven weekdays from Monday. `is_assumed`: nobody has entered any yet."""

    week: tuple[tuple[Interval, ...], ...]
    time_zone: str = "UTC"
    closed: tuple[ClosedDays, ...] = ()
    is_assumed: bool = field(default=False, kw_only=True)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def is_open(self, now: datetime) -> bool:
        """Return whether the clinic is open at this moment (an aware time)."""
        day = day_at(now, self._zone)
        return any(opens <= now < closes for opens, closes in self._open_on(day))

    def next_opening(self, now: datetime) -> datetime | None:
        """Return when it opens next after now, in UTC; None if it does not within a year."""
        today = day_at(now, self._zone)
        for ahead in range(_LOOK_AHEAD_DAYS):
            for opens, _closes in self._open_on(today + timedelta(days=ahead)):
                if opens > now:
                    return opens
        return None

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """Return for how long it was open between two moments, such as since Square last answered."""
        day = day_at(start, self._zone)
        total = timedelta()
        while day <= day_at(end, self._zone):
            for opens, closes in self._open_on(day):
                total += max(timedelta(), min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return total

    def moment_on(self, day: date, minute: int) -> datetime | None:
        """Return the moment of a minute of this day, or its first opening where it is closed then.

        None on a closed day.
        """
        openings = list(self._open_on(day))
        at = self._at(day, minute)
        if any(opens <= at < closes for opens, closes in openings):
            return at
        return openings[0][0] if openings else None

    def _open_on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if any(each.first <= day <= each.last for each in self.closed):
            return
        for each in self.week[day.weekday()]:
            yield self._at(day, each.opens), self._at(day, each.closes)

    def _at(self, day: date, minute: int) -> datetime:
        days, minutes = divmod(minute, DAY_MINUTES)
        hour, minute = divmod(minutes, 60)
        return datetime.combine(day + timedelta(days=days), time(hour, minute), self._zone).astimezone(UTC)


def assumed_hours(time_zone: str) -> OpeningHours:
    """Return the hours of a clinic that has not entered any: 07:00 to 21:00 every day."""
    return OpeningHours(((Interval(7 * 60, 21 * 60),),) * 7, time_zone, is_assumed=True)


def checked_hours(hours: OpeningHours) -> OpeningHours:
    """Return the hours in order; raises InvalidField for what no clinic can keep."""
    week = tuple(tuple(sorted(intervals)) for intervals in hours.week)
    for number, intervals in enumerate(week):
        if why := why_not_day(intervals, WEEKDAYS[number]):
            raise InvalidField(why, field=f"opens_{number}")
    if not any(week):
        raise InvalidField(_("Enter the hours of at least one day."), field="opens_0")
    if len(hours.closed) > MOST_CLOSED_RANGES:
        raise InvalidField(
            _(
                "Enter at most {most_closed_ranges} closed days or ranges.",
                most_closed_ranges=MOST_CLOSED_RANGES,
            ),
            field="closed",
        )
    for each in hours.closed:
        if each.last < each.first:
            raise InvalidField(
                _("{last} is before {first}.", last=each.last, first=each.first), field="closed"
            )
    return OpeningHours(week, hours.time_zone, tuple(sorted(set(hours.closed))))


def why_not_day(intervals: tuple[Interval, ...], called: str) -> str:
    """Return why these intervals, in order, can't be the hours of a day; "" if they can."""
    if len(intervals) > MOST_INTERVALS:
        return _("{day} has more than {n} openings.", day=called, n=MOST_INTERVALS)
    if any(not 0 <= each.opens < each.closes <= DAY_MINUTES for each in intervals):
        return _("On {day} the closing time is not after the opening time.", day=called)
    if any(after.opens < before.closes for before, after in itertools.pairwise(intervals)):
        return _("The two openings on {day} overlap.", day=called)
    return ""


# A clinic that is closed for longer than this gets no date.
_LONGEST_WAIT_DAYS = 60


def propose_visits(
    first: date, minute: int, every_days: int, count: int, hours: OpeningHours
) -> tuple[datetime, ...]:
    """Return `count` moments in UTC, every so many days from `first` on, at this minute of the day.

    A closed day moves one visit to the next open day; those after it keep the rhythm, and none comes sooner than half
    of it after the one before, as the next day would after a closed week. On a day that is not open at
    that minute, the visit is at its first opening. Fewer than `count` where the clinic opens no more.
    """
    moments: list[datetime] = []
    target = first
    for _visit in range(count):
        found = _open_from(target, minute, hours)
        if found is None:
            break
        day, moment = found
        moments.append(moment)
        while 2 * (target - day).days < every_days:
            target += timedelta(days=every_days)
    return tuple(moments)


def _open_from(day: date, minute: int, hours: OpeningHours) -> tuple[date, datetime] | None:
    days = (day + timedelta(days=ahead) for ahead in range(_LONGEST_WAIT_DAYS))
    moments = ((each, hours.moment_on(each, minute)) for each in days)
    return next(((each, moment) for each, moment in moments if moment is not None), None)
