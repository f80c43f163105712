"""Which Square Terminals the clinic has, so that the desk can choose one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.house import House
from plugin.square.fields import Json, record, records, square_id, text, words
from plugin.store.selling import Terminal

# The Devices API writes this before the id that a checkout wants.
_PREFIX = "device:"


def refresh_terminals(house: House) -> int:
    """Take over the list of Terminals from Square; return how many there are. Raises SquareFailed."""
    told = [device for page in house.square.devices() for device in page if _is_terminal(device)]

    def work(session: Session) -> None:
        kept = {row.square_device_id: row for row in session.scalars(select(Terminal))}
        for row in kept.values():
            row.is_active = False
        for device in told:
            _keep(session, house, kept, device)

    house.store.transact(work)
    return len(told)


def _is_terminal(device: Json) -> bool:
    return text(record(device.get("attributes") or {}, "device attributes").get("type")) in ("TERMINAL", "")


def _keep(session: Session, house: House, kept: dict[str, Terminal], device: Json) -> None:
    device_id = square_id(device.get("id"), "device id").removeprefix(_PREFIX)
    row = kept.get(device_id)
    if row is None:
        row = kept[device_id] = Terminal(square_device_id=device_id)
        session.add(row)
    attributes = record(device.get("attributes") or {}, "device attributes")
    row.name = words(attributes.get("name"), 120) or "Square Terminal"
    row.status = text(record(device.get("status") or {}, "device status").get("category"))[:40]
    row.square_location_id = _location(device)
    row.is_active, row.seen_at = True, house.clock()


def _location(device: Json) -> str | None:
    for component in records(device.get("components"), "device components"):
        details = record(component.get("application_details") or {}, "application_details")
        if details.get("session_location"):
            return square_id(details["session_location"], "session_location")
    return None
