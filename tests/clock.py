"""A clock that only moves when a test moves it. Independent of its use."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


class HandMovedClock:
    """Calling it returns the time; `advance` and `set` move it."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, **amount: float) -> datetime:
        """Move on by `seconds=`, `minutes=`, `hours=`, `days=` or `weeks=` and return the new time."""
        self._now += timedelta(**amount)
        return self._now

    def set(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("the clock needs a time zone: pass an aware datetime")
        self._now = moment.astimezone(UTC)
