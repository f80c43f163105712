"""Periods in which a client may change their mind after a sale: profiles with their sources (change_of_mind.toml).

Facts, not advice: the owner chooses a profile, and none is the default (docs/agreements.md).
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

from plugin.core.terms import RefundFormula

NONE = "none"
Channel = Literal["clinic", "distance"]
_DAY = timedelta(days=1)
_FORMULAS = {"prorated": RefundFormula.PRORATED, "single": RefundFormula.DISCOUNT_FORFEITED}


@dataclass(frozen=True, slots=True)
class ChangeOfMind:
    """A profile. `days` count from the day after the sale; `week`: how many days from Monday on are working days.

    `channel` "distance": only for what was not agreed at the clinic. `used`: how used sessions are charged.
    `moves`: a last day that is no working day moves to the next one.
    """

    key: str
    title: str
    days: int
    counting: Literal["calendar", "working"]
    week: int
    channel: Literal["any", "distance"]
    used: Literal["prorated", "single"]
    moves: bool
    source: str

    @property
    def formula(self) -> RefundFormula:
        """Return the refund formula that applies until the last day."""
        return _FORMULAS[self.used]

    def applies(self, channel: Channel) -> bool:
        """Return whether a sale made this way has the period."""
        return self.channel == "any" or channel == "distance"

    def last_day(self, sold_on: date, closed: Collection[date] = ()) -> date:
        """Return the last day on which the client may change their mind.

        `closed`: days that are no working days besides the weekend, such as public holidays.
        """
        day = sold_on
        for _each in range(self.days):
            day += _DAY
            while self.counting == "working" and not self._is_working(day, closed):
                day += _DAY
        while self.moves and not self._is_working(day, closed):
            day += _DAY
        return day

    def _is_working(self, day: date, closed: Collection[date]) -> bool:
        return day.weekday() < self.week and day not in closed


@cache
def profiles() -> dict[str, ChangeOfMind]:
    """Return the profiles by their key."""
    text = (files("plugin.core") / "change_of_mind.toml").read_text("utf-8")
    return {key: ChangeOfMind(key, **facts) for key, facts in tomllib.loads(text).items()}
