"""The desk's search in Square's customer directory."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.core.acts import SQUARE, Act
from plugin.core.text import clean, digits
from plugin.courses.clients.directory import find_people, save_directory_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.buyers import read_listed_profile
from plugin.square.client import SquareNotFound
from plugin.square.parsing import readable
from plugin.store.square_side import SquarePerson

SEARCH_TIMEOUT_S = 2.0
FEWEST_DIGITS = 4
AWAY = "Square does not answer at the moment. These are the details that it gave last."


class Pace:
    """The rate limit of searches in Square over all users: a burst, then one for each pause."""

    def __init__(self, *, burst: int = 5, pause: timedelta = timedelta(seconds=0.5)) -> None:
        self._burst, self._pause = burst, pause
        self._free_at: datetime | None = None
        self._lock = threading.Lock()

    def allows(self, now: datetime) -> bool:
        """Return whether one more search may be sent now, and count it."""
        with self._lock:
            earliest = now - self._pause * self._burst
            free_at = max(self._free_at or earliest, earliest) + self._pause
            if free_at > now:
                return False
            self._free_at = free_at
            return True


@dataclass(frozen=True, slots=True)
class Searched:
    """People in Square's directory who are not clients here; `says`: the message where they may be stale."""

    people: Sequence[SquarePerson]
    says: str = ""


def search_directory(services: Services, pace: Pace, q: str, *, limit: int) -> Searched:
    """Find people by any part of name, phone or e-mail; phone and e-mail are searched in Square itself as well."""
    says = ""
    wanted = _search_field(clean(q))
    if wanted is not None and pace.allows(services.clock()):
        try:
            _search(services, *wanted, limit)
        except SquareNotFound:
            pass
        except SquareFailed:
            says = AWAY
    return Searched(find_people(services.store, q, limit=limit), says)


def _search_field(q: str) -> tuple[str, str] | None:
    if "@" in q and len(q) >= FEWEST_DIGITS:
        return "email_address", q
    number = digits(q)
    if len(number) >= FEWEST_DIGITS and not any(ch.isalpha() for ch in q):
        return "phone_number", number
    return None


def _search(services: Services, field: str, value: str, limit: int) -> None:
    profiles = services.square.customers_with(
        field, value, is_exact=False, most=limit, timeout_s=SEARCH_TIMEOUT_S
    )
    people = readable(read_listed_profile, profiles, "customer")
    if people:
        act = Act(SQUARE, services.clock(), "directory")
        services.store.transact(lambda session: save_directory_in(session, act, people))
