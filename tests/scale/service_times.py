"""What each piece of work costs a processor: as `make bench` measured it, else as kept here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ServiceTimes:
    """Milliseconds of one processor for one piece of work; the last three per second or per clinic.

    The values here are those of docs/speed.md and docs/scale.md, measured on two busy cores: a quiet machine is faster.
    """

    today: float = 45.0
    search: float = 45.0
    client_page: float = 24.0
    use: float = 5.25
    webhook: float = 0.94
    # The worker's part of an event, with its calls to Square.
    event: float = 15.0
    paper: float = 150.0
    # Of each open page, and of a clinic in which nothing happens, milliseconds a second.
    open_page: float = 2.7
    idle: float = 30.3
    # Of web, worker and papers of one clinic, MiB.
    memory: float = 520.0


# Of each: part, what is measured, its unit, in the file of `make bench`.
_MEASURED = {
    "today": ("pages", "Today", "ms, large clinic"),
    "search": ("pages", "search by name", "ms, large clinic"),
    "client_page": ("pages", "client page", "ms, large clinic"),
    "use": ("http", "use a session, over HTTP", "ms of processor"),
    "webhook": ("http", "webhook accepted", "ms of processor"),
    "paper": ("papers", "course summary", "ms"),
    "open_page": ("clinic", "an open page that hears nothing new", "ms of processor a second"),
    "idle": ("clinic", "idle", "% of a processor"),
    "memory": ("clinic", "memory of web, worker and papers", "MiB"),
}
# A hundredth of a processor is ten milliseconds a second.
_FACTOR = {"% of a processor": 10.0}


def read_service_times(file: Path | None) -> tuple[ServiceTimes, frozenset[str]]:
    """Return the times, and the names of those that the file of `make bench` gave."""
    found = dict(_found(json.loads(file.read_text()))) if file else {}
    return replace(ServiceTimes(), **found), frozenset(found)


def _found(bench: dict[str, Any]) -> Iterator[tuple[str, float]]:
    known = {each.name for each in fields(ServiceTimes)}
    for name, (part, what, unit) in _MEASURED.items():
        assert name in known
        for figure in bench.get("parts", {}).get(part, ()):
            if figure["what"].startswith(what) and figure["unit"] == unit and figure["median"] is not None:
                yield name, figure["median"] * _FACTOR.get(unit, 1.0)
                break
