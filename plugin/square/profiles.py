"""The balance on the client's Square profile: a custom attribute, written once per change, in nobody's way.

Square says nowhere what a merge does to such an attribute, so it is written anew on the profile that is left.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.bookmarks import bookmark_of, drop_bookmark_in, keep_bookmark_in
from plugin.courses.clinic import local_date, read_clinic
from plugin.courses.people.clients import read_client
from plugin.courses.people.profile_notes import (
    drop_note_in,
    keep_note_in,
    owe_all_in,
    wanted_text,
    written_note,
)
from plugin.courses.queues.attention import open_item_in, settle_item_in
from plugin.courses.queues.outbox import PROFILE, Owed, last_owed_subject
from plugin.errors import NotYet, SquareFailed
from plugin.house import House
from plugin.square.client import SquareNotFound
from plugin.square.customers import standing_profile

ATTRIBUTE = "coursekeeper_balance"
DEFINITION = {
    "key": ATTRIBUTE,
    "name": "Prepaid sessions",
    "description": "What is left of the client's courses. Kept up to date by Coursekeeper.",
    "visibility": "VISIBILITY_READ_ONLY",
    "schema": {
        "$ref": "https://developer-production-s.squarecdn.com/schemas/v1/common.json#squareup.common.String"
    },
}
# Whether the definition stands in Square, and why nothing is written at present.
DEFINED = "profile_attribute"
HELD = "profiles_held"
_NO_SCOPE = (
    "Balances are not shown on Square profiles: Coursekeeper may not write to Square's customer directory."
    " The owner can allow it by connecting anew."
)
_NO_ATTRIBUTES = "This Square keeps no custom attributes on customers; balances stay in Coursekeeper."


def write_profile(house: House, owed: Owed) -> str:
    """Bring the balance on one client's profile up to date; returns what became of it."""
    if bookmark_of(house.store, HELD) is not None:
        return "Balances are not written on Square profiles at present."
    return _bring_up_to_date(house, owed)


def try_held_profiles(house: House) -> bool:
    """Try one profile again after Square had not let us; where it does now, have all of them written."""
    if bookmark_of(house.store, HELD) is None:
        return False
    act = Act(SQUARE, house.clock(), f"{HELD}:{house.clock().isoformat()}")
    try:
        if not _is_defined(house):
            return False
        _write_one(house, act)
    except SquareFailed as error:
        if error.code != "square_scope":
            raise
        return False
    house.store.transact(lambda session: _release_in(session, house, act))
    return True


def _write_one(house: House, act: Act) -> None:
    client_id = last_owed_subject(house.store, PROFILE)
    wanted = _wanted(house, client_id) if client_id is not None else None
    if client_id is not None and wanted is not None:
        _written(house, act, client_id, wanted)


def _wanted(house: House, client_id: str) -> str | None:
    today = local_date(read_clinic(house.store), house.clock())
    return wanted_text(house.store, client_id, today=today)


def _bring_up_to_date(house: House, owed: Owed) -> str:
    client = read_client(house.store, owed.subject)
    if client.id != owed.subject:
        return _stepped_off(house, owed.subject, client.square_customer_id)
    wanted = _wanted(house, client.id)
    written = written_note(house.store, client.id)
    if wanted is None and written is None:
        return "Nothing belongs on the profile."
    if wanted is not None and written == (wanted, client.square_customer_id):
        return "The profile says so already."
    act = Act(SQUARE, house.clock(), f"outbox:{owed.id}")
    try:
        return _written(house, act, client.id, wanted)
    except SquareFailed as error:
        if error.code != "square_scope":
            raise
        return _hold(house, act, error.code)


def _stepped_off(house: House, client_id: str, current_id: str | None) -> str:
    """Take the balance off the profile of a client who was made one with another, who goes by their own."""
    written = written_note(house.store, client_id)
    if written is None or written[1] == current_id:
        house.store.transact(lambda session: drop_note_in(session, client_id))
        return "Their balance stands on the profile of the client they were made one with."
    return _taken_away(house, client_id, written[1])


def _written(house: House, act: Act, client_id: str, wanted: str | None) -> str:
    profile = standing_profile(house, act, read_client(house.store, client_id))
    if profile is None:
        house.store.transact(lambda session: drop_note_in(session, client_id))
        return "The client is not in Square's directory."
    customer_id = profile.square_customer_id
    # A merge followed a moment ago may have joined two of our clients.
    keeper = read_client(house.store, client_id).id
    if wanted is None:
        return _taken_away(house, client_id, customer_id)
    if keeper != client_id:
        return "The client was joined with another; their profile is written by itself."
    if not _is_defined(house):
        return _hold(house, act, "square_not_found")
    _set(house, act, customer_id, wanted)
    house.store.transact(lambda session: keep_note_in(session, act, client_id, wanted, customer_id))
    return "The balance stands on the profile."


def _set(house: House, act: Act, customer_id: str, wanted: str) -> None:
    key = hashlib.sha256(f"{act.key}:{customer_id}:{wanted}".encode()).hexdigest()[:40]
    try:
        house.square.set_customer_attribute(key, customer_id, ATTRIBUTE, wanted)
    except SquareNotFound:
        # The profile was there a moment ago, so it is the definition that somebody has deleted.
        house.store.transact(lambda session: drop_bookmark_in(session, DEFINED))
        raise NotYet("Square does not know the balance's field (any more); it is made anew.") from None


def _taken_away(house: House, client_id: str, customer_id: str) -> str:
    with suppress(SquareNotFound):
        house.square.delete_customer_attribute(customer_id, ATTRIBUTE)
    house.store.transact(lambda session: drop_note_in(session, client_id))
    return "The balance was taken off the profile."


def _is_defined(house: House) -> bool:
    """Make sure that the attribute's definition stands; False for a Square that has no such thing."""
    if bookmark_of(house.store, DEFINED) is not None:
        return True
    try:
        house.square.customer_attribute_definition(ATTRIBUTE)
    except SquareNotFound:
        try:
            house.square.define_customer_attribute(f"{ATTRIBUTE}-{house.clock():%Y%m%d%H%M}", DEFINITION)
        except SquareNotFound:
            return False
    act = Act(SQUARE, house.clock(), DEFINED)
    house.store.transact(lambda session: keep_bookmark_in(session, act, DEFINED, ATTRIBUTE))
    return True


def _hold(house: House, act: Act, why: str) -> str:
    """Write nothing more until Square lets us; told once, not for each client."""

    def work(session: Session) -> None:
        keep_bookmark_in(session, act, HELD, why)
        if why == "square_scope":
            open_item_in(
                session, house.store, act, kind="profiles_held", dedupe=HELD, summary=_NO_SCOPE, details={}
            )

    house.store.transact(work)
    return _NO_SCOPE if why == "square_scope" else _NO_ATTRIBUTES


def _release_in(session: Session, house: House, act: Act) -> None:
    drop_bookmark_in(session, HELD)
    settle_item_in(session, act, HELD, "Square allows it now; the balances are being written.")
    owe_all_in(session, house.store, act)
