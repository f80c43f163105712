"""What we came upon at Square ourselves, put into the inbox like any event, once for each of its states."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from plugin.courses.base.inbox import receive
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.parsing import Json, optional_moment, rfc3339

SWEPT_ORDER = "sweep.order"
SWEPT_REFUND = "sweep.refund"
SWEPT_INVOICE = "sweep.invoice"


@dataclass(frozen=True, slots=True)
class Looked:
    """One page of Square's: how many things were seen, which were news to us, when the newest was touched."""

    seen: int
    news: list[Json]
    newest: datetime | None = None


def newest(page: Iterable[Json]) -> datetime | None:
    """Return when the one touched last was touched, as Square says."""
    return max((told for one in page if (told := _touched_at(one)) is not None), default=None)


def _touched_at(one: Json) -> datetime | None:
    try:
        return optional_moment(one.get("updated_at"), "updated_at")
    except SquareFailed:
        # Whoever reads the whole of it says that it can't be read.
        return None


def receive_synthetic(
    services: Services, event_type: str, id_: str, updated_at: str, status: str = ""
) -> bool:
    """Have the worker look at it; False where it has done so since it was last changed."""
    event_id = f"{event_type}:{id_}:{updated_at}"
    data = {"id": id_, "object": {"refund": {"id": id_, "status": status}} if status else {}}
    body = json.dumps({"event_id": event_id, "type": event_type, "data": data})
    return receive(services.store, event_id=event_id, event_type=event_type, body=body, now=services.clock())


def receive_order(services: Services, order_id: str, updated_at: datetime) -> bool:
    """Have the worker look at an order as it stands since `updated_at`."""
    return receive_synthetic(services, SWEPT_ORDER, order_id, rfc3339(updated_at))
