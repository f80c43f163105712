"""Our clients in Square's directory: found or created there once, and updated when the desk edits them."""

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.core.text import clean, digits, folded, name_parts
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClientView
from plugin.courses.base.work import Work, transact
from plugin.courses.clients.buyers import find_people, link_profile, merge_square_customers, save_directory_in
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.contacts import Buyer, is_full_phone
from plugin.courses.clients.square_links import gone_from_square_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.buyers import knows_any, read_listed_profile, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.parsing import readable, version_of
from plugin.store.people import SquareCustomer
from plugin.store.square_side import SquarePerson
from plugin.wording import _

# Square takes a phone number of 9 to 16 digits.
_FEWEST_DIGITS = 9


def ensure_customer(services: Services, client_id: str, key: str) -> str:
    """Return the id of a client's Square profile, which is created where there is none.

    It is searched first, by our own reference and by exact phone or e-mail with the same name, so that a lost answer
    makes no duplicate. `key` is that of the act that links it. Raises NotFound, SquareFailed.
    """
    client = read_client(services.store, client_id)
    act = Act(SQUARE, services.clock(), key)
    buyer = current_profile(services, act, client)
    if buyer is None:
        buyer = _found(services, client) or _created(services, client)
        transact(services.store, act, lambda work: link_profile(work, client.id, buyer))
    return buyer.square_customer_id


def current_profile(services: Services, act: Act, client: ClientView) -> Buyer | None:
    """Return the client's current profile, followed through a merge; None where there is none."""
    known_id = client.square_customer_id
    if known_id is None:
        return None
    try:
        buyer = read_profile(services.square.customer(known_id), known_id)
    except SquareNotFound:
        services.store.transact(lambda session: gone_from_square_in(session, known_id))
        return None
    if buyer.square_customer_id != known_id:
        services.store.transact(lambda session: _follow_merge(session, services, act, known_id, buyer))
    return buyer


def write_customer(services: Services, job: Job) -> str:
    """Create a client in Square's directory, or update there what the desk has changed; return the outcome."""
    client = read_client(services.store, job.subject)
    act = job.act(SQUARE, services.clock())
    current = current_profile(services, act, client)
    if current is None:
        if job.payload.get("fields"):
            return _("The client is not in Square’s directory; nothing to update.")
        ensure_customer(services, client.id, act.key)
        return _("The client is in Square’s directory.")
    changes = _changes(read_client(services.store, client.id), job.payload.get("fields") or ())
    profile = services.square.customer(current.square_customer_id)
    changed = {name: value for name, value in changes.items() if (profile.get(name) or None) != value}
    if not changed:
        return _("Square’s directory is up to date.")
    # On a version conflict the job is retried, and reads again.
    services.square.update_customer(current.square_customer_id, changed, version_of(profile))
    return _("Square’s directory updated.")


def _changes(client: ClientView, fields: Collection[str]) -> dict[str, str | None]:
    given, family = name_parts(client.name)
    fields_of: dict[str, dict[str, str | None]] = {
        "name": {"given_name": given, "family_name": family or None},
        "phone": {"phone_number": client.phone},
        "email": {"email_address": client.email},
    }
    if client.phone and not _takes(client.phone):
        del fields_of["phone"]
    return {name: value for field in fields for name, value in fields_of.get(field, {}).items()}


def _follow_merge(session: Session, services: Services, act: Act, known_id: str, buyer: Buyer) -> None:
    merge_square_customers(Work(session, services.store, act), from_ids=[known_id], into=buyer)


def _found(services: Services, client: ClientView) -> Buyer | None:
    for buyer in _candidates(services, client):
        # A profile that is linked to another client is not linked here, even where they share a phone.
        if not knows_any(services, *buyer.known_as):
            return buyer
    return None


def _candidates(services: Services, client: ClientView) -> Iterator[Buyer]:
    yield from readable(
        read_listed_profile, services.square.customers_with("reference_id", client.id), "customer"
    )
    for field, value in (("phone_number", client.phone), ("email_address", client.email)):
        if value is None or (field == "phone_number" and not _takes(value)):
            continue
        for buyer in readable(read_listed_profile, services.square.customers_with(field, value), "customer"):
            if folded(buyer.name) == folded(client.name):
                yield buyer


def _created(services: Services, client: ClientView) -> Buyer:
    profile = services.square.create_customer(_key(services, client), new_profile(client))
    return read_listed_profile(profile)


def new_profile(client: ClientView) -> dict[str, str]:
    """Return the fields of a client that are written to Square's directory."""
    given, family = name_parts(client.name)
    fields = {
        "given_name": given,
        "family_name": family,
        "phone_number": client.phone if client.phone and _takes(client.phone) else None,
        "email_address": client.email,
        "reference_id": client.id,
    }
    return {name: value for name, value in fields.items() if value}


def _takes(phone: str) -> bool:
    return len(digits(phone)) >= _FEWEST_DIGITS and is_full_phone(phone)


def _key(services: Services, client: ClientView) -> str:
    # A profile that was deleted in Square is created again under another key.
    with services.store.reading() as session:
        before = select(func.count()).where(SquareCustomer.client_id == client.id)
        return f"client-{client.id}-{session.scalar(before)}"


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
