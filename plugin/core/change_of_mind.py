"""Periods in which a client may change their mind after a sale: profiles with their sources.

Facts, not advice: the owner chooses a profile, and none is the default (docs/agreements.md).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from plugin.core.terms import RefundFormula
from plugin.wording import N_

NONE = "none"
Channel = Literal["clinic", "distance"]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChangeOfMind:
    """A profile. `days` count from the day after the sale; `week`: how many days from Monday on are working days.

    `channel` "distance": only for what was not agreed at the clinic. `formula`: how used sessions are charged.
    `moves`: a last day that is no working day moves to the next one.
    """

    key: str
    title: str
    days: int
    counting: Literal["calendar", "working"]
    source: str
    week: int = 5
    channel: Literal["any", "distance"] = "any"
    formula: RefundFormula = RefundFormula.PRORATED
    moves: bool = False

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


_PROFILES = (
    ChangeOfMind(
        key="us_general",
        title=N_("United States, three business days"),
        days=3,
        counting="working",
        week=6,
        source=N_(
            "No federal right where the sale is made at the clinic; the FTC’s Cooling-Off Rule (16 "
            "CFR 429) gives three business days, Saturdays included, for sales away from it. This "
            "profile gives them for every sale."
        ),
    ),
    ChangeOfMind(
        key="california",
        title=N_("California, five business days"),
        days=5,
        counting="working",
        source=N_(
            "Modeled on health studio contracts (California Civil Code 1812.85). Section 1812.81 "
            "exempts services of licensed professionals, so a clinic gives it freely."
        ),
    ),
    ChangeOfMind(
        key="new_york",
        title=N_("New York, three business days"),
        days=3,
        counting="working",
        source=N_(
            "Modeled on health club contracts (New York General Business Law 624). Whether it covers "
            "a clinic’s courses is not settled."
        ),
    ),
    ChangeOfMind(
        key="eu_distance",
        title=N_("European Union, 14 days for distance sales"),
        days=14,
        counting="calendar",
        channel="distance",
        moves=True,
        source=N_(
            "Directive 2011/83/EU, articles 9, 7(3), 8(8) and 14(3): services sold at a distance or "
            "away from the clinic. Sessions had at the client’s own request are paid in proportion to "
            "the total price (CJEU C-641/19). Last day: Regulation 1182/71, article 3(4)."
        ),
    ),
    ChangeOfMind(
        key="uk_distance",
        title=N_("United Kingdom, 14 days for distance sales"),
        days=14,
        counting="calendar",
        channel="distance",
        source=N_(
            "Consumer Contracts Regulations 2013, regulations 30 and 36: services sold at a distance "
            "or away from the clinic; what was supplied at the client’s request is paid in "
            "proportion."
        ),
    ),
    ChangeOfMind(
        key="singapore",
        title=N_("Singapore, five working days"),
        days=5,
        counting="working",
        source=N_(
            "CaseTrust accreditation for spa and wellness businesses: at least five working days, "
            "full refund of what was not consumed, no fee."
        ),
    ),
    ChangeOfMind(
        key="china",
        title=N_("China, seven days"),
        days=7,
        counting="calendar",
        source=N_(
            "Supreme People’s Court, interpretation on prepaid consumption, in force since "
            "2025-05-01: seven days, unless the same service was had before."
        ),
    ),
)


def profiles() -> dict[str, ChangeOfMind]:
    return {each.key: each for each in _PROFILES}
