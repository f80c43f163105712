"""When a copy is due, and which copies are kept. Pure; no I/O."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from plugin.core.opening_hours import OpeningHours

HOURLY, DAILY, MONTHLY = 24, 14, 12
WHILE_OPEN, ALWAYS = timedelta(hours=1), timedelta(hours=24)
# A copy made later than now by more than this: the computer's clock was set back since.
CLOCK_MAY_DIFFER = timedelta(minutes=5)


def is_due(now: datetime, last_at: datetime | None, hours: OpeningHours) -> bool:
    """Return whether a copy is due, the last good one being of `last_at`.

    One an hour while open, one after closing, one a day while closed for longer; one at once where there is none
    or the clock was set back.
    """
    if last_at is None or last_at > now + CLOCK_MAY_DIFFER or now - last_at >= ALWAYS:
        return True
    if hours.is_open(now):
        return now - last_at >= WHILE_OPEN
    return hours.open_time(last_at, now) > timedelta()


def kept(times: Iterable[datetime], zone: ZoneInfo) -> set[datetime]:
    """Return which copies are kept: the last of each of the latest 24 hours, 14 days and 12 months that have one.

    Hours are UTC's, days and months the clinic's: an hour that its clock shows twice has two copies.
    """
    newest_first = sorted(times, reverse=True)
    rules: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (HOURLY, lambda at: at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)),
        (DAILY, lambda at: at.astimezone(zone).date()),
        (MONTHLY, lambda at: at.astimezone(zone).date().replace(day=1)),
    )
    return {at for most, period_of in rules for at in _newest_of_each(newest_first, most, period_of)}


def _newest_of_each(
    newest_first: list[datetime], most: int, period_of: Callable[[datetime], object]
) -> list[datetime]:
    newest: dict[object, datetime] = {}
    for at in newest_first:
        newest.setdefault(period_of(at), at)
    return list(newest.values())[:most]
