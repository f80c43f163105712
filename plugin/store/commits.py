"""Whether anything was committed: asked in microseconds, so that who waits for rows need not look for them."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from plugin.store.prepared import Prepared

if TYPE_CHECKING:
    from plugin.store.database import Store

# SQLite counts what other connections to the file have committed, those of this process too.
_VERSION = Prepared(text("PRAGMA data_version"))
# The transactions that are running and the next one's number: differs once one of them has ended.
_SNAPSHOT = Prepared(text("SELECT CAST(pg_current_snapshot() AS text)"))


class Commits:
    """Keeps one connection to a database, from the first question on, and compares what it says."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = _VERSION if store.is_sqlite else _SNAPSHOT
        self._asking = threading.Lock()
        self._connection: Connection | None = None
        self._connections = 0
        self._seen = ""

    def has_new(self) -> bool:
        """Return whether something may have been committed since this was last asked; raises DBAPIError."""
        found = self.state()
        has_new, self._seen = found != self._seen, found
        return has_new

    def state(self) -> str:
        """Return what is another text once something was committed; raises DBAPIError."""
        with self._asking:
            if self._connection is None:
                self._connection = self._store.alone()
                # Each counts by itself.
                self._connections += 1
            try:
                return f"{self._connections} {self._state.first(self._connection, {})[0]}"
            except DBAPIError:
                self._hang_up()
                raise

    def close(self) -> None:
        """Close the connection; the next question opens another one."""
        with self._asking:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.close()
            self._connection = None
