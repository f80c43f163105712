"""A watched clinic on each engine, or on SQLite alone where no SQL matters."""

from pathlib import Path

import pytest

from plugin.store import Store
from tests.alarms.clinic import CONNECTED, Watched
from tests.clock import HandMovedClock


@pytest.fixture
def watched(store: Store, clock: HandMovedClock, tmp_path: Path) -> Watched:
    return Watched(store, clock, CONNECTED | {"BACKUP_DIR": str(tmp_path / "backups")})


@pytest.fixture
def lite(lite_store: Store, clock: HandMovedClock, tmp_path: Path) -> Watched:
    return Watched(lite_store, clock, CONNECTED | {"BACKUP_DIR": str(tmp_path / "backups")})
