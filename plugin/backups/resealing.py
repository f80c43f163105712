"""The secrets of a restored copy: sealed again with this installation's keys, or taken over where it has none."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Column, select, update

from plugin.backups.archive import Keys
from plugin.configuration.sealing import sealing
from plugin.errors import ConfigurationError
from plugin.secrets_file import FILE_NAME, keep_secrets
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.tables import METADATA
from plugin.vault import Vault

# The secret of an authenticator app; other sealed columns have names that end so.
_SECOND_FACTOR = "totp_secret"


def reseal(copy: Store, settings: Settings, keys: Keys | None) -> bool:
    """Seal again with this installation's keys what those of the copy sealed; return whether some can't be opened."""
    ours = _with_missing(settings, keys)
    openers = [sealing(ours)] + ([sealing(_with(settings, keys))] if keys else [])
    # Tokens and passwords are sealed with ENCRYPTION_KEYS only; second factors also without any.
    tokens, factors = Vault(ours.encryption_keys.get_secret_value()), sealing(ours)
    is_lost = False
    with copy.writing() as session:
        for column in _sealed_columns():
            for (sealed,) in session.execute(select(column).where(column.is_not(None))).all():
                plain = _opened(sealed, openers)
                sealer = factors if column.name == _SECOND_FACTOR else tokens
                if plain is None or not sealer.has_keys:
                    is_lost = True
                    continue
                changed = update(column.table).where(column == sealed)
                session.execute(changed.values({column.name: sealer.seal(plain)}))
    return is_lost


def _sealed_columns() -> Iterator[Column[Any]]:
    for table in METADATA.sorted_tables:
        for column in table.columns:
            if column.name.endswith("sealed") or column.name == _SECOND_FACTOR:
                yield column


def _opened(sealed: str, openers: list[Vault]) -> str | None:
    for vault in openers:
        with suppress(ConfigurationError):
            return vault.open(sealed)
    return None


def _with(settings: Settings, keys: Keys) -> Settings:
    """Return the settings with the secrets of the copy."""
    secrets_of_copy = {name: SecretStr(value) for name, value in keys.model_dump().items()}
    return settings.model_copy(update=secrets_of_copy)


def _with_missing(settings: Settings, keys: Keys | None) -> Settings:
    """Return the settings with the secrets that are taken from the copy, as `adopt_keys` keeps them."""
    if keys is None or (settings.data_folder / FILE_NAME).exists():
        return settings
    theirs, missing = _with(settings, keys), [name.lower() for name in settings.missing_secrets]
    return settings.model_copy(update={name: getattr(theirs, name) for name in missing})


def adopt_keys(settings: Settings, keys: Keys | None) -> None:
    """Take the secrets of the copy where this installation has none yet: an empty machine becomes the old one."""
    taken = _with_missing(settings, keys)
    values = {name: getattr(taken, name.lower()).get_secret_value() for name in settings.missing_secrets}
    if any(values.values()):
        keep_secrets(settings.data_folder, {name: value for name, value in values.items() if value})
