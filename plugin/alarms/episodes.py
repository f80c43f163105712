"""When an alarm begins, is repeated and ends, so that a condition that comes and goes is no flood. Pure; no I/O."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

# It ends when all was well for so long; twice as long each time it comes back within a day.
SETTLES_AFTER = timedelta(minutes=10)
LONGEST_SETTLING = timedelta(hours=8)
REMIND_AFTER = timedelta(days=1)


class Phase(StrEnum):
    """What is told of an alarm."""

    BEGAN = "began"
    REMINDER = "reminder"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Episode:
    """One condition over time. `began_at`: since when it is an alarm, None while it is none.

    `bad_since`, `good_since`: since when every look was so. `told_at`: when it was last told. `returns`: how many
    alarms of it ended less than a day before the next began.
    """

    bad_since: datetime | None = None
    good_since: datetime | None = None
    began_at: datetime | None = None
    told_at: datetime | None = None
    ended_at: datetime | None = None
    returns: int = 0

    @property
    def settles_after(self) -> timedelta:
        """Return for how long all must be well before it ends."""
        return min(SETTLES_AFTER * (1 << min(self.returns, 10)), LONGEST_SETTLING)


def after_look(
    episode: Episode, *, is_wrong: bool, now: datetime, confirm: timedelta
) -> tuple[Episode, Phase | None]:
    """Return the episode after a look at its condition, and what is to be told of it now."""
    if is_wrong:
        return _after_bad(replace(episode, good_since=None), now, confirm)
    return _after_good(replace(episode, bad_since=None), now)


def _after_bad(episode: Episode, now: datetime, confirm: timedelta) -> tuple[Episode, Phase | None]:
    since = _earlier(episode.bad_since, now)
    episode = replace(episode, bad_since=since)
    if episode.began_at is not None:
        if episode.told_at is not None and now - episode.told_at < REMIND_AFTER:
            return episode, None
        return replace(episode, told_at=now), Phase.REMINDER
    if now - since < confirm:
        return episode, None
    is_back = episode.ended_at is not None and since - episode.ended_at < REMIND_AFTER
    returns = episode.returns + 1 if is_back else 0
    return replace(episode, began_at=since, told_at=now, returns=returns), Phase.BEGAN


def _after_good(episode: Episode, now: datetime) -> tuple[Episode, Phase | None]:
    if episode.began_at is None:
        return episode, None
    since = _earlier(episode.good_since, now)
    if now - since < episode.settles_after:
        return replace(episode, good_since=since), None
    return replace(episode, began_at=None, good_since=None, ended_at=since, told_at=now), Phase.ENDED


def _earlier(since: datetime | None, now: datetime) -> datetime:
    # A time ahead of now was written by a clock that was wrong: it is counted from now on.
    return now if since is None else min(since, now)
