"""A Monday morning of many clinics: when visits begin and end, and what each asks of Coursekeeper. Assumptions only."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.scale.machine import Work
from tests.scale.service_times import ServiceTimes

HOUR = 3600.0
# Hours behind New York, by the parts of the population of the United States: about 47, 29, 7 and 17 of 100.
ZONES = ((0, 0.47), (1, 0.29), (2, 0.07), (3, 0.17))
OPENS = ((8, 0.3), (9, 0.5), (10, 0.2))
# Treatment rooms of a clinic, and visits a room takes an hour.
ROOMS = ((1, 0.25), (2, 0.25), (3, 0.2), (4, 0.15), (6, 0.1), (12, 0.05))
VISITS_AN_HOUR, HOURS = 1.2, 4
PAGES_OPEN = 2.5
# Of a visit: how often each happens when it begins, and when it ends.
AT_BEGIN = (("today", 1.0), ("search", 0.5), ("client_page", 1.0))
AT_END = (
    *(("use", 1.0), ("client_page", 1.2), ("paper", 2.0), ("webhook", 2.5), ("event", 2.5)),
    *(("sale", 0.12), ("search", 0.2)),
)
# A sale at the register: its events, the course that is booked, the invoice.
OF_A_SALE = (("webhook", 3.0), ("event", 3.0), ("paper", 2.0), ("client_page", 1.0))


@dataclass(frozen=True)
class Clinic:
    """A clinic: its rooms, and the hour of New York at which it opens."""

    rooms: int
    opens: float


def clinic(chance: random.Random) -> Clinic:
    """Return a clinic as there may be one."""
    return Clinic(_pick(chance, ROOMS), _pick(chance, OPENS) + _pick(chance, ZONES))


def morning(some: list[Clinic], times: ServiceTimes, chance: random.Random) -> list[Work]:
    """Return all work of their first hours, in order of time."""
    return sorted(each for one in some for each in _visits(one, times, chance))


def _visits(one: Clinic, times: ServiceTimes, chance: random.Random) -> Iterator[Work]:
    for slot in range(HOURS * 4):
        # Appointments begin at a quarter of an hour; half of them at the full one.
        weight = 2.0 if slot % 4 == 0 else 2 / 3
        for _ in range(_times(chance, one.rooms * VISITS_AN_HOUR / 4 * weight)):
            begins = (one.opens + slot / 4) * HOUR + chance.gauss(0, 240)
            yield from _asked(begins, AT_BEGIN, times, chance, within_s=60)
            yield from _asked(begins + chance.gauss(50, 8) * 60, AT_END, times, chance, within_s=120)


def _asked(
    at: float,
    what: tuple[tuple[str, float], ...],
    times: ServiceTimes,
    chance: random.Random,
    *,
    within_s: float,
) -> Iterator[Work]:
    for kind, number in what:
        for _ in range(_times(chance, number)):
            moment = max(0.0, at + chance.uniform(0, within_s))
            if kind == "sale":
                yield from _asked(moment, OF_A_SALE, times, chance, within_s=30)
            else:
                # A piece of work takes longer or shorter by a quarter.
                yield Work(moment, kind, getattr(times, kind) / 1000 * chance.lognormvariate(-0.03, 0.25))


def _times(chance: random.Random, mean: float) -> int:
    """Return how often something happens whose mean this is: the whole part always, the rest by chance."""
    return int(mean) + (chance.random() < mean % 1)


def _pick(chance: random.Random, of: tuple[tuple[int, float], ...]) -> int:
    return chance.choices([value for value, _ in of], [weight for _, weight in of])[0]
