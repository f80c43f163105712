"""The practice Square's own file: JSON documents by kind, in SQLite. One unit of work at a time.

Independent of Square's rules and of Coursekeeper's store.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Clock = Callable[[], datetime]
IdMaker = Callable[[], str]
Place = tuple[str, int]

SORT_COLUMNS = frozenset({"created_at", "updated_at", "closed_at"})

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    closed_at TEXT,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS documents_created ON documents (kind, created_at, n);
CREATE INDEX IF NOT EXISTS documents_updated ON documents (kind, updated_at, n);
CREATE INDEX IF NOT EXISTS documents_closed ON documents (kind, closed_at, n);
CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE TABLE IF NOT EXISTS deliveries (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'given_up', 'withheld')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT NOT NULL,
    newest_first INTEGER NOT NULL DEFAULT 0,
    first_attempt_at TEXT,
    last_answer TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due_at);
"""


def rfc3339(moment: datetime) -> str:
    """Write a moment as Square does: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Work:
    """One open transaction: every use case reads and writes through it."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock, make_id: IdMaker) -> None:
        self.sql = connection
        self._clock = clock
        self.make_id = make_id

    def now(self) -> str:
        return rfc3339(self._clock())

    def stamps(self) -> Json:
        """Return the times of a document that is made now."""
        now = self.now()
        return {"created_at": now, "updated_at": now}

    def ago(self, span: timedelta) -> str:
        return rfc3339(self._clock() - span)

    def get(self, kind: str, id_: str) -> Json | None:
        row = self.sql.execute("SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, id_)).fetchone()
        return None if row is None else json.loads(row["body"])

    def put(self, kind: str, document: Json) -> Json:
        """Write a document; the same id replaces it at its place in the file."""
        self.sql.execute(
            "INSERT INTO documents (kind, id, created_at, updated_at, closed_at, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET created_at = excluded.created_at,"
            " updated_at = excluded.updated_at, closed_at = excluded.closed_at, body = excluded.body",
            (
                kind,
                document["id"],
                document["created_at"],
                document["updated_at"],
                document.get("closed_at"),
                json.dumps(document, ensure_ascii=False),
            ),
        )
        return document

    def remove(self, kind: str, id_: str) -> None:
        self.sql.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id_))

    def walk(
        self,
        kind: str,
        *,
        sort: str = "created_at",
        newest_first: bool = False,
        start: str | None = None,
        end: str | None = None,
        after: Place | None = None,
    ) -> Iterator[tuple[Place, Json]]:
        """Yield the documents of a kind in order, of a half-open time range, after a given position."""
        if sort not in SORT_COLUMNS:
            raise ValueError(f"cannot sort by {sort}")
        where, values = [f"kind = ? AND {sort} IS NOT NULL"], [kind]
        for condition, value in ((f"{sort} >= ?", start), (f"{sort} < ?", end)):
            if value is not None:
                where.append(condition)
                values.append(value)
        if after is not None:
            where.append(f"({sort}, n) {'<' if newest_first else '>'} (?, ?)")
            values.extend([after[0], str(after[1])])
        way = "DESC" if newest_first else "ASC"
        question = (
            f"SELECT n, {sort} AS place, body FROM documents WHERE {' AND '.join(where)}"  # noqa: S608 column names come from SORT_COLUMNS
            f" ORDER BY {sort} {way}, n {way}"
        )
        for row in self.sql.execute(question, _typed(values, after)):
            yield (row["place"], row["n"]), json.loads(row["body"])

    def all(self, kind: str, *, newest_first: bool = False) -> list[Json]:
        return [body for _, body in self.walk(kind, newest_first=newest_first)]

    def note(self, key: str) -> Any:
        row = self.sql.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row["value"])

    def keep_note(self, key: str, value: Any) -> None:
        self.sql.execute(
            "INSERT INTO notes (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, json.dumps(value, ensure_ascii=False)),
        )

    def forget_note(self, key: str) -> None:
        self.sql.execute("DELETE FROM notes WHERE key = ?", (key,))


def _typed(values: list[str], after: Place | None) -> list[str | int]:
    typed: list[str | int] = list(values)
    if after is not None:
        typed[-1] = after[1]
    return typed


class Store:
    """The file. `work()` opens a transaction that commits at the end or rolls back."""

    def __init__(self, file: Path, clock: Clock, make_id: IdMaker) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._make_id = make_id
        self._lock = threading.RLock()
        # Threads of one process share the connection under the lock: a register needs order, not speed.
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=10)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def work(self) -> Iterator[Work]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Work(self._connection, self._clock, self._make_id)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def empty(self) -> None:
        """Delete everything, as if the file were new."""
        with self.work() as work:
            for table in ("documents", "notes", "answers", "deliveries"):
                work.sql.execute(f"DELETE FROM {table}")  # noqa: S608 fixed names

    def close(self) -> None:
        with self._lock:
            self._connection.close()
