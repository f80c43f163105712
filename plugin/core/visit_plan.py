"""Dates for the sessions that are left: a rhythm, laid over the days on which the clinic is open. Pure; no I/O."""

from datetime import date, datetime, timedelta

from plugin.core.opening_hours import OpeningHours

# A clinic that is closed for longer than this gets no date.
_LONGEST_WAIT_DAYS = 60


def propose_visits(
    first: date, minute: int, every_days: int, count: int, hours: OpeningHours
) -> tuple[datetime, ...]:
    """Return `count` moments in UTC, every so many days from `first` on, at this minute of the day.

    A closed day moves one visit to the next open day; those after it keep the rhythm. On a day that is not open at
    that minute, the visit is at its first opening. Fewer than `count` where the clinic opens no more.
    """
    moments: list[datetime] = []
    target = earliest = first
    for _visit in range(count):
        found = _open_from(max(target, earliest), minute, hours)
        if found is None:
            break
        day, moment = found
        moments.append(moment)
        target, earliest = target + timedelta(days=every_days), day + timedelta(days=1)
    return tuple(moments)


def _open_from(day: date, minute: int, hours: OpeningHours) -> tuple[date, datetime] | None:
    days = (day + timedelta(days=ahead) for ahead in range(_LONGEST_WAIT_DAYS))
    moments = ((each, hours.moment_on(each, minute)) for each in days)
    return next(((each, moment) for each, moment in moments if moment is not None), None)
