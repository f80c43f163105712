"""The settings as they are now: from the environment, else stored in the database, else the default.

Stored ones are opened, checked like those of the environment, and reported where they can't be used.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from plugin.configuration.registry import is_editable, is_secret
from plugin.errors import ConfigurationError
from plugin.settings import Settings, validated
from plugin.store import Store
from plugin.store.upkeep import StoredSetting
from plugin.vault import Vault
from plugin.wording import _


class Row(NamedTuple):
    """A stored setting; neither value nor sealed: it was removed."""

    name: str
    value: str | None
    sealed: str | None
    version: int


_ROWS = select(StoredSetting.name, StoredSetting.value, StoredSetting.sealed, StoredSetting.version).order_by(
    StoredSetting.name
)


def read_rows(store: Store) -> tuple[Row, ...]:
    """Return all stored settings as last committed, also by others since this thread began to read."""
    with store.engine.connect() as connection:
        return tuple(Row(*row) for row in connection.execute(_ROWS))


def usable(rows: Iterable[Row], vault: Vault) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values by name, and by name why another can't be used: a lost key, a value no longer valid."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for row in rows:
        # A setting of another version of the program, or one that only the server sets.
        if not is_editable(row.name):
            continue
        try:
            text = opened(row, vault)
            if text:
                values[row.name] = parsed(row.name, text)
        except ConfigurationError as error:
            problems[row.name] = error.message
    return values, problems


def opened(row: Row, vault: Vault) -> str:
    """Return the value as it was typed, "" where it was removed; raises ConfigurationError without its key."""
    if not is_secret(row.name):
        return row.value or ""
    if row.sealed is None:
        return ""
    try:
        return vault.open(row.sealed)
    except ConfigurationError:
        raise ConfigurationError(
            _(
                "{upper} can’t be read: the key it was sealed with is not among ENCRYPTION_KEYS. Enter "
                "it again, or put the old key back.",
                upper=row.name.upper(),
            )
        ) from None


def parsed(name: str, text: str) -> Any:
    """Return the value of a setting; raises ConfigurationError with the sentence of a wrong environment."""
    return getattr(validated({name: text}), name)


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
