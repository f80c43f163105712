"""What every process does before it runs: secrets made at the first start, tables in an empty database, upgrades.

Loads no use cases: the process that only supervises web and worker keeps what is loaded here.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from sqlalchemy import inspect, text

from plugin.backups.journal import is_interrupted
from plugin.backups.versions import note_version
from plugin.errors import ConfigurationError
from plugin.secrets_file import FILE_NAME, make_secrets
from plugin.settings import Settings, read_settings
from plugin.store import Store
from plugin.store.migrate import is_current, is_empty, upgrade

# Whose rows show that a clinic has worked with this database.
_TABLES_IN_USE = ("staff", "client", "course")


def started_settings() -> Settings:
    """Return the settings to run with, their secrets included.

    A database of an older version is upgraded, and put back where that fails. Raises ConfigurationError where the
    secrets of a database in use are gone, or as `prepare` does.
    """
    settings = prepare(read_settings(), upgrades=True)
    if not settings.secret_key.get_secret_value():
        raise ConfigurationError(_lost(settings))
    return settings.needing("secret_key")


def prepare(settings: Settings, *, upgrades: bool = False) -> Settings:
    """Make the missing secrets of a new clinic and the tables of an empty database; return the settings with them.

    `upgrades`: also upgrade a database of an older version. Raises ConfigurationError where the database does not
    answer, is of a newer version, or of an older one and may not be upgraded.
    """
    with Store(settings.database_url) as store:
        if not store.is_alive():
            raise ConfigurationError(
                "DATABASE_URL: the database does not answer. Is it running, is the address right?"
            )
        missing = settings.missing_secrets
        if missing and not (settings.data_folder / FILE_NAME).exists() and _can_make(store, missing):
            make_secrets(settings.data_folder, missing)
        _bring_up_to_date(settings, store, upgrades=upgrades)
    return read_settings() if missing else settings


def _bring_up_to_date(settings: Settings, store: Store, *, upgrades: bool) -> None:
    if is_current(store) and not is_interrupted(settings):
        if upgrades:
            note_version(store, datetime.now(UTC))
        return
    if is_empty(store):
        upgrade(settings.database_url)
        return
    # Imported where it is needed: few commands meet another version.
    from plugin.backups import upgrading

    upgrading.refuse_newer(store)
    if not upgrades:
        raise ConfigurationError("The database is of an older version. Run: coursekeeper upgrade")
    done = upgrading.upgrade(settings, store, now=datetime.now(UTC))
    print(done.in_words, file=sys.stderr, flush=True)


def renew_secrets(settings: Settings) -> None:
    """Write new secrets where the file of a database in use is lost; raises ConfigurationError where there is one."""
    path = settings.data_folder / FILE_NAME
    if path.exists():
        raise ConfigurationError(f"{path} is there. Nothing was changed.")
    make_secrets(settings.data_folder)


def _can_make(store: Store, missing: tuple[str, ...]) -> bool:
    """Return whether nothing in the database was signed or sealed with a secret that is missing."""
    tables = set(inspect(store.engine).get_table_names())
    if "SECRET_KEY" in missing:
        return not any(_has_rows(store, table) for table in _TABLES_IN_USE if table in tables)
    return not any(
        _has_rows(store, table, f"{column['name']} IS NOT NULL")
        for table in tables
        for column in inspect(store.engine).get_columns(table)
        if column["name"].endswith("sealed")
    )


def _has_rows(store: Store, table: str, where: str = "1 = 1") -> bool:
    with store.engine.connect() as connection:
        # The names are those of our own tables.
        found = connection.execute(text(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1"))  # noqa: S608
        return found.first() is not None


def _lost(settings: Settings) -> str:
    path = settings.data_folder / FILE_NAME
    return (
        f"The secrets of this database are not here: there is no SECRET_KEY in the environment and none in {path}."
        " Put that file back from your copy, or set SECRET_KEY and ENCRYPTION_KEYS to what they were."
        " If they are lost for good, run: coursekeeper new-secrets. Then everybody signs in again, links in e-mails"
        " sent so far end, and Square's token, the mail password and second factors must be entered again."
        " Courses, clients and documents are not affected."
    )
