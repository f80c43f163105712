"""Handler of customer events: profiles changed, merged, restored or deleted. A course never loses its client.

Ids are not stable in Square, and the events of one merge arrive in either order or, with webhooks off,
not at all: so a profile is always fetched, and what Square returns counts.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from plugin.courses.base.suppression import is_erased, remember_erased_in
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import delete_person_in, save_directory_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.merge_core import ask_about_unmerged
from plugin.courses.clients.square_links import (
    alive_in_square,
    client_with_another_profile,
    gone_from_square_in,
    might_be,
    was_before,
)
from plugin.courses.sales.assign import sales_without_a_name
from plugin.services import Services
from plugin.square.buyers import MERGE, ask_each, customers_named, joined_into, knows_any, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.events.effects import Effect, Effects, profile_effects
from plugin.square.inbox import SWEPT_ORDER, object_in, receive_synthetic
from plugin.square.models import Order
from plugin.square.parsing import Json, record, square_id, text, unreadable
from plugin.store.ledger import Course

_ERASED = "Their data was erased here; nothing of it is kept."
_NOT_A_CLIENT = "Not a client yet; the desk’s search finds them."
# Profiles that are, or were, another client's as well.
_RARE = (MERGE, "UNMERGE_RECOVERY", "DELETION_RECOVERY")
# More orders than any client has; each is fetched.
_MOST_ORDERS = 50


def handle_customer_updated(services: Services, data: Json) -> Effects:
    carried = record(data.get("object") or {}, "customer event")
    context = record(carried.get("event_context") or {}, "event_context")
    merge = record(context.get("merge") or {}, "merge")
    if merge:
        return _merged(services, merge)
    customer_id = square_id(data.get("id"), "customer id")
    if is_erased(services.store, customer_id):
        return Effects(says=_ERASED)
    profile = object_in(data, "customer")
    # For a person who is no client the event is enough; for our own clients, what Square has now counts.
    if profile is None or _is_ours(services, data, profile):
        try:
            profile = services.square.customer(customer_id)
        except SquareNotFound:
            return Effects((_deleted(customer_id),))
    return handle_profile(services, profile, customer_id)


def handle_synced_merge(services: Services, data: Json) -> Effects:
    """Return the merge of the clients whose profiles were merged into one that a sync found."""
    asked_id = square_id(data.get("id"), "customer id")
    try:
        profile = services.square.customer(asked_id)
    except SquareNotFound:
        return Effects((_deleted(asked_id),))
    buyer = read_profile(profile, asked_id)
    asked = joined_into(services, buyer)
    gone = Effects(tuple(_deleted(one) for one in asked.gone))
    if not asked.joined:
        return handle_profile(services, profile, asked_id) + gone
    if is_erased(services.store, *buyer.known_as):
        return _merged_with_erased(services, asked.joined, buyer) + gone
    return profile_effects(buyer, asked.joined) + gone


def _is_ours(services: Services, data: Json, profile: Json) -> bool:
    is_plain = data.get("deleted") is not True and text(profile.get("creation_source")) not in _RARE
    return (
        not is_plain or not profile.get("id") or knows_any(services, square_id(data.get("id"), "customer id"))
    )


def handle_profile(services: Services, profile: Json, asked_id: str) -> Effects:
    """Return the effects of the current profile on our clients."""
    buyer = read_profile(profile, asked_id)
    if is_erased(services.store, *buyer.known_as):
        return Effects(says=_ERASED)
    if buyer.is_somebody:
        retry_sales_of(services, buyer.known_as, state_of(profile))
    source = text(profile.get("creation_source"))
    if not knows_any(services, *buyer.known_as):
        return _not_a_client(services, buyer, source)
    if buyer.square_customer_id != asked_id:
        return profile_effects(buyer, (asked_id,))
    joined_with = client_with_another_profile(services.store, asked_id)
    if source == "UNMERGE_RECOVERY" and joined_with is not None:
        return _unmerged(services, buyer, joined_with)
    return profile_effects(buyer) + Effects((lambda work: alive_in_square(work, asked_id),))


def _not_a_client(services: Services, buyer: Buyer, source: str) -> Effects:
    if source == MERGE:
        # Its event was missed: the likely clients' profiles are fetched; for a merged one Square returns this one.
        asked = ask_each(services, might_be(services.store, buyer), buyer)
        if asked.joined:
            return profile_effects(buyer, asked.joined)
    if source == "UNMERGE_RECOVERY":
        before = was_before(services.store, buyer)
        if before is not None:
            return _unmerged(services, buyer, before)

    def keep(work: Work) -> str:
        save_directory_in(work.session, work.act, [buyer])
        return _NOT_A_CLIENT

    return Effects((keep,))


def _unmerged(services: Services, buyer: Buyer, client_id: str) -> Effects:
    """Return the attention item asking which courses are whose: clients are never split automatically."""
    sold = _courses_sold_to(services, client_id, buyer.known_as)

    def ask(work: Work) -> str:
        if ask_about_unmerged(work, client_id, buyer, sold):
            return "Customers separated in Square; whose courses are whose waits under Attention."
        return "The client has the profile from before a merge again."

    return Effects((ask,))


def _deleted(customer_id: str) -> Effect:
    def delete(work: Work) -> str:
        delete_person_in(work.session, customer_id)
        gone_from_square_in(work.session, customer_id)
        return "Deleted in Square’s directory; the client and every course stay."

    return delete


def _merged(services: Services, merge: Json) -> Effects:
    into_id = square_id(merge.get("to_customer_id"), "to_customer_id")
    merged = merge.get("from_customer_ids")
    if not isinstance(merged, list):
        raise unreadable("from_customer_ids")
    from_ids = tuple(square_id(one, "from_customer_ids") for one in merged)
    try:
        profile = services.square.customer(into_id)
        into = read_profile(profile, into_id)
        retry_sales_of(services, (*from_ids, *into.known_as), state_of(profile))
    except SquareNotFound:
        into = Buyer(square_customer_id=into_id, known_as=(into_id,))
    if is_erased(services.store, into_id, *from_ids):
        return _merged_with_erased(services, from_ids, into)
    if not knows_any(services, into_id, *from_ids):
        return Effects((_replaced(from_ids, into),))
    return profile_effects(into, from_ids)


def _merged_with_erased(services: Services, from_ids: Sequence[str], into: Buyer) -> Effects:
    """Follow the merge for those who are not erased; without any, the remaining profile is an erased one too."""
    known = tuple(one for one in from_ids if knows_any(services, one))
    if known or knows_any(services, into.square_customer_id):
        return profile_effects(into, known)

    def forget(work: Work) -> str:
        remember_erased_in(work.session, work.act, [into.square_customer_id])
        return _ERASED

    return Effects((forget,))


def _replaced(from_ids: Sequence[str], into: Buyer) -> Effect:
    def replaced(work: Work) -> str:
        for one in from_ids:
            delete_person_in(work.session, one)
        save_directory_in(work.session, work.act, [into])
        return "None of the merged customers is a client of ours."

    return replaced


def retry_sales_of(services: Services, customer_ids: Collection[str], state: str) -> list[str]:
    """Add events for the sales pending a name of these profiles, once per `state`; return the orders.

    For a card sale without a customer Square makes a profile without a name. It may be filled in later, or merged
    into another.
    """
    waiting = sales_without_a_name(services.store)
    orders = [order_id for order_id, ids in waiting.items() if not set(ids).isdisjoint(customer_ids)]
    return [one for one in orders if receive_synthetic(services, SWEPT_ORDER, one, f"named:{state}"[:60])]


def state_of(profile: Json) -> str:
    """Return a key that differs between two states of a profile."""
    return text(profile.get("updated_at")) or str(profile.get("version"))


def _courses_sold_to(services: Services, client_id: str, customer_ids: Collection[str]) -> list[str]:
    """Return the client's courses whose order carries one of these customer ids."""
    with services.store.reading() as session:
        rows = session.execute(
            select(Course.id, Course.square_order_id)
            .where(Course.client_id == client_id, Course.square_order_id.is_not(None))
            .order_by(Course.id)
        ).all()
    orders = list(dict.fromkeys(order_id for _, order_id in rows if order_id is not None))[:_MOST_ORDERS]
    theirs = {order_id for order_id in orders if _names(services, order_id, customer_ids)}
    return [course_id for course_id, order_id in rows if order_id in theirs]


def _names(services: Services, order_id: str, customer_ids: Collection[str]) -> bool:
    try:
        order = Order.read(services.square.order(order_id))
    except SquareNotFound:
        return False
    return any(named in customer_ids for named in customers_named(services, order, None))
