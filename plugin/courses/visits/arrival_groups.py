"""The day's arrivals by what the desk does about them now. Pure; no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from plugin.courses.visits.arrivals import DUE_WITHIN, Arrival

NEXT_WITHIN = timedelta(hours=2)


class Part(StrEnum):
    """Now: here, due or overdue. Next: within two hours. Later: the rest of the day. Done: settled or canceled."""

    NOW = "now"
    NEXT = "next"
    LATER = "later"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ArrivalGroup:
    """The arrivals of one part of the day, by time."""

    part: Part
    arrivals: tuple[Arrival, ...]


def grouped(arrivals: Sequence[Arrival], now: datetime) -> tuple[ArrivalGroup, ...]:
    """Return the parts of the day that have arrivals, in their order."""
    by_part: dict[Part, list[Arrival]] = {part: [] for part in Part}
    for each in arrivals:
        by_part[part_of(each, now)].append(each)
    # Who is here is seen to before who is only due.
    by_part[Part.NOW].sort(key=lambda each: each.arrived_at is None)
    return tuple(ArrivalGroup(part, tuple(found)) for part, found in by_part.items() if found)


def part_of(arrival: Arrival, now: datetime) -> Part:
    """Return the part of the day an arrival belongs to."""
    if arrival.state in ("used", "charged", "forgiven", "canceled"):
        return Part.DONE
    if arrival.arrived_at is not None or arrival.start_at - now <= DUE_WITHIN:
        return Part.NOW
    return Part.NEXT if arrival.start_at - now <= NEXT_WITHIN else Part.LATER
