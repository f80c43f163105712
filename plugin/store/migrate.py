"""Migrate a database to a revision by Alembic, from a checkout or an installed wheel."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from plugin.store.database import Store


def _config(store: Store) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["store"] = store
    return config


def migrations_folder() -> Path:
    """Return the folder of the migrations."""
    return Path(str(resources.files("plugin.store") / "migrations"))


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrade the database to `revision`, creating its tables where there are none."""
    with Store(url) as store:
        command.upgrade(_config(store), revision)


def downgrade(url: str, revision: str) -> None:
    """Downgrade the database to `revision`; "base" empties it."""
    with Store(url) as store:
        command.downgrade(_config(store), revision)


def move(url: str, revision: str) -> None:
    """Bring the database to `revision`, be it older or newer than where it is."""
    with Store(url) as store:
        newest_first = known_revisions(store)
        is_older = newest_first.index(revision) > newest_first.index(current_revision(store) or revision)
        (command.downgrade if is_older else command.upgrade)(_config(store), revision)


def is_current(store: Store) -> bool:
    """Return whether the database is at the newest revision."""
    newest = ScriptDirectory.from_config(_config(store)).get_current_head()
    return current_revision(store) == newest


def current_revision(store: Store) -> str | None:
    """Return the revision of the database; None for one without our tables."""
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions(store: Store) -> tuple[str, ...]:
    """Return all revisions of this version, newest first."""
    scripts = ScriptDirectory.from_config(_config(store)).walk_revisions()
    return tuple(each.revision for each in scripts)


def is_empty(store: Store) -> bool:
    """Return whether the database has no tables yet."""
    return not inspect(store.engine).get_table_names()
