"""A folder for what is needed while a copy is made or restored."""

import fcntl
import os
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
    # Held as long as it is in use; the system releases it however the process ends.
    lock = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def drop_left_work(settings: Settings, store: Store) -> None:
    """Delete what a killed process has left, for the start of the worker.

    What another process works in stays: a command makes a copy, the set-up restores one, a second worker runs.
    """
    drop_left_scratches(store)
    folders = [each for each in (settings.data_folder / _NAME).glob("*") if each.is_dir()]
    dropped = [_drop_unless_in_use(each) for each in folders]
    if not all(dropped):
        # An unfinished copy may be the one that is being made.
        return
    for left in backup_folder(settings).glob(".coursekeeper-*.part"):
        left.unlink(missing_ok=True)


def _drop_unless_in_use(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        # Its process has just finished.
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
