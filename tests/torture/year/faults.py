"""What goes wrong in the year: when each storm begins and ends, and the chance of a fault while it lasts."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import httpx
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from plugin.errors import MailFailed
from plugin.mail import Letter
from plugin.store import Store
from tests.square.network import FAULTS, Line
from tests.torture.year.schedule import CLOSES, DAY, OPENS

# Chance of a fault at each call, event, statement or commit while the storm lasts; hours for the clock.
STORMS: dict[str, tuple[float, ...]] = {
    "square": (0.25, 0.5, 1.0),
    "events": (0.3, 1.0),
    "mail": (0.5, 1.0),
    "database": (0.002, 0.02),
    "kills": (0.03, 0.1),
    "tablets": (1.0,),
    "workers": (0.3,),
    "clock": (-26.0, -3.0, -0.5, 0.5, 3.0, 26.0),
}
_LONGEST_HOURS = 8
_UPGRADE_KILLED = 0.3


class Killed(BaseException):
    """The process ends here, as by SIGKILL: what was committed stays, nobody is answered."""


@dataclass(frozen=True)
class Storm:
    """One kind of fault from one minute of the year to another; `strength`: see STORMS."""

    kind: str
    begins: int
    ends: int
    strength: float


def storms(seed: int, days: int) -> list[Storm]:
    """Return one to three storms for each day, all over by the end of the last one."""
    chance = random.Random(f"storms {seed}")
    found = []
    for day in range(days):
        for kind in chance.sample(sorted(STORMS), chance.randint(1, 3)):
            begins = day * DAY + chance.randrange(OPENS - 60, CLOSES)
            ends = min(begins + chance.randint(10, 60 * _LONGEST_HOURS), (days - 1) * DAY + CLOSES)
            found.append(Storm(kind, begins, ends, chance.choice(STORMS[kind])))
    return found


@dataclass
class Weather:
    """What may fail now; `met` counts what did."""

    chance: random.Random
    storms: list[Storm]
    minute: int = 0
    # The program runs: nothing fails while only the simulation itself reads.
    is_running: bool = False
    met: Counter[str] = field(default_factory=Counter)

    def strength(self, kind: str) -> float:
        """Return how strong a storm of this kind is now, 0 for none."""
        now = [each for each in self.storms if each.kind == kind and each.begins <= self.minute < each.ends]
        return now[-1].strength if now else 0.0

    def strikes(self, kind: str) -> bool:
        """Draw whether this call, event, statement or commit fails."""
        strength = self.strength(kind) if self.is_running else 0.0
        has_struck = bool(strength) and self.chance.random() < strength
        self.met[kind] += has_struck
        return has_struck

    def was_rough(self, minutes: int) -> bool:
        """Return whether any storm lasts, or ended less than so many minutes ago."""
        return any(each.begins <= self.minute < each.ends + minutes for each in self.storms)

    def end_at(self, minute: int) -> None:
        """Let every storm end by this minute."""
        self.storms = [replace(each, ends=min(each.ends, minute)) for each in self.storms]

    @property
    def skew(self) -> timedelta:
        """Return how far the program's clock is ahead."""
        return timedelta(hours=self.strength("clock"))


class StormyLine(Line):
    """Carries requests to the practice Square in this process; some fail, some after they had their effect."""

    def __init__(self, app: Any, weather: Weather) -> None:
        super().__init__(app)
        self._weather = weather

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer the request, or fail as a network does."""
        if not self._weather.strikes("square"):
            return super().handle_request(request)
        return self._fail(request, self._weather.chance.choice(FAULTS))


class StormyMail:
    """Keeps which letters went out, by their key: one sent twice under one key arrives once."""

    is_ready = True

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self.letters: dict[str, tuple[str, str]] = {}

    def send(self, letter: Letter) -> None:
        """Take the letter; raises MailFailed, sometimes after it was taken."""
        is_failing, is_taken = self._weather.strikes("mail"), self._weather.chance.random() < 0.5
        if is_taken or not is_failing:
            self.letters[letter.key] = (letter.to, letter.subject)
        if is_failing:
            raise MailFailed("The mail server did not answer.", permanent=False)


class StormyClock:
    """The program's clock: the true one, and how far the weather has moved it."""

    def __init__(self, true: Callable[[], datetime], weather: Weather) -> None:
        self._true, self._weather = true, weather

    def __call__(self) -> datetime:
        """Return the time as this machine has it."""
        return self._true() + self._weather.skew


@contextmanager
def killed_upgrades(weather: Weather) -> Iterator[None]:
    """End the process at some of the commits of an upgrade, in a year with storms."""

    def at_commit(_connection: Any) -> None:
        if weather.storms and weather.chance.random() < _UPGRADE_KILLED:
            weather.met["upgrades killed"] += 1
            raise Killed

    event.listen(Engine, "commit", at_commit)
    try:
        yield
    finally:
        event.remove(Engine, "commit", at_commit)


@contextmanager
def stormy_database(store: Store, weather: Weather) -> Iterator[None]:
    """End the process around commits, and the connection at statements."""

    def at_commit(connection: Any) -> None:
        if weather.strikes("kills"):
            raise Killed
        commit(connection)
        if weather.strikes("kills"):
            raise Killed

    def at_statement(*told: Any) -> None:
        if weather.strikes("database"):
            raise OperationalError(str(told[2]), None, Exception("server closed the connection unexpectedly"))

    dialect = store.engine.dialect
    commit = dialect.do_commit
    event.listen(store.engine, "before_cursor_execute", at_statement)
    with patch.object(dialect, "do_commit", at_commit):
        try:
            yield
        finally:
            event.remove(store.engine, "before_cursor_execute", at_statement)
