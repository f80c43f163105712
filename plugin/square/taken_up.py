"""What we came upon at Square ourselves, put into the inbox like any event, once for each of its states."""

from __future__ import annotations

import json
from datetime import datetime

from plugin.courses.queues.inbox import receive
from plugin.house import House
from plugin.square.fields import rfc3339

SWEPT_ORDER = "sweep.order"
SWEPT_REFUND = "sweep.refund"
SWEPT_INVOICE = "sweep.invoice"


def take_up(house: House, event_type: str, id_: str, updated_at: str, status: str = "") -> bool:
    """Have the worker look at it; False where it has done so since it was last changed."""
    event_id = f"{event_type}:{id_}:{updated_at}"
    data = {"id": id_, "object": {"refund": {"id": id_, "status": status}} if status else {}}
    body = json.dumps({"event_id": event_id, "type": event_type, "data": data})
    return receive(house.store, event_id=event_id, event_type=event_type, body=body, now=house.clock())


def take_up_order(house: House, order_id: str, updated_at: datetime) -> bool:
    """Have the worker look at an order as it stands since `updated_at`."""
    return take_up(house, SWEPT_ORDER, order_id, rfc3339(updated_at))
