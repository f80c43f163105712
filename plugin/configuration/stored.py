"""Reading stored settings: opened, checked like those of the environment, and reported where they can't be used."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import select

from plugin.configuration.registry import is_editable, is_secret
from plugin.errors import ConfigurationError
from plugin.settings import validated
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
