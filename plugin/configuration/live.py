"""The settings as they are now: from the environment, else stored in the database, else the default."""

import time
from collections.abc import Callable, Mapping
from threading import Lock

from sqlalchemy.exc import DBAPIError

from plugin.configuration.stored import Row, read_rows, usable
from plugin.settings import Settings
from plugin.store import Store
from plugin.vault import Vault

# How soon a change made by another process takes effect. Nothing is asked of the database in between.
REFRESH_S = 3.0


class LiveSettings:
    """Settings that follow the database. What is stored but can't be used counts as unset, and is in `problems`."""

    def __init__(
        self,
        given: Settings,
        store: Store,
        vault: Vault,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.set_by_server = given.set_by_server
        self._given = self._now = given
        self._store = store
        self._vault = vault
        self._monotonic = monotonic
        self._lock = Lock()
        self._rows: tuple[Row, ...] = ()
        self._due_at = 0.0
        self._is_read = False
        self.problems: Mapping[str, str] = {}

    def current(self) -> Settings:
        """Return the settings, at most `REFRESH_S` old. While the database does not answer they stay as they were."""
        # One thread reads them again; the others go on with what is known, except at the very first.
        if self._is_due() and self._lock.acquire(blocking=not self._is_read):
            try:
                if self._is_due():
                    self._read()
            except DBAPIError:
                # Without a database nothing else works either; once read, it is asked again after `REFRESH_S`.
                pass
            finally:
                self._lock.release()
        return self._now

    def refresh(self) -> Settings:
        """Read them again and return them, with the last change of any process."""
        with self._lock:
            self._read()
        return self._now

    def _is_due(self) -> bool:
        return not self._is_read or self._monotonic() >= self._due_at

    def _read(self) -> None:
        self._due_at = self._monotonic() + REFRESH_S
        rows = read_rows(self._store)
        if rows != self._rows:
            open_rows = [row for row in rows if row.name not in self.set_by_server]
            stored, problems = usable(open_rows, self._vault)
            self._now, self.problems = self._given.model_copy(update=stored), problems
            self._rows = rows
        self._is_read = True
