"""Sales that wait for a client because their Square profile had no name: looked at again once it has one.

Square makes such a profile for a card sale without a customer. It may be filled in later, or merged into another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from plugin.courses.selling.assign import sales_without_a_name
from plugin.house import House
from plugin.square.buyers import profile_of
from plugin.square.fields import Json, text
from plugin.square.taken_up import SWEPT_ORDER, Looked, take_up


def take_up_sales_of(house: House, customer_ids: Collection[str], state: str) -> list[str]:
    """Have the waiting sales of these profiles looked at again, once for each `state` of theirs; return the orders."""
    waiting = sales_without_a_name(house.store)
    orders = [order_id for order_id, ids in waiting.items() if not set(ids).isdisjoint(customer_ids)]
    return [one for one in orders if take_up(house, SWEPT_ORDER, one, f"named:{state}"[:60])]


def look_at_nameless(house: House, _since: datetime) -> Iterator[Looked]:
    """Ask Square whether the profiles of waiting sales have a name by now, whichever event was missed."""
    waiting = sales_without_a_name(house.store)
    named = [one for one in {each for ids in waiting.values() for each in ids} if _has_name(house, one)]
    news = take_up_sales_of(house, named, f"{house.clock():%Y%m%d%H}")
    yield Looked(len(waiting), [_news(order_id) for order_id in news])


def state_of(profile: Json) -> str:
    """Return what tells one state of a profile from the next."""
    return text(profile.get("updated_at")) or str(profile.get("version"))


def _has_name(house: House, customer_id: str) -> bool:
    buyer = profile_of(house, customer_id)
    return buyer is not None and buyer.is_somebody


def _news(order_id: str) -> Json:
    return {"kind": "order", "id": order_id, "what": "A sale whose client has a name by now"}
