"""What the parts are handed instead of reaching for globals: settings, store, clock, renderer, Square."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from plugin.settings import Settings
from plugin.store import Store

if TYPE_CHECKING:
    from invoices.papers import AftercareSheet, CourseSummary
    from plugin.square.client import SquareClient

Clock = Callable[[], datetime]
Render = Callable[["CourseSummary | AftercareSheet"], bytes]


def wall_clock() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """One running Coursekeeper. `close` gives back what was opened."""

    settings: Settings
    store: Store
    clock: Clock
    render: Render
    square: SquareClient
    close: Callable[[], None]


def open_house(settings: Settings, *, clock: Clock = wall_clock) -> House:
    """Open the store, the paper workers (started at the first paper) and the client to Square."""
    from invoices.workers import PaperWorkers
    from plugin.square.client import SquareClient

    store = Store(settings.database_url)
    workers = PaperWorkers()
    square = SquareClient(settings)

    def close() -> None:
        workers.close()
        square.close()
        store.close()

    return House(settings, store, clock, workers.render, square, close)
