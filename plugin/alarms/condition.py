"""What a check is, and what it saw. Pure; no I/O."""

from collections.abc import Callable
from dataclasses import dataclass
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
    """Return that all is well."""
    return Look(State.FINE, said)


def wrong(said: str) -> Look:
    """Return what is wrong."""
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
        """Return the name of the check."""
        return self.check.name

    @property
    def title(self) -> str:
        """Return the title of the check."""
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
