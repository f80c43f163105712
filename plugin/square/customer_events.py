"""Customers changed, merged, brought back or deleted in Square. A course never loses its client.

Ids are not stable there, and the events of one merge come in either order or, with webhooks off, not at all: so a
profile is always asked for, and what it answers with counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from plugin.courses.base.suppression import is_erased, remember_erased_in
from plugin.courses.base.work import Work
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.directory import delete_person_in, save_directory_in
from plugin.courses.clients.square_links import (
    alive_in_square,
    client_with_another_profile,
    gone_from_square_in,
    might_be,
    was_before,
)
from plugin.courses.clients.unmerge import ask_about_unmerged
from plugin.services import Services
from plugin.square.buyers import knows_any, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.effects import Effect, Effects
from plugin.square.event_body import object_in
from plugin.square.missed_merges import MERGE, ask_each, joined_into
from plugin.square.named_later import state_of, take_up_sales_of
from plugin.square.order_owners import courses_sold_to
from plugin.square.parsing import Json, record, square_id, text, unreadable

SWEPT_CUSTOMER = "sweep.customer"
SWEPT_MERGE = "sweep.merge"
_ERASED = "Their data was erased here; nothing of it is kept."
_STRANGER = "No client of ours so far; the desk's search finds them."
# Profiles that are, or were, somebody else's as well.
_RARE = (MERGE, "UNMERGE_RECOVERY", "DELETION_RECOVERY")


def handle_customer(services: Services, data: Json) -> Effects:
    """Say what a customer event means."""
    told = record(data.get("object") or {}, "customer event")
    context = record(told.get("event_context") or {}, "event_context")
    merge = record(context.get("merge") or {}, "merge")
    if merge:
        return _see_merge(services, merge)
    customer_id = square_id(data.get("id"), "customer id")
    if is_erased(services.store, customer_id):
        return Effects(says=_ERASED)
    profile = object_in(data, "customer")
    # What the event tells of a stranger is enough; of our own clients, what Square has now counts.
    if profile is None or _concerns_us(services, data, profile):
        try:
            profile = services.square.customer(customer_id)
        except SquareNotFound:
            return _gone(customer_id)
    return handle_profile(services, profile, customer_id)


def see_swept_merge(services: Services, data: Json) -> Effects:
    """Say which clients a merged profile brings together that a sweep came upon."""
    asked_id = square_id(data.get("id"), "customer id")
    try:
        profile = services.square.customer(asked_id)
    except SquareNotFound:
        return _gone(asked_id)
    buyer = read_profile(profile, asked_id)
    asked = joined_into(services, buyer)
    gone = Effects(effects=tuple(_gone_effect(one) for one in asked.gone))
    if not asked.joined:
        return handle_profile(services, profile, asked_id) + gone
    if is_erased(services.store, *buyer.known_as):
        return _merged_with_erased(services, asked.joined, buyer) + gone
    return Effects(profile=buyer, merged_ids=asked.joined) + gone


def _concerns_us(services: Services, data: Json, profile: Json) -> bool:
    is_plain = data.get("deleted") is not True and text(profile.get("creation_source")) not in _RARE
    return (
        not is_plain or not profile.get("id") or knows_any(services, square_id(data.get("id"), "customer id"))
    )


def handle_profile(services: Services, profile: Json, asked_id: str) -> Effects:
    """Say what a profile that Square has now means for our clients."""
    buyer = read_profile(profile, asked_id)
    if is_erased(services.store, *buyer.known_as):
        return Effects(says=_ERASED)
    if buyer.is_somebody:
        take_up_sales_of(services, buyer.known_as, state_of(profile))
    source = text(profile.get("creation_source"))
    if not knows_any(services, *buyer.known_as):
        return _see_stranger(services, buyer, source)
    if buyer.square_customer_id != asked_id:
        return Effects(profile=buyer, merged_ids=(asked_id,))
    joined_with = client_with_another_profile(services.store, asked_id)
    if source == "UNMERGE_RECOVERY" and joined_with is not None:
        return _unmerged(services, buyer, joined_with)
    return Effects(profile=buyer, effects=(_alive(asked_id),))


def _see_stranger(services: Services, buyer: Buyer, source: str) -> Effects:
    if source == MERGE:
        # Its event was missed: those of our clients it could be are asked for, and answer with it if it is so.
        asked = ask_each(services, might_be(services.store, buyer), buyer)
        if asked.joined:
            return Effects(profile=buyer, merged_ids=asked.joined)
    if source == "UNMERGE_RECOVERY":
        before = was_before(services.store, buyer)
        if before is not None:
            return _unmerged(services, buyer, before)

    def keep(work: Work) -> str:
        save_directory_in(work.session, work.act, [buyer])
        return _STRANGER

    return Effects(effects=(keep,))


def _unmerged(services: Services, buyer: Buyer, client_id: str) -> Effects:
    """Never split by itself: whose courses are whose is asked of a person."""
    sold = courses_sold_to(services, client_id, buyer.known_as)

    def ask(work: Work) -> str:
        if ask_about_unmerged(work, client_id, buyer, sold):
            return "Customers separated in Square; whose courses are whose waits under Attention."
        return "A client is back under the profile they had before a merge."

    return Effects(effects=(ask,))


def _gone(customer_id: str) -> Effects:
    return Effects(effects=(_gone_effect(customer_id),))


def _gone_effect(customer_id: str) -> Effect:
    def gone(work: Work) -> str:
        delete_person_in(work.session, customer_id)
        gone_from_square_in(work.session, customer_id)
        return "Deleted in Square's directory; the client and every course stay."

    return gone


def _alive(customer_id: str) -> Effect:
    def alive(work: Work) -> str:
        return alive_in_square(work, customer_id)

    return alive


def _see_merge(services: Services, merge: Json) -> Effects:
    into_id = square_id(merge.get("to_customer_id"), "to_customer_id")
    told = merge.get("from_customer_ids")
    if not isinstance(told, list):
        raise unreadable("from_customer_ids")
    from_ids = tuple(square_id(one, "from_customer_ids") for one in told)
    try:
        profile = services.square.customer(into_id)
        into = read_profile(profile, into_id)
        take_up_sales_of(services, (*from_ids, *into.known_as), state_of(profile))
    except SquareNotFound:
        into = Buyer(square_customer_id=into_id, known_as=(into_id,))
    if is_erased(services.store, into_id, *from_ids):
        return _merged_with_erased(services, from_ids, into)
    if not knows_any(services, into_id, *from_ids):
        return Effects(effects=(_replaced(from_ids, into),))
    return Effects(profile=into, merged_ids=from_ids)


def _merged_with_erased(services: Services, from_ids: Sequence[str], into: Buyer) -> Effects:
    """Follow the merge for those who are not erased; without any, the profile that is left is an erased one too."""
    known = tuple(one for one in from_ids if knows_any(services, one))
    if known or knows_any(services, into.square_customer_id):
        return Effects(profile=into, merged_ids=known)

    def forget(work: Work) -> str:
        remember_erased_in(work.session, work.act, [into.square_customer_id])
        return _ERASED

    return Effects(effects=(forget,))


def _replaced(from_ids: Sequence[str], into: Buyer) -> Effect:
    def replaced(work: Work) -> str:
        for one in from_ids:
            delete_person_in(work.session, one)
        save_directory_in(work.session, work.act, [into])
        return "None of the merged customers is a client of ours."

    return replaced
