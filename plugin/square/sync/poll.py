"""Quick polling: asks Square every few seconds for the orders and refunds changed since the last answer.

Two calls each time, none of them logged: the sync every 15 minutes, which overlaps by days, stays the safety net.
It runs only while no events arrive (`plugin.courses.square_health`).
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.core.acts import SQUARE, Act
from plugin.core.batches import batched
from plugin.courses.base.clinic import read_hours
from plugin.courses.base.inbox import bookmark_of, save_bookmark, take_turn
from plugin.courses.square_health import POLLED_AT, read_connection, square_mode
from plugin.errors import SquareFailed
from plugin.retry_policy import Chance
from plugin.services import Services
from plugin.square.client.calls import MOST_LOCATIONS
from plugin.square.locations import watched_locations
from plugin.square.parsing import Json
from plugin.square.sync.orders import receive_orders, receive_refunds
from plugin.square.sync.pages import newest

OPEN_EVERY_S = 20.0
CLOSED_EVERY_S = 180.0
LONGEST_WAIT_S = 300.0
# Of each kind in one poll; a longer backlog is read on by the next one.
MOST_PAGES = 2
# What was changed a moment ago may not be listed yet.
OVERLAP = timedelta(minutes=2)
FIRST_LOOK = timedelta(minutes=30)

Receive = Callable[[Sequence[Json]], list[Json]]


@dataclass(frozen=True, slots=True)
class Poll:
    """The result of one poll: what was new to us."""

    found: tuple[Json, ...]


def poll(services: Services) -> Poll:
    """Add to the inbox what was changed since the last poll; raises SquareFailed."""
    found = [*_poll_orders(services), *_poll_refunds(services)]
    return Poll(tuple(found))


def _poll_orders(services: Services) -> Iterator[Json]:
    for number, some in enumerate(batched(_locations(services), MOST_LOCATIONS)):
        mark = f"polled_orders:{number * MOST_LOCATIONS}"
        pages = services.square.orders_updated(some, _since(services, mark))
        yield from _read(services, mark, pages, lambda page: receive_orders(services, page))


def _poll_refunds(services: Services) -> Iterator[Json]:
    since = _since(services, "polled_refunds")
    pages = services.square.refunds_updated(since)
    yield from _read(services, "polled_refunds", pages, lambda page: receive_refunds(services, page, since))


def _read(services: Services, mark: str, pages: Iterable[list[Json]], receive: Receive) -> Iterator[Json]:
    """Receive at most MOST_PAGES pages, oldest change first, and store how far they reach."""
    reached: datetime | None = None
    for number, page in enumerate(pages, start=1):
        yield from receive(page)
        changed = newest(page)
        reached = max(filter(None, (reached, changed)), default=None)
        if number == MOST_PAGES:
            break
    else:
        # All was read. What carries the same time, or is listed late, is found by reading a little of it again.
        reached = reached - OVERLAP if reached else None
    if reached is not None:
        _keep_mark(services, mark, reached)


def _since(services: Services, mark: str) -> datetime:
    """Return from when to ask; a clock that was ahead when it was stored must not hide anything."""
    kept, now = bookmark_of(services.store, mark), services.clock()
    return min(datetime.fromisoformat(kept), now) if kept else now - FIRST_LOOK


def _keep_mark(services: Services, mark: str, reached: datetime) -> None:
    value = min(reached, services.clock()).isoformat()
    if value != bookmark_of(services.store, mark):
        act = Act(SQUARE, services.clock(), mark)
        save_bookmark(services.store, act, mark, value)


def _locations(services: Services) -> list[str]:
    """Return the locations as last checked, which costs no call."""
    only = services.settings.square_location_id
    if only:
        return [only]
    known = [one["id"] for one in read_connection(services.store).locations if one["is_active"]]
    return known or watched_locations(services)


class Poller:
    """Polls when it is due, more rarely while the clinic is closed or Square fails. `chance` spreads the waits."""

    def __init__(self, services: Services, *, chance: Chance = random.random) -> None:
        self._services = services
        self._chance = chance
        self._failures = 0

    def run(self) -> tuple[float, Poll | None]:
        """Poll where no events arrive; return the seconds until the next time, and the result if one was due."""
        if not self._is_wanted():
            self._failures = 0
            return self._spread(OPEN_EVERY_S), None
        every_s = self._every_s()
        if not self._claim(every_s):
            return self._spread(every_s), None
        try:
            found = poll(self._services)
        except SquareFailed:
            # The client has recorded the outage.
            self._failures += 1
            return self._spread(min(every_s * 2.0 ** min(self._failures, 10), LONGEST_WAIT_S)), None
        self._failures = 0
        return self._spread(every_s), found

    def _is_wanted(self) -> bool:
        services = self._services
        has_token = bool(services.settings.square_access_token.get_secret_value())
        if not has_token and not read_connection(services.store).has_permission:
            return False
        return square_mode(services.store, services.clock()).is_polling

    def _every_s(self) -> float:
        hours, now = read_hours(self._services.store), self._services.clock()
        if hours.is_open(now):
            return OPEN_EVERY_S
        opens = hours.next_opening(now)
        left = (opens - now).total_seconds() if opens else CLOSED_EVERY_S
        return max(OPEN_EVERY_S, min(CLOSED_EVERY_S, left))

    def _claim(self, every_s: float) -> bool:
        services, now = self._services, self._services.clock()
        every = timedelta(seconds=every_s / 2)
        return take_turn(services.store, Act(SQUARE, now, POLLED_AT), POLLED_AT, every=every)

    def _spread(self, seconds: float) -> float:
        return seconds * (1 - 0.2 * self._chance())
