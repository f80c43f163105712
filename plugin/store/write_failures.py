"""Whether the database takes what is written: a full disk or a read-only file shows when a write fails."""

import shutil
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

# Below this the next commit may find no room: a part of the disk is the system's own.
LEAST_ROOM = 8_000_000
# A refusal counts for so long before a write is tried.
TRIED_AFTER_S = 15


class WriteFailure(StrEnum):
    """Why the database takes no writes."""

    FULL = "full"
    READ_ONLY = "read_only"


# PostgreSQL: disk full; read-only transaction, such as on a standby.
_STATES = {"53100": WriteFailure.FULL, "25006": WriteFailure.READ_ONLY}
# SQLite. An I/O error is what a quota or a broken disk looks like.
_SAID = {
    "database or disk is full": WriteFailure.FULL,
    "disk I/O error": WriteFailure.FULL,
    "attempt to write a readonly database": WriteFailure.READ_ONLY,
}
_NOT_OPENED = ("unable to open database file", "attempt to write a readonly database")


def is_unopened(error: SQLAlchemyError) -> bool:
    """Return whether SQLite may not open its file: a log that is to be written, too, or a folder without rights."""
    # In these words also where the folder alone can't be written to, and the log has to be made in it.
    return isinstance(error, DBAPIError) and str(error.orig) in _NOT_OPENED


class WriteFailures:
    """The reason of the last write that failed for it; forgotten by `forget`, once one has succeeded."""

    def __init__(self, url: URL, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._last: WriteFailure | None = None
        self._noted_at, self.monotonic = 0.0, monotonic
        self._file = _file_of(url)

    def last(self) -> WriteFailure | None:
        """Return why nothing can be written, as far as is known without a write; None where nothing failed."""
        if self._last is None and self._file is not None and _room_beside(self._file) < LEAST_ROOM:
            return WriteFailure.FULL
        return self._last

    @property
    def is_to_try(self) -> bool:
        """Return whether a write failed a while ago: a small one may fit at once where a use does not."""
        return self._last is not None and self.monotonic() - self._noted_at >= TRIED_AFTER_S

    def forget(self) -> None:
        """Start over, after a write that succeeded."""
        self._last = None

    def note(self, error: DBAPIError) -> bool:
        """Keep the reason of a write that failed, if it is one of these; return whether it is."""
        state = getattr(error.orig, "sqlstate", None)
        found = _STATES.get(state) if state else _SAID.get(str(error.orig))
        if found is not None:
            self._last, self._noted_at = found, self.monotonic()
        return found is not None


def _file_of(url: URL) -> Path | None:
    is_file = url.get_backend_name() == "sqlite" and url.database
    return Path(str(url.database)).expanduser().absolute() if is_file else None


def _room_beside(file: Path) -> int:
    try:
        return shutil.disk_usage(file.parent).free
    except OSError:
        # The folder is away: the database says so itself.
        return LEAST_ROOM
