"""The balance on the client's Square profile: a custom attribute, written once per change, in nobody's way.

Square says nowhere what a merge does to such an attribute, so it is written anew on the profile that is left.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.attention import open_item, settle_item_in
from plugin.courses.base.bookmarks import bookmark_of, drop_bookmark_in, save_bookmark_in
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.base.outbox import PROFILE, Job, last_job_subject
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.profile_notes import (
    drop_note_in,
    enqueue_all,
    save_note_in,
    wanted_text,
    written_note,
)
from plugin.errors import NotYet, SquareFailed
from plugin.services import Services
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


def write_profile(services: Services, owed: Job) -> str:
    """Bring the balance on one client's profile up to date; returns what became of it."""
    if bookmark_of(services.store, HELD) is not None:
        return "Balances are not written on Square profiles at present."
    return _bring_up_to_date(services, owed)


def try_held_profiles(services: Services) -> bool:
    """Try one profile again after Square had not let us; where it does now, have all of them written."""
    if bookmark_of(services.store, HELD) is None:
        return False
    act = Act(SQUARE, services.clock(), f"{HELD}:{services.clock().isoformat()}")
    try:
        if not _is_defined(services):
            return False
        _write_one(services, act)
    except SquareFailed as error:
        if error.code != "square_scope":
            raise
        return False
    services.store.transact(lambda session: _release_in(session, services, act))
    return True


def _write_one(services: Services, act: Act) -> None:
    client_id = last_job_subject(services.store, PROFILE)
    wanted = _wanted(services, client_id) if client_id is not None else None
    if client_id is not None and wanted is not None:
        _written(services, act, client_id, wanted)


def _wanted(services: Services, client_id: str) -> str | None:
    today = local_date(read_clinic(services.store), services.clock())
    return wanted_text(services.store, client_id, today=today)


def _bring_up_to_date(services: Services, owed: Job) -> str:
    client = read_client(services.store, owed.subject)
    if client.id != owed.subject:
        return _stepped_off(services, owed.subject, client.square_customer_id)
    wanted = _wanted(services, client.id)
    written = written_note(services.store, client.id)
    if wanted is None and written is None:
        return "Nothing belongs on the profile."
    if wanted is not None and written == (wanted, client.square_customer_id):
        return "The profile says so already."
    act = Act(SQUARE, services.clock(), f"outbox:{owed.id}")
    try:
        return _written(services, act, client.id, wanted)
    except SquareFailed as error:
        if error.code != "square_scope":
            raise
        return _hold(services, act, error.code)


def _stepped_off(services: Services, client_id: str, current_id: str | None) -> str:
    """Take the balance off the profile of a client who was made one with another, who goes by their own."""
    written = written_note(services.store, client_id)
    if written is None or written[1] == current_id:
        services.store.transact(lambda session: drop_note_in(session, client_id))
        return "Their balance stands on the profile of the client they were made one with."
    return _taken_away(services, client_id, written[1])


def _written(services: Services, act: Act, client_id: str, wanted: str | None) -> str:
    profile = standing_profile(services, act, read_client(services.store, client_id))
    if profile is None:
        services.store.transact(lambda session: drop_note_in(session, client_id))
        return "The client is not in Square's directory."
    customer_id = profile.square_customer_id
    # A merge followed a moment ago may have joined two of our clients.
    keeper = read_client(services.store, client_id).id
    if wanted is None:
        return _taken_away(services, client_id, customer_id)
    if keeper != client_id:
        return "The client was joined with another; their profile is written by itself."
    if not _is_defined(services):
        return _hold(services, act, "square_not_found")
    _set(services, act, customer_id, wanted)
    services.store.transact(lambda session: save_note_in(session, act, client_id, wanted, customer_id))
    return "The balance stands on the profile."


def _set(services: Services, act: Act, customer_id: str, wanted: str) -> None:
    key = hashlib.sha256(f"{act.key}:{customer_id}:{wanted}".encode()).hexdigest()[:40]
    try:
        services.square.set_customer_attribute(key, customer_id, ATTRIBUTE, wanted)
    except SquareNotFound:
        # The profile was there a moment ago, so it is the definition that somebody has deleted.
        services.store.transact(lambda session: drop_bookmark_in(session, DEFINED))
        raise NotYet("Square does not know the balance's field (any more); it is made anew.") from None


def _taken_away(services: Services, client_id: str, customer_id: str) -> str:
    with suppress(SquareNotFound):
        services.square.delete_customer_attribute(customer_id, ATTRIBUTE)
    services.store.transact(lambda session: drop_note_in(session, client_id))
    return "The balance was taken off the profile."


def _is_defined(services: Services) -> bool:
    """Make sure that the attribute's definition stands; False for a Square that has no such thing."""
    if bookmark_of(services.store, DEFINED) is not None:
        return True
    try:
        services.square.customer_attribute_definition(ATTRIBUTE)
    except SquareNotFound:
        try:
            services.square.define_customer_attribute(
                f"{ATTRIBUTE}-{services.clock():%Y%m%d%H%M}", DEFINITION
            )
        except SquareNotFound:
            return False
    act = Act(SQUARE, services.clock(), DEFINED)
    services.store.transact(lambda session: save_bookmark_in(session, act, DEFINED, ATTRIBUTE))
    return True


def _hold(services: Services, act: Act, why: str) -> str:
    """Write nothing more until Square lets us; told once, not for each client."""

    def work(session: Session) -> None:
        save_bookmark_in(session, act, HELD, why)
        if why == "square_scope":
            open_item(
                Work(session, services.store, act),
                kind="profiles_held",
                dedupe=HELD,
                summary=_NO_SCOPE,
                details={},
            )

    services.store.transact(work)
    return _NO_SCOPE if why == "square_scope" else _NO_ATTRIBUTES


def _release_in(session: Session, services: Services, act: Act) -> None:
    drop_bookmark_in(session, HELD)
    settle_item_in(session, act, HELD, "Square allows it now; the balances are being written.")
    enqueue_all(Work(session, services.store, act))
