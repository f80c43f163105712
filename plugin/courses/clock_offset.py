"""How far this machine's clock differs from Square's, by the date of its answers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.bookmarks import bookmark_of, save_bookmark
from plugin.store import Store

CLOCK_OFFSET = "square_clock_offset"
# An answer is dated in whole seconds and takes a few of them.
WORTH_NOTING = timedelta(seconds=30)


def clock_offset(store: Store) -> timedelta | None:
    """Return by how much our clock is ahead of Square's (negative: behind); None where it agrees."""
    return timedelta(seconds=float(bookmark_of(store, CLOCK_OFFSET) or 0)) or None


class ClockWatch:
    """Notes the difference when it changes by more than half a minute; called with the date of each answer."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, date: str) -> None:
        """Compare with the value of an HTTP Date header; anything unreadable is ignored."""
        now = self._clock()
        try:
            offset = now - parsedate_to_datetime(date)
        except (TypeError, ValueError):
            return
        noted = clock_offset(self._store) or timedelta()
        if abs(offset - noted) > WORTH_NOTING:
            value = str(offset.total_seconds()) if abs(offset) > WORTH_NOTING else "0"
            save_bookmark(self._store, Act(SQUARE, now, CLOCK_OFFSET), CLOCK_OFFSET, value)
