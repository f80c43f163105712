"""A watched clinic on each engine, or on SQLite alone where no SQL matters."""

from __future__ import annotations

import pytest

from plugin.store import Store
from tests.alarms.clinic import CONNECTED, Watched
from tests.clock import HandMovedClock


@pytest.fixture
def watched(store: Store, clock: HandMovedClock) -> Watched:
    return Watched(store, clock, CONNECTED)


@pytest.fixture
def lite(lite_store: Store, clock: HandMovedClock) -> Watched:
    return Watched(lite_store, clock, CONNECTED)
