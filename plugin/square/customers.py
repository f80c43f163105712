"""Customers changed, merged or deleted in Square. Ids are not stable there; a course never loses its client."""

from __future__ import annotations

from plugin.courses.sales import Buyer
from plugin.house import House
from plugin.square.buyers import knows_any, profile_of, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.fields import Json, record, square_id, unreadable
from plugin.square.found import Found


def see_customer(house: House, data: Json) -> Found:
    """Say what a customer event means; the events of one merge may come in either order."""
    told = record(data.get("object") or {}, "customer event")
    context = record(told.get("event_context") or {}, "event_context")
    merge = record(context.get("merge") or {}, "merge")
    if merge:
        return _see_merge(house, merge)
    customer_id = square_id(data.get("id"), "customer id")
    if data.get("deleted") is True or not knows_any(house, customer_id):
        return Found(
            says="Nothing changes for our clients; a customer deleted in Square keeps their courses."
        )
    buyer = profile_of(house, customer_id)
    if buyer is None or buyer.square_customer_id == customer_id:
        return Found(profile=buyer)
    return Found(profile=buyer, merged_ids=(customer_id,))


def _see_merge(house: House, merge: Json) -> Found:
    into_id = square_id(merge.get("to_customer_id"), "to_customer_id")
    told = merge.get("from_customer_ids")
    if not isinstance(told, list):
        raise unreadable("from_customer_ids")
    from_ids = tuple(square_id(one, "from_customer_ids") for one in told)
    if not knows_any(house, into_id, *from_ids):
        return Found(says="None of the merged customers is a client of ours.")
    try:
        into = read_profile(house.square.customer(into_id), into_id)
    except SquareNotFound:
        into = Buyer(square_customer_id=into_id, known_as=(into_id,))
    return Found(profile=into, merged_ids=from_ids)
