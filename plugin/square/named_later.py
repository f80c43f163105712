"""Sales that wait for a client because their Square profile had no name: looked at again once it has one.

Square makes such a profile for a card sale without a customer. It may be filled in later, or merged into another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from plugin.courses.sales.assign import sales_without_a_name
from plugin.services import Services
from plugin.square.buyers import profile_of
from plugin.square.parsing import Json, text
from plugin.square.synthetic_events import SWEPT_ORDER, Looked, receive_synthetic


def take_up_sales_of(services: Services, customer_ids: Collection[str], state: str) -> list[str]:
    """Have the waiting sales of these profiles looked at again, once for each `state` of theirs; return the orders."""
    waiting = sales_without_a_name(services.store)
    orders = [order_id for order_id, ids in waiting.items() if not set(ids).isdisjoint(customer_ids)]
    return [one for one in orders if receive_synthetic(services, SWEPT_ORDER, one, f"named:{state}"[:60])]


def look_at_nameless(services: Services, _since: datetime) -> Iterator[Looked]:
    """Ask Square whether the profiles of waiting sales have a name by now, whichever event was missed."""
    waiting = sales_without_a_name(services.store)
    named = [one for one in {each for ids in waiting.values() for each in ids} if _has_name(services, one)]
    news = take_up_sales_of(services, named, f"{services.clock():%Y%m%d%H}")
    yield Looked(len(waiting), [_news(order_id) for order_id in news])


def state_of(profile: Json) -> str:
    """Return what tells one state of a profile from the next."""
    return text(profile.get("updated_at")) or str(profile.get("version"))


def _has_name(services: Services, customer_id: str) -> bool:
    buyer = profile_of(services, customer_id)
    return buyer is not None and buyer.is_somebody


def _news(order_id: str) -> Json:
    return {"kind": "order", "id": order_id, "what": "A sale whose client has a name by now"}
