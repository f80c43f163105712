"""Reading the body of an event as it was kept, for those who only need to know what it is about."""

from __future__ import annotations

import json

from plugin.square.parsing import Json, text

_NAME_AN_ORDER = ("payment", "order_updated", "order_created")


def data_of(body: str) -> Json | None:
    """Return the event's `data`, None where the body is no event."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    data = event.get("data") if isinstance(event, dict) else None
    return data if isinstance(data, dict) else None


def object_in(data: Json, name: str) -> Json | None:
    """Return the object of this name that the event carries, None where it carries none."""
    told = data.get("object")
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else None


def order_named(body: str) -> str | None:
    """Return the id of the order that an event of a payment or an order is about."""
    data = data_of(body) or {}
    named = [text((object_in(data, name) or {}).get("order_id")) for name in _NAME_AN_ORDER]
    is_swept = text(data.get("id")) if "object" in data and not data["object"] else ""
    return next((one for one in (*named, is_swept) if one), None)


def refund_named(body: str) -> tuple[str, str]:
    """Return the id and status of the refund that an event is about, "" where it does not say."""
    told = object_in(data_of(body) or {}, "refund") or {}
    return text(told.get("id")), text(told.get("status"))
