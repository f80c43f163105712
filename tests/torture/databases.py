"""Databases for torture: what was committed must survive a kill, so nothing of their durability is switched off."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from plugin.store.creation import upgrade
from tests.postgres import DURABLE, PostgresServer

# Gives a database of its own, migrated and empty.
Fresh = Callable[[], str]
ENGINES = ("sqlite", "postgresql")


@contextmanager
def fresh_databases(
    engine: str, folder: Path, options: Sequence[str] = DURABLE
) -> Iterator[tuple[Fresh, PostgresServer | None]]:
    """Give what makes a migrated, empty database at each call, and the server when the engine is PostgreSQL.

    `options`: how that server is started.
    """
    if engine == "sqlite":
        yield _files(folder), None
        return
    server = PostgresServer(options)
    try:
        server.create("migrated")
        upgrade(server.url_of("migrated"))
        yield _copies(server), server
    finally:
        server.stop()


def _files(folder: Path) -> Fresh:
    migrated, numbers = folder / "migrated.db", count()
    upgrade(f"sqlite:///{migrated}")

    def fresh() -> str:
        path = folder / f"clinic-{next(numbers)}.db"
        shutil.copyfile(migrated, path)
        return f"sqlite:///{path}"

    return fresh


def _copies(server: PostgresServer) -> Fresh:
    numbers = count()

    def fresh() -> str:
        name = f"clinic_{next(numbers)}"
        server.create(name, template="migrated")
        return server.url_of(name)

    return fresh
