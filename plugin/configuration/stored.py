"""The settings as they are now: from the environment, else stored in the database, else the default.

Stored ones are opened, checked like those of the environment, and reported where they can’t be used. What seals the
stored secrets, also those of authenticator apps, is here; sealed again with the newest key, the older one can go.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.configuration.registry import is_editable, is_secret
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.settings import Settings, validated
from plugin.store import Store
from plugin.store.people import Staff
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


def reseal_settings(services: Services) -> None:
    """Seal again with the newest key what an older key sealed; what no key opens stays as it is."""
    _reseal(services.store, services.vault, StoredSetting.sealed, StoredSetting.name)


def reseal_staff(services: Services) -> None:
    """Seal the secrets of authenticator apps again with the newest key, as `reseal_settings` does settings."""
    _reseal(services.store, sealing(services.settings), Staff.totp_secret, Staff.id)


def _reseal(
    store: Store, vault: Vault, sealed: InstrumentedAttribute[str | None], key: InstrumentedAttribute[str]
) -> None:
    """Seal a column again, in the order of the rows' key: two workers lock them one after the other."""
    name = sealed.key
    rows = select(sealed.class_).where(sealed.is_not(None)).order_by(key)
    with store.reading() as session:
        found = [getattr(row, name) for row in session.scalars(rows)]
    fresh = {old: again for old in found if (again := _again(vault, old))}

    def work(session: Session) -> None:
        for row in session.scalars(rows.where(sealed.in_(fresh)).with_for_update()):
            setattr(row, name, fresh[getattr(row, name)])

    if fresh:
        store.transact(work)


def _again(vault: Vault, sealed: str | None) -> str:
    if not sealed or not vault.has_keys or vault.is_newest(sealed):
        return ""
    with suppress(ConfigurationError):
        return vault.seal(vault.open(sealed))
    return ""


def sealing(settings: Settings) -> Vault:
    """Return a vault of `ENCRYPTION_KEYS`, and behind them a key made of `SECRET_KEY`: it works without any."""
    keys = settings.encryption_keys.get_secret_value()
    return Vault(f"{keys},{_derived_key(settings.secret_key.get_secret_value())}")


def _derived_key(secret: str) -> str:
    made = hmac.new(secret.encode(), b"coursekeeper: secrets of staff", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode()
