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
from plugin.courses.bookmarks import bookmark_of, keep_bookmark_in
from plugin.courses.clinic import clinic_in
from plugin.courses.people.contacts import contact_from_square
from plugin.courses.people.directory import PersonView, find_people, keep_people_in
from plugin.courses.people.erased_profiles import is_erased
from plugin.courses.people.profile_notes import owe_ended_in
from plugin.courses.people.square_links import was_before
from plugin.courses.selling.sales import Buyer
from plugin.errors import SquareFailed
from plugin.house import House
from plugin.square.buyers import knows_any, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.customer_news import SWEPT_CUSTOMER, SWEPT_MERGE
from plugin.square.fields import Json, readable, text
from plugin.square.missed_merges import MERGE
from plugin.square.profiles import try_held_profiles
from plugin.square.taken_up import Looked, newest, take_up
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


def search_directory(house: House, pace: Pace, q: str, *, limit: int) -> Searched:
    """Find people by any part of name, phone or e-mail; by phone and e-mail Square itself is asked as well."""
    says = ""
    wanted = _askable(clean(q))
    if wanted is not None and pace.lets(house.clock()):
        try:
            _ask(house, *wanted, limit)
        except SquareNotFound:
            pass
        except SquareFailed:
            says = AWAY
    return Searched(find_people(house.store, q, limit=limit), says)


def _askable(q: str) -> tuple[str, str] | None:
    if "@" in q and len(q) >= FEWEST_DIGITS:
        return "email_address", q
    number = digits(q)
    if len(number) >= FEWEST_DIGITS and not any(ch.isalpha() for ch in q):
        return "phone_number", number
    return None


def _ask(house: House, field: str, value: str, limit: int) -> None:
    profiles = house.square.customers_with(
        field, value, is_exact=False, most=limit, timeout_s=SEARCH_TIMEOUT_S
    )
    people = [buyer for _, buyer in readable(_with_profile, profiles, "customer")]
    if people:
        act = Act(SQUARE, house.clock(), "directory")
        house.store.transact(lambda session: keep_people_in(session, act, people))


def _with_profile(profile: Json) -> tuple[Json, Buyer]:
    return profile, read_profile(profile, text(profile.get("id")))


def look_at_customers(house: House, since: datetime) -> Iterator[Looked]:
    """Look through the profiles changed since then, the first time through all of them; nothing where none are kept.

    Deletions do not show this way: they are noticed when the profile is next used.
    """
    is_first = bookmark_of(house.store, READ_THROUGH) is None
    act = Act(SQUARE, house.clock(), "directory")
    try:
        for page in house.square.customers_updated(None if is_first else since):
            people = readable(_with_profile, page, "customer")
            house.store.transact(
                lambda session: keep_people_in(session, act, [buyer for _, buyer in people])  # noqa: B023 done at once
            )
            yield Looked(len(page), _take_up(house, people), newest(page))
    except SquareNotFound:
        return
    house.store.transact(lambda session: keep_bookmark_in(session, act, READ_THROUGH, "read"))


def look_at_profiles(house: House, _since: datetime) -> Iterator[Looked]:
    """Have the balances written anew that time alone has changed, and all of them once Square allows it again."""
    act = Act(SQUARE, house.clock(), "profiles")
    try_held_profiles(house)
    house.store.transact(lambda session: owe_ended_in(session, house.store, act))
    yield Looked(0, [])


def _take_up(house: House, people: Sequence[tuple[Json, Buyer]]) -> list[Json]:
    changed = _changed_of_ours(house, people)
    return [
        {"kind": "customer", "id": buyer.square_customer_id, "what": what}
        for profile, buyer in people
        for event_type, what in _words_of(
            house, profile, buyer, is_changed=buyer.square_customer_id in changed
        )
        if take_up(house, event_type, buyer.square_customer_id, text(profile.get("updated_at"))[:40])
    ]


def _words_of(house: House, profile: Json, buyer: Buyer, *, is_changed: bool) -> Iterator[tuple[str, str]]:
    """Yield what the worker is to look at this profile for."""
    if is_changed or _was_ours(house, profile, buyer):
        yield SWEPT_CUSTOMER, "A customer changed in Square"
    if profile.get("creation_source") == MERGE:
        # Whose profiles went into it is not told: the worker asks, once for each state of it.
        yield SWEPT_MERGE, "Customers merged in Square"


def _changed_of_ours(house: House, people: Sequence[tuple[Json, Buyer]]) -> set[str]:
    """Return the profiles of our clients that say something else than we do."""
    ids = [buyer.square_customer_id for _, buyer in people]
    with house.store.reading() as session:
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


def _was_ours(house: House, profile: Json, buyer: Buyer) -> bool:
    if profile.get("creation_source") != "UNMERGE_RECOVERY" or is_erased(
        house.store, buyer.square_customer_id
    ):
        return False
    if knows_any(house, buyer.square_customer_id):
        return False
    return was_before(house.store, buyer) is not None
