"""Own ratings laid out over visits: each stands before the visit that follows it; a visit without one is a gap."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date

LOWEST, HIGHEST = 0, 10
MOST_CONCERNS = 3


def before_visits(visits: Sequence[date], ratings: Mapping[date, int]) -> tuple[int | None, ...]:
    """Return the rating before each visit, None where there is none, and last the one before the next visit.

    `visits` are days, rising, each once. Of several ratings between two visits the last one counts. The place after
    the last visit is there only if it was rated.
    """
    places: list[int | None] = [None] * (len(visits) + 1)
    for day in sorted(ratings):
        places[bisect_left(visits, day)] = ratings[day]
    return tuple(places if places[-1] is not None else places[:-1])
