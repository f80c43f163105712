"""A folder for what is needed while a copy is made or restored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from plugin.backups.folder import backup_folder, make_private
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.backup import drop_left_scratches

_NAME = "backup-work"


@contextmanager
def work_folder(settings: Settings) -> Iterator[Path]:
    """Open a folder of one's own in the data folder, where the database lies in plain already; it is gone after."""
    place = Path(mkdtemp(dir=make_private(settings.data_folder / _NAME)))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def drop_left_work(settings: Settings, store: Store) -> None:
    """Delete what a killed process has left; for the start of the worker, while no copy is made."""
    shutil.rmtree(settings.data_folder / _NAME, ignore_errors=True)
    drop_left_scratches(store)
    for left in backup_folder(settings).glob(".coursekeeper-*.part"):
        left.unlink(missing_ok=True)
