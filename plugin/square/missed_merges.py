"""Merges in Square's directory whose events never came: our clients' profiles are asked what they are now.

Square tells of a merged profile only that it is one, not which it was made of; an old id answers as the new profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.square_links import all_living_links, might_be
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.client.customers import MOST_BY_ID

MERGE = "MERGE"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of the profiles asked for are a certain one by now, and which Square has no more."""

    joined: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def joined_into(services: Services, buyer: Buyer) -> Asked:
    """Ask which of our clients' profiles went into this one, whatever they were called."""
    suspects: Sequence[str]
    try:
        suspects = list(_not_themselves(services, all_living_links(services.store, besides=buyer.known_as)))
    except SquareNotFound:
        # A server without the call for many at once: the likeliest are asked one by one.
        suspects = might_be(services.store, buyer)
    return ask_each(services, suspects, buyer)


def ask_each(services: Services, customer_ids: Iterable[str], buyer: Buyer) -> Asked:
    """Ask for each of these profiles whether it is this one by now."""
    joined, gone = list[str](), list[str]()
    for customer_id in customer_ids:
        try:
            answered = services.square.customer(customer_id).get("id")
        except SquareNotFound:
            gone.append(customer_id)
            continue
        if answered == buyer.square_customer_id:
            joined.append(customer_id)
    return Asked(tuple(joined), tuple(gone))


def _not_themselves(services: Services, customer_ids: Sequence[str]) -> Iterator[str]:
    """Yield those that do not answer under their own id any more; raises SquareNotFound."""
    for start in range(0, len(customer_ids), MOST_BY_ID):
        some = customer_ids[start : start + MOST_BY_ID]
        found = services.square.customers_by_id(some)
        yield from (one for one in some if found.get(one, {}).get("id") != one)
