"""The rows an act leaves, written again by the driver alone: what the database itself costs.

What the product sends to write is kept, values and all, and sent again to a copy of the database as it was before:
the same schema, triggers and pragmas, the same rows in the same transactions, nothing read, nothing decided.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from plugin.store import Store
from plugin.store.database import PRAGMAS

_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Write:
    """One statement as the driver got it; `is_many`: once for each of its values."""

    sql: str
    values: Any
    is_many: bool

    def run(self, cursor: Any) -> None:
        (cursor.executemany if self.is_many else cursor.execute)(self.sql, self.values)
        # What a statement returns is its answer: it is not done until that is read.
        if cursor.description:
            cursor.fetchall()


Transaction = Sequence[Write]


@dataclass
class Recorder:
    """Collects what is written, a transaction at a time."""

    transactions: list[Transaction] = field(default_factory=list)
    _open: list[Write] = field(default_factory=list)

    def note(self, _connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, many: bool) -> None:
        if sql.lstrip().upper().startswith(_WRITES):
            self._open.append(Write(sql, values, many))

    def commit(self, _connection: Any) -> None:
        if self._open:
            self.transactions.append(tuple(self._open))
        self._open = []

    def rollback(self, _connection: Any) -> None:
        self._open = []


@contextmanager
def recorded(engine: Engine) -> Iterator[Recorder]:
    """Record what one thread commits to this database within the block."""
    recorder = Recorder()
    heard: dict[str, Callable[..., None]] = {
        "before_cursor_execute": recorder.note,
        "commit": recorder.commit,
        "rollback": recorder.rollback,
    }
    for name, listener in heard.items():
        event.listen(engine, name, listener)
    try:
        yield recorder
    finally:
        for name, listener in heard.items():
            event.remove(engine, name, listener)


def acts_of(engine: Engine, act: Callable[[], object], times: int) -> list[list[Transaction]]:
    """Do `act` so often, and return the transactions of each."""
    acts = []
    for _ in range(times):
        with recorded(engine) as recorder:
            act()
        acts.append(recorder.transactions)
    return acts


def connected(path: Path) -> sqlite3.Connection:
    """Open a connection by sqlite3, set as the product's are, for one thread at a time."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


class SqliteReplay:
    """One connection by sqlite3."""

    def __init__(self, path: Path) -> None:
        self._connection = connected(path)

    def run(self, act: Sequence[Transaction]) -> None:
        """Write the rows of one act."""
        cursor = self._connection.cursor()
        for transaction in act:
            cursor.execute("BEGIN IMMEDIATE")
            for write in transaction:
                write.run(cursor)
            cursor.execute("COMMIT")

    def rows(self) -> dict[str, int]:
        """Count the rows of every table."""
        return rows_of(self._connection)

    def close(self) -> None:
        self._connection.close()


class CoreReplay:
    """The store's own connections and transactions, each statement by SQLAlchemy Core as text: its least."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, act: Sequence[Transaction]) -> None:
        """Write the rows of one act."""
        for transaction in act:
            with self._store.writing() as session:
                connection = session.connection()
                for write in transaction:
                    connection.exec_driver_sql(write.sql, write.values)


class PostgresReplay:
    """One connection by psycopg."""

    def __init__(self, url: str) -> None:
        address = url.replace("postgresql+psycopg://", "postgresql://")
        self._connection = psycopg.connect(address, autocommit=True)

    def run(self, act: Sequence[Transaction]) -> None:
        """Write the rows of one act."""
        for transaction in act:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                for write in transaction:
                    write.run(cursor)

    def close(self) -> None:
        self._connection.close()


def rows_of(connection: sqlite3.Connection) -> dict[str, int]:
    """Count the rows of every table of a SQLite database."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
    )
    # The names are those of our own tables.
    return {
        name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for (name,) in names.fetchall()
    }
