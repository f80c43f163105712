"""Bring a database to a revision, by Alembic, from a checkout or an installed wheel alike."""

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
    """Return where the migrations lie."""
    return Path(str(resources.files("plugin.store") / "migrations"))


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to `revision`, making its tables where there are none."""
    with Store(url) as store:
        command.upgrade(_config(store), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`; "base" empties it."""
    with Store(url) as store:
        command.downgrade(_config(store), revision)


def is_current(store: Store) -> bool:
    """Say whether the database stands at the newest revision."""
    newest = ScriptDirectory.from_config(_config(store)).get_current_head()
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest


def is_empty(store: Store) -> bool:
    """Say whether the database has no table at all yet."""
    return not inspect(store.engine).get_table_names()
