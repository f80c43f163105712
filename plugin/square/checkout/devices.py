"""Which Square Terminals the clinic has, so that the desk can choose one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.services import Services
from plugin.square.parsing import Json, readable, record, records, square_id, text, words
from plugin.store.selling import Terminal

# The Devices API writes this before the id that a checkout wants.
_PREFIX = "device:"


@dataclass(frozen=True, slots=True)
class _Device:
    """A device of the seller's, which may be something else than a Terminal."""

    id: str
    is_terminal: bool
    name: str
    status: str
    location_id: str | None


def refresh_terminals(services: Services) -> int:
    """Take over the list of Terminals from Square; return how many there are. Raises SquareFailed."""
    devices = [device for page in services.square.devices() for device in page]
    told = [one for one in readable(_device_of, devices, "device") if one.is_terminal]

    def work(session: Session) -> None:
        kept = {row.square_device_id: row for row in session.scalars(select(Terminal))}
        for row in kept.values():
            row.is_active = False
        for device in told:
            _keep(session, services, kept, device)

    services.store.transact(work)
    return len(told)


def _device_of(answer: Json) -> _Device:
    attributes = record(answer.get("attributes") or {}, "device attributes")
    return _Device(
        id=square_id(answer.get("id"), "device id").removeprefix(_PREFIX),
        is_terminal=text(attributes.get("type")) in ("TERMINAL", ""),
        name=words(attributes.get("name"), 120) or "Square Terminal",
        status=text(record(answer.get("status") or {}, "device status").get("category"))[:40],
        location_id=_location(answer),
    )


def _keep(session: Session, services: Services, kept: dict[str, Terminal], device: _Device) -> None:
    row = kept.get(device.id)
    if row is None:
        row = kept[device.id] = Terminal(square_device_id=device.id)
        session.add(row)
    row.name, row.status, row.square_location_id = device.name, device.status, device.location_id
    row.is_active, row.seen_at = True, services.clock()


def _location(device: Json) -> str | None:
    for component in records(device.get("components"), "device components"):
        details = record(component.get("application_details") or {}, "application_details")
        if details.get("session_location"):
            return square_id(details["session_location"], "session_location")
    return None
