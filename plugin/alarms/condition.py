"""What a check is, what it saw, and when its alarm begins, is repeated and ends.

A condition that comes and goes is no flood. Pure; no I/O.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from plugin.services import Services
from plugin.wording import N_n, _


class State(StrEnum):
    """`unused`: there is nothing to check, such as Square before it is connected."""

    FINE = "fine"
    WRONG = "wrong"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Look:
    """What a check saw, in a sentence or two."""

    state: State
    said: str


def fine(said: str) -> Look:
    return Look(State.FINE, said)


def wrong(said: str) -> Look:
    return Look(State.WRONG, said)


def unused(said: str) -> Look:
    """Return why there is nothing to check."""
    return Look(State.UNUSED, said)


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `name` never changes: it names the alarm in the database, in metrics and for the webhook.

    `to_do`: what a person does where it is wrong. `is_urgent`: the clinic can't work as usual. `confirm`: how long it
    must be wrong before it counts. `is_mailed`: False where e-mail itself is what fails.
    """

    name: str
    title: str
    look: Callable[[Services, datetime], Look]
    to_do: str
    is_urgent: bool = True
    confirm: timedelta = timedelta(minutes=2)
    is_mailed: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """A check and what it sees now."""

    check: Check
    state: State
    said: str

    @property
    def name(self) -> str:
        return self.check.name

    @property
    def title(self) -> str:
        return self.check.title

    @property
    def to_do(self) -> str:
        """Return what a person does, "" where nothing is wrong."""
        return self.check.to_do if self.is_wrong else ""

    @property
    def is_wrong(self) -> bool:
        """Return whether a person must know of it."""
        return self.state is State.WRONG

    @property
    def is_urgent(self) -> bool:
        """Return whether the clinic can't work as usual."""
        return self.is_wrong and self.check.is_urgent


def lasting(span: timedelta) -> str:
    """Return a span in words, such as 25 minutes, 3 hours, 2 days."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes == 0:
        return _("less than a minute")
    if minutes < 120:
        return N_n("{n} minute", "{n} minutes", minutes)
    if minutes < 48 * 60:
        return N_n("{n} hour", "{n} hours", minutes // 60)
    return N_n("{n} day", "{n} days", minutes // (24 * 60))


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
