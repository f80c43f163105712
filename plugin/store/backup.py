"""Copying the whole database while it is in use, and putting a copy in its place, on both engines."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import inspect, text

from plugin.errors import Refused
from plugin.store import postgresql_copies, sqlite_copies
from plugin.store.database import Store
from plugin.wording import _

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_MAGIC = {b"SQLite format 3\0": SQLITE, b"PGDMP": POSTGRESQL}
# What a person has entered; a database without any of it may be replaced.
_ENTERED = ("staff", "client", "course", "package")


def engine_of(store: Store) -> str:
    """Return the engine of the database, as its copies name it."""
    return SQLITE if store.is_sqlite else POSTGRESQL


def kind_of_file(file: Path) -> str | None:
    """Return the engine whose copy a file is, None if it is no copy of a database."""
    with file.open("rb") as opened:
        start = opened.read(16)
    return next((engine for magic, engine in _MAGIC.items() if start.startswith(magic)), None)


def backup(store: Store, file: Path) -> None:
    """Write a copy to `file`; raises Refused where it exists or can't be written. Leaves no partial file."""
    if file.exists():
        raise Refused(_("{file} exists already; choose another name.", file=file), code="file_exists")
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        _engine(store).dump(store, part)
        part.chmod(0o600)
        flush_to_disk(part)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def load(store: Store, file: Path, folder: Path) -> None:
    """Replace all content of the database by that of a copy, in one transaction; raises Refused.

    `folder`: where files may be put meanwhile. Other connections see the old content or the new, never a part.
    """
    if kind_of_file(file) != engine_of(store):
        raise Refused(_("{file} is no copy of a database of this kind.", file=file.name), code="foreign_copy")
    _engine(store).load(store, file, folder)


@contextmanager
def scratch(store: Store, file: Path, folder: Path) -> Iterator[Store | None]:
    """Open a copy as a database of its own, to check or change it; it is gone afterwards.

    `folder`: where a file may be put. Yields None where PostgreSQL does not let this user create a database.
    Raises Refused for a damaged copy.
    """
    with _engine(store).scratch(store, file, folder) as opened:
        yield opened


def holds_data(store: Store) -> bool:
    """Return whether a person has entered anything into the database."""
    if store.is_sqlite and not Path(store.url.database or "").exists():
        # Connecting would make the file.
        return False
    with store.engine.connect() as connection:
        # Not inspect().get_table_names alone: the tables may be those of any version.
        there = set(inspect(connection).get_table_names()) & set(_ENTERED)
        return any(connection.scalar(text(f"SELECT 1 FROM {name} LIMIT 1")) for name in there)  # noqa: S608


def drop_left_scratches(store: Store) -> None:
    """Drop the databases that a killed check has left behind; a scratch file is in its own folder."""
    if not store.is_sqlite:
        postgresql_copies.drop_left_scratches(store)


def flush_to_disk(path: Path) -> None:
    """Have a file, or the names in a folder, survive a power cut from here on."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class _Engine(Protocol):
    """What each of the two modules can do."""

    def dump(self, store: Store, file: Path, /) -> None: ...
    def load(self, store: Store, file: Path, folder: Path, /) -> None: ...
    def scratch(self, store: Store, file: Path, folder: Path, /) -> AbstractContextManager[Store | None]: ...


def _engine(store: Store) -> _Engine:
    return sqlite_copies if store.is_sqlite else postgresql_copies
