"""Whether anything was committed: asked in microseconds, so that who waits for rows need not look for them."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from plugin.store.database import Store
from plugin.store.prepared import Prepared

# SQLite counts what other connections to the file have committed, those of this process too.
_VERSION = Prepared(text("PRAGMA data_version"))
# The transactions that are running and the next one's number: differs once one of them has ended.
_SNAPSHOT = Prepared(text("SELECT CAST(pg_current_snapshot() AS text)"))


class Commits:
    """Keeps one connection to a database and compares what it says; for one thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = _VERSION if store.is_sqlite else _SNAPSHOT
        self._connection: Connection | None = None
        self._seen: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def has_new(self) -> bool:
        """Return whether something may have been committed since this was last asked; raises DBAPIError."""
        if self._connection is None:
            self._connection = self._store.alone()
        try:
            found = str(self._state.first(self._connection, {})[0])
        except DBAPIError:
            self._hang_up()
            raise
        has_new, self._seen = found != self._seen, found
        return has_new

    def _hang_up(self) -> None:
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.close()
            # Another connection counts by itself.
            self._connection = self._seen = None
