"""What every process does before it runs: secrets made at the first start, tables in an empty database, upgrades.

Loads no use cases: the process that only supervises web and worker keeps what is loaded here.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from plugin.backups.journal import is_interrupted
from plugin.backups.versions import note_version
from plugin.errors import ConfigurationError
from plugin.secrets_file import FILE_NAME, make_secrets
from plugin.settings import Settings, read_settings
from plugin.store import Store
from plugin.store.creation import can_serve, is_empty, upgrade
from plugin.store.postgresql import refusal

# Whose rows show that a clinic has worked with this database.
_TABLES_IN_USE = ("staff", "client", "course")


def started_settings() -> Settings:
    """Return the settings to run with, their secrets included; wait for a PostgreSQL that does not answer yet.

    A database of an older version is upgraded, and put back where that fails. Raises ConfigurationError where the
    secrets of a database in use are gone, or as `prepare` does.
    """
    settings = read_settings()
    wait_for_server(settings)
    settings = prepare(settings, upgrades=True)
    if not settings.secret_key.get_secret_value():
        raise ConfigurationError(_lost(settings))
    return settings.needing("secret_key")


def wait_for_server(settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return once the database answers; a server may start later than we do, or be moving to another machine.

    Raises ConfigurationError where it answers, and refuses us: for a wrong password or an unknown database.
    """
    with Store(settings.database_url) as store:
        pause_s = 0.5
        while not store.is_sqlite and (failure := store.failure()):
            _refuse_wrong_address(failure)
            if pause_s == 0.5:
                print(f"{_SILENT} Waiting for it.", file=sys.stderr, flush=True)
            sleep(pause_s)
            pause_s = min(5.0, 2 * pause_s)


_SILENT = "DATABASE_URL: the database does not answer. Is it running, is the address right?"
_UNUSABLE = "DATABASE_URL: the file can’t be used: {}. Has the disk room, may this user read and write it?"


def _refuse_wrong_address(failure: DBAPIError) -> None:
    if said := refusal(failure):
        raise ConfigurationError(
            f"DATABASE_URL: the database server answers: {said}. Correct user, password and name of the database in"
            " the address, then start again."
        )


def prepare(settings: Settings, *, upgrades: bool = False) -> Settings:
    """Make the missing secrets of a new clinic and the tables of an empty database; return the settings with them.

    `upgrades`: also upgrade a database of an older version. Raises ConfigurationError where the database does not
    answer, is of a newer version, or of an older one and may not be upgraded.
    """
    with Store(settings.database_url, settings.direct_url) as store:
        if failure := store.failure():
            _refuse_wrong_address(failure)
            raise ConfigurationError(_UNUSABLE.format(failure.orig) if store.is_sqlite else _SILENT)
        missing = settings.missing_secrets
        if missing and not (settings.data_folder / FILE_NAME).exists() and _can_make(store, missing):
            make_secrets(settings.data_folder, missing)
        _bring_up_to_date(settings, store, upgrades=upgrades)
    return read_settings() if missing else settings


def _bring_up_to_date(settings: Settings, store: Store, *, upgrades: bool) -> None:
    if can_serve(store) and not is_interrupted(settings):
        if upgrades:
            note_version(store, datetime.now(UTC))
        return
    is_new = is_empty(store)
    if is_new and store.is_sqlite:
        upgrade(settings.direct_url)
        return
    # Imported where it is needed: few commands meet another version.
    from plugin.backups import upgrading

    upgrading.refuse_unknown(store)
    # Several processes may find an empty PostgreSQL at once: they take turns there.
    if not upgrades and not is_new:
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
        " sent so far end, and Square’s token, the mail password and second factors must be entered again."
        " Courses, clients and documents are not affected."
    )
