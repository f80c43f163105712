"""Our clients in Square's directory: found there or made there once, and brought up to date when the desk edits."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.core.text import digits, folded, name_parts
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClientView
from plugin.courses.base.work import Work, transact
from plugin.courses.clients.buyers import link_profile, merge_square_customers
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.contacts import Buyer, is_full_phone
from plugin.courses.clients.square_links import gone_from_square_in
from plugin.services import Services
from plugin.square.buyers import knows_any, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.parsing import Json, readable, text, unreadable
from plugin.store.people import SquareCustomer

# Square takes a phone number of 9 to 16 digits.
_FEWEST_DIGITS = 9


def ensure_customer(services: Services, client_id: str, key: str) -> str:
    """Return the id under which Square knows a client now, making the profile where there is none.

    It is looked for first, by our own reference and by exact phone or e-mail with the same name, so that a lost
    answer makes no double. `key` is that of the act that links it. Raises NotFound, SquareFailed.
    """
    client = read_client(services.store, client_id)
    act = Act(SQUARE, services.clock(), key)
    buyer = standing_profile(services, act, client)
    if buyer is None:
        buyer = _found(services, client) or _made(services, client)
        transact(services.store, act, lambda work: link_profile(work, client.id, buyer))
    return buyer.square_customer_id


def standing_profile(services: Services, act: Act, client: ClientView) -> Buyer | None:
    """Return the client's profile as Square has it now, followed through a merge; None where there is none."""
    known_id = client.square_customer_id
    if known_id is None:
        return None
    try:
        buyer = read_profile(services.square.customer(known_id), known_id)
    except SquareNotFound:
        services.store.transact(lambda session: gone_from_square_in(session, known_id))
        return None
    if buyer.square_customer_id != known_id:
        services.store.transact(lambda session: _follow(session, services, act, known_id, buyer))
    return buyer


def write_customer(services: Services, owed: Job) -> str:
    """Make a client in Square's directory, or write there what the desk has changed; returns what became of it."""
    client = read_client(services.store, owed.subject)
    act = Act(SQUARE, services.clock(), f"outbox:{owed.id}")
    standing = standing_profile(services, act, client)
    if standing is None:
        if owed.payload.get("fields"):
            return "The client is not in Square's directory; nothing is changed there."
        ensure_customer(services, client.id, act.key)
        return "The client is in Square's directory."
    changes = _changes(read_client(services.store, client.id), owed.payload.get("fields") or ())
    profile = services.square.customer(standing.square_customer_id)
    changed = {name: value for name, value in changes.items() if (profile.get(name) or None) != value}
    if not changed:
        return "Square's directory says so already."
    # A version that somebody else has passed meanwhile brings the errand back, and it reads again.
    services.square.update_customer(standing.square_customer_id, changed, _version(profile))
    return "Written to Square's directory."


def _changes(client: ClientView, fields: Collection[str]) -> dict[str, str | None]:
    given, family = name_parts(client.name)
    told: dict[str, dict[str, str | None]] = {
        "name": {"given_name": given, "family_name": family or None},
        "phone": {"phone_number": client.phone},
        "email": {"email_address": client.email},
    }
    if client.phone and not _takes(client.phone):
        del told["phone"]
    return {name: value for field in fields for name, value in told.get(field, {}).items()}


def _version(profile: Json) -> int:
    version = profile.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise unreadable("version")
    return version


def _follow(session: Session, services: Services, act: Act, known_id: str, buyer: Buyer) -> None:
    merge_square_customers(Work(session, services.store, act), from_ids=[known_id], into=buyer)


def _found(services: Services, client: ClientView) -> Buyer | None:
    for buyer in _candidates(services, client):
        # A profile that is somebody else's here stays theirs, whatever phone they share.
        if not knows_any(services, *buyer.known_as):
            return buyer
    return None


def _candidates(services: Services, client: ClientView) -> Iterator[Buyer]:
    yield from readable(_read, services.square.customers_with("reference_id", client.id), "customer")
    for field, value in (("phone_number", client.phone), ("email_address", client.email)):
        if value is None or (field == "phone_number" and not _takes(value)):
            continue
        for buyer in readable(_read, services.square.customers_with(field, value), "customer"):
            if folded(buyer.name) == folded(client.name):
                yield buyer


def _made(services: Services, client: ClientView) -> Buyer:
    profile = services.square.create_customer(_key(services, client), new_profile(client))
    return _read(profile)


def _read(profile: Json) -> Buyer:
    return read_profile(profile, text(profile.get("id")))


def new_profile(client: ClientView) -> dict[str, str]:
    """Return what Square's directory is told of a client."""
    given, family = name_parts(client.name)
    told = {
        "given_name": given,
        "family_name": family,
        "phone_number": client.phone if client.phone and _takes(client.phone) else None,
        "email_address": client.email,
        "reference_id": client.id,
    }
    return {name: value for name, value in told.items() if value}


def _takes(phone: str) -> bool:
    return len(digits(phone)) >= _FEWEST_DIGITS and is_full_phone(phone)


def _key(services: Services, client: ClientView) -> str:
    # A profile that was deleted in Square is made anew under another key than the first.
    with services.store.reading() as session:
        before = select(func.count()).where(SquareCustomer.client_id == client.id)
        return f"client-{client.id}-{session.scalar(before)}"
