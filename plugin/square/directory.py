"""Looking through Square's directory: for the desk's search, and for changes of customers that no event told of."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.core.text import clean, digits
from plugin.courses.base.bookmarks import bookmark_of, save_bookmark_in
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.suppression import is_erased
from plugin.courses.base.work import transact
from plugin.courses.clients.contacts import Buyer, contact_from_square
from plugin.courses.clients.directory import PersonView, find_people, save_directory_in
from plugin.courses.clients.profile_notes import enqueue_ended
from plugin.courses.clients.square_links import was_before
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.buyers import knows_any, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.customer_events import SWEPT_CUSTOMER, SWEPT_MERGE
from plugin.square.missed_merges import MERGE
from plugin.square.parsing import Json, readable, text
from plugin.square.profiles import try_held_profiles
from plugin.square.synthetic_events import Looked, newest, receive_synthetic
from plugin.store.people import Client, SquareCustomer

READ_THROUGH = "directory"
SEARCH_TIMEOUT_S = 2.0
FEWEST_DIGITS = 4
AWAY = "Square does not answer just now. These are as it told them last."
_ALIVE_AGAIN = ("UNMERGE_RECOVERY", "DELETION_RECOVERY")


class Pace:
    """How often Square is searched, whoever types: so many at once, then one for each pause."""

    def __init__(self, *, burst: int = 5, pause: timedelta = timedelta(seconds=0.5)) -> None:
        self._burst, self._pause = burst, pause
        self._free_at: datetime | None = None
        self._lock = threading.Lock()

    def lets(self, now: datetime) -> bool:
        """Say whether one more search may go out now, and count it."""
        with self._lock:
            earliest = now - self._pause * self._burst
            free_at = max(self._free_at or earliest, earliest) + self._pause
            if free_at > now:
                return False
            self._free_at = free_at
            return True


@dataclass(frozen=True, slots=True)
class Searched:
    """People in Square's directory who are no clients here; `says` tells where they may be out of date."""

    people: tuple[PersonView, ...]
    says: str = ""


def search_directory(services: Services, pace: Pace, q: str, *, limit: int) -> Searched:
    """Find people by any part of name, phone or e-mail; by phone and e-mail Square itself is asked as well."""
    says = ""
    wanted = _askable(clean(q))
    if wanted is not None and pace.lets(services.clock()):
        try:
            _ask(services, *wanted, limit)
        except SquareNotFound:
            pass
        except SquareFailed:
            says = AWAY
    return Searched(find_people(services.store, q, limit=limit), says)


def _askable(q: str) -> tuple[str, str] | None:
    if "@" in q and len(q) >= FEWEST_DIGITS:
        return "email_address", q
    number = digits(q)
    if len(number) >= FEWEST_DIGITS and not any(ch.isalpha() for ch in q):
        return "phone_number", number
    return None


def _ask(services: Services, field: str, value: str, limit: int) -> None:
    profiles = services.square.customers_with(
        field, value, is_exact=False, most=limit, timeout_s=SEARCH_TIMEOUT_S
    )
    people = [buyer for _, buyer in readable(_with_profile, profiles, "customer")]
    if people:
        act = Act(SQUARE, services.clock(), "directory")
        services.store.transact(lambda session: save_directory_in(session, act, people))


def _with_profile(profile: Json) -> tuple[Json, Buyer]:
    return profile, read_profile(profile, text(profile.get("id")))


def sync_customers(services: Services, since: datetime) -> Iterator[Looked]:
    """Look through the profiles changed since then, the first time through all of them; nothing where none are kept.

    Deletions do not show this way: they are noticed when the profile is next used.
    """
    is_first = bookmark_of(services.store, READ_THROUGH) is None
    act = Act(SQUARE, services.clock(), "directory")
    try:
        for page in services.square.customers_updated(None if is_first else since):
            people = readable(_with_profile, page, "customer")
            services.store.transact(
                lambda session: save_directory_in(session, act, [buyer for _, buyer in people])  # noqa: B023 done at once
            )
            yield Looked(len(page), _take_up(services, people), newest(page))
    except SquareNotFound:
        return
    services.store.transact(lambda session: save_bookmark_in(session, act, READ_THROUGH, "read"))


def sync_profiles(services: Services, _since: datetime) -> Iterator[Looked]:
    """Have the balances written anew that time alone has changed, and all of them once Square allows it again."""
    act = Act(SQUARE, services.clock(), "profiles")
    try_held_profiles(services)
    transact(services.store, act, enqueue_ended)
    yield Looked(0, [])


def _take_up(services: Services, people: Sequence[tuple[Json, Buyer]]) -> list[Json]:
    changed = _changed_of_ours(services, people)
    return [
        {"kind": "customer", "id": buyer.square_customer_id, "what": what}
        for profile, buyer in people
        for event_type, what in _words_of(
            services, profile, buyer, is_changed=buyer.square_customer_id in changed
        )
        if receive_synthetic(
            services, event_type, buyer.square_customer_id, text(profile.get("updated_at"))[:40]
        )
    ]


def _words_of(
    services: Services, profile: Json, buyer: Buyer, *, is_changed: bool
) -> Iterator[tuple[str, str]]:
    """Yield what the worker is to look at this profile for."""
    if is_changed or _was_ours(services, profile, buyer):
        yield SWEPT_CUSTOMER, "A customer changed in Square"
    if profile.get("creation_source") == MERGE:
        # Whose profiles went into it is not told: the worker asks, once for each state of it.
        yield SWEPT_MERGE, "Customers merged in Square"


def _changed_of_ours(services: Services, people: Sequence[tuple[Json, Buyer]]) -> set[str]:
    """Return the profiles of our clients that say something else than we do."""
    ids = [buyer.square_customer_id for _, buyer in people]
    with services.store.reading() as session:
        rows = session.execute(
            select(SquareCustomer, Client)
            .join(Client, Client.id == SquareCustomer.client_id)
            .where(SquareCustomer.square_customer_id.in_(ids))
        ).all()
        known = {link.square_customer_id: (link, client) for link, client in rows}
        return {
            buyer.square_customer_id
            for profile, buyer in people
            if buyer.square_customer_id in known
            and _says_otherwise(session, profile, buyer, *known[buyer.square_customer_id])
        }


def _says_otherwise(
    session: Session, profile: Json, buyer: Buyer, link: SquareCustomer, client: Client
) -> bool:
    if link.is_deleted or (not link.is_current and profile.get("creation_source") in _ALIVE_AGAIN):
        return True
    told = contact_from_square(
        name=buyer.name, phone=buyer.phone, email=buyer.email, country=clinic_in(session).country
    )
    return (
        (bool(buyer.name) and told.name != client.name)
        or (told.phone is not None and told.phone != client.phone)
        or (told.email is not None and told.email != client.email)
    )


def _was_ours(services: Services, profile: Json, buyer: Buyer) -> bool:
    if profile.get("creation_source") != "UNMERGE_RECOVERY" or is_erased(
        services.store, buyer.square_customer_id
    ):
        return False
    if knows_any(services, buyer.square_customer_id):
        return False
    return was_before(services.store, buyer) is not None
