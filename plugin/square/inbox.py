"""Events in the inbox: reading what a stored event is about, and adding events of our own.

What a sync finds, and what the desk begins, uses the same inbox as Square's webhooks, once for each state.
"""

import json
from collections.abc import Callable
from datetime import datetime

from plugin.courses.base.inbox import receive
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.parsing import Json, rfc3339, square_id, text

SWEPT_ORDER = "sweep.order"
SWEPT_REFUND = "sweep.refund"
SWEPT_INVOICE = "sweep.invoice"
SWEPT_CUSTOMER = "sweep.customer"
SWEPT_MERGE = "sweep.merge"
SWEPT_ITEM = "sweep.item"
SWEPT_BOOKING = "sweep.booking"
SWEPT_DISPUTE = "sweep.dispute"
_CARRY_AN_ORDER = ("payment", "order_updated", "order_created")


def receive_synthetic(
    services: Services, event_type: str, id_: str, state: str, carried: Json | None = None
) -> bool:
    """Add an event about an object of Square's; False where one about this state of it was added before.

    `carried` is the content of the event's `data.object`.
    """
    event_id = f"{event_type}:{id_[:180]}:{state}"
    body = {"event_id": event_id, "type": event_type, "data": {"id": id_, "object": carried or {}}}
    return receive(
        services.store,
        event_id=event_id,
        event_type=event_type,
        body=json.dumps(body),
        now=services.clock(),
    )


def receive_order(services: Services, order_id: str, updated_at: datetime) -> bool:
    """Add an event about an order as it is since `updated_at`."""
    return receive_synthetic(services, SWEPT_ORDER, order_id, rfc3339(updated_at))


def data_of(body: str) -> Json | None:
    """Return the event's `data`, None where the body is no event."""
    data = _event(body).get("data")
    return data if isinstance(data, dict) else None


def object_in(data: Json, name: str) -> Json | None:
    """Return the object of this name that the event carries, None where it carries none."""
    carried = data.get("object")
    found = carried.get(name) if isinstance(carried, dict) else None
    return found if isinstance(found, dict) else None


def order_named(body: str) -> str | None:
    """Return the id of the order that an event about a payment or an order names."""
    data = data_of(body) or {}
    if _event(body).get("type") == SWEPT_ORDER:
        return text(data.get("id")) or None
    named = [text((object_in(data, name) or {}).get("order_id")) for name in _CARRY_AN_ORDER]
    return next((one for one in named if one), None)


def refund_named(body: str) -> tuple[str, str]:
    """Return the id and status of the refund that an event carries, "" where it carries none."""
    carried = object_in(data_of(body) or {}, "refund") or {}
    return text(carried.get("id")), text(carried.get("status"))


def _event(body: str) -> Json:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def fetch(ask: Callable[[str], Json], data: Json, name: str, *also_called: str) -> Json:
    """Return the object as Square has it now, or as the event carries it where Square no longer has it.

    Raises SquareNotFound where the event carries none either, SquareFailed.
    """
    object_id = square_id(data.get("id"), f"{name} id")
    try:
        return ask(object_id)
    except SquareNotFound:
        # The event was signed, so the object that it carries is authentic as well.
        found = [object_in(data, one) for one in (name, *also_called)]
        carried = next(filter(None, found), found[-1])
        if carried is None:
            raise
        return carried
