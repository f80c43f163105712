"""The engine and the two kinds of transaction: reading, and writing, one writer at a time on SQLite.

Measured (docs/reliability.md, A4, A5): on SQLite a write transaction must take its lock at BEGIN, and a lock
around it within the process makes the slowest answers twenty times faster.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session

from plugin.errors import ConfigurationError
from plugin.store.commits import Commits
from plugin.store.postgresql import postgresql_engine
from plugin.store.prepared import Prepared, Values, pipeline
from plugin.store.turns import Turns
from plugin.store.write_failures import WriteFailures

T = TypeVar("T")

# Each connection to SQLite keeps the whole schema in memory, 1 MB.
KEPT_CONNECTIONS, MOST_CONNECTIONS = 10, 20
_TRIES = 6
# PostgreSQL: unique violation, serialization failure, deadlock, lock not available.
_RACES = frozenset({"23505", "40001", "40P01", "55P03"})


class IdMaker:
    """Opaque ids that sort by creation: 48 bits of milliseconds, 20 of a counter, 60 random."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        """Return the next id, later than every one before it in this process."""
        with self._lock:
            self._last = max(time.time_ns() // 1_000_000 << 20, self._last + 1)
            return f"{self._last:017x}{os.urandom(8).hex()[:15]}"


def database_url(value: str) -> URL:
    """Parse `DATABASE_URL`; raises ConfigurationError that states the fix."""
    try:
        url = make_url(value)
    except Exception as error:
        raise ConfigurationError(f"DATABASE_URL can’t be read: {_WANTED}") from error
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise ConfigurationError(f"DATABASE_URL names no database Coursekeeper can use: {_WANTED}")


_WANTED = "write sqlite:///path/to/file.db or postgresql://user:password@host/name."


class _WritingSession(Session):
    """A session in a transaction that its connection has begun.

    It reads each row once: it holds references, as SQLAlchemy drops unreferenced rows. On PostgreSQL what `write`
    sends is on its way until the next statement of another kind, or the commit, asks whether it succeeded.
    """

    def __init__(self, bind: Connection) -> None:
        super().__init__(bind, expire_on_commit=False)
        self._connection = bind
        self._kept: list[object] = []
        self._on_its_way: ExitStack | None = None

    def connection(self, *_: Any, **__: Any) -> Connection:
        """Return its connection, without the search for one that binds to several."""
        if self._on_its_way is not None:
            self.arrive()
        return self._connection

    def write(self, statement: Prepared, *rows: Values) -> None:
        """Write rows without waiting for PostgreSQL to have done it."""
        if self._connection.dialect.name == "sqlite":
            statement.run(self._connection, *rows)
            return
        if self._on_its_way is None:
            self._on_its_way = ExitStack()
            self._on_its_way.enter_context(pipeline(self._connection))
        statement.send(self._connection, *rows)

    def arrive(self) -> None:
        """Wait for what is on its way; raises its first failure."""
        if self._on_its_way is not None:
            on_its_way, self._on_its_way = self._on_its_way, None
            on_its_way.close()

    def commit_with_what_is_on_its_way(self) -> None:
        """Commit in the round trip that waits for it, if anything is; nothing is left to commit then."""
        if self._on_its_way is not None:
            self.write(_COMMIT, {})
            self.arrive()

    def give_up(self) -> None:
        """Wait for what is on its way, whatever becomes of it."""
        with suppress(DBAPIError):
            self.arrive()

    def close(self) -> None:
        """Let go of its rows; where no statement or row went through it, there are none."""
        if self.in_transaction():
            super().close()


@event.listens_for(_WritingSession, "do_orm_execute")
def _wait(executes: ORMExecuteState) -> None:
    executes.session.arrive()  # type: ignore[attr-defined]  # it is one of ours


@event.listens_for(_WritingSession, "before_flush")
def _wait_to_flush(session: _WritingSession, *_: Any) -> None:
    session.arrive()


@event.listens_for(_WritingSession, "loaded_as_persistent")
@event.listens_for(_WritingSession, "pending_to_persistent")
def _keep(session: _WritingSession, row: object) -> None:
    session._kept.append(row)


def write(session: Session, statement: Prepared, *rows: Values) -> None:
    """Write rows in a session of `Store.writing`, which need not wait for PostgreSQL to have done it.

    What fails on the way fails the transaction, also where a savepoint was set.
    """
    session.write(statement, *rows)  # type: ignore[attr-defined]  # it is one of ours


class Store:
    """One database. `reading()` yields a session on one snapshot; `writing()` one that commits or rolls back.

    `direct`: its address past a pooler of transactions, for what needs a connection of its own. `kept_connections`
    stay open for the next use; twenty may be open at once.
    """

    def __init__(
        self,
        url: str,
        direct: str = "",
        *,
        make_id: Callable[[], str] | None = None,
        kept_connections: int = KEPT_CONNECTIONS,
    ) -> None:
        self.url = database_url(url)
        self.direct_url = database_url(direct or url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        pool = {"pool_size": kept_connections, "max_overflow": MOST_CONNECTIONS - kept_connections}
        # The last one used is used next, so that those of a rush are not all kept busy ever after.
        self.engine = (_sqlite_engine if self.is_sqlite else postgresql_engine)(
            self.url, {**pool, "pool_use_lifo": True}
        )
        self.write_failures = WriteFailures(self.url)
        self.commits = Commits(self)
        self.new_id = make_id or IdMaker()
        self._shared = threading.local()
        self._one_writer = Turns() if self.is_sqlite else nullcontext()
        # Whether each transaction leaves SQLite to other processes for as long as it took, as the worker's do. Who
        # waits for SQLite asks again each millisecond: without the pause another process hardly comes in.
        self.gives_way = False
        # SQLite's transactions read one snapshot by default; PostgreSQL's only at this isolation level.
        self._reader = self._isolated("REPEATABLE READ", postgresql_readonly=True)
        # On SQLite only what sends BEGIN is in a transaction.
        self._lone_reader = self._isolated("AUTOCOMMIT")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.commits.close()
        self.engine.dispose()

    def _isolated(self, level: str, **options: bool) -> Engine:
        return (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level=level, **options)
        )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session for reading; nothing written in it is committed."""
        shared: Session | None = getattr(self._shared, "session", None)
        if shared is not None:
            yield shared
            return
        with self._reader.connect() as connection, Session(connection, expire_on_commit=False) as session:
            connection.begin()
            yield session
            if not self.is_sqlite:
                # It can't have written. A rollback, as closing does elsewhere, makes psycopg drop every prepared
                # statement of the connection.
                connection.commit()

    def rows(self, statement: Prepared, values: Values) -> Sequence[Any]:
        """Return the rows of one query, for which no transaction need begin and end."""
        shared: Session | None = getattr(self._shared, "session", None)
        if shared is not None:
            return statement.all(shared.connection(), values)
        with self.alone() as connection:
            return statement.all(connection, values)

    def alone(self) -> Connection:
        """Return a connection in no transaction, to be closed."""
        return self._lone_reader.connect()

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let all reading in this thread share one session: one snapshot per page, and no row loaded twice."""
        with self.reading() as session:
            # A session drops the rows it has read once nothing else references them.
            kept: list[object] = []
            event.listen(session, "loaded_as_persistent", lambda _, instance: kept.append(instance))
            outer, self._shared.session = getattr(self._shared, "session", None), session
            try:
                yield
            finally:
                self._shared.session = outer

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that commits when the block succeeds and rolls back when it raises."""
        # The connection begins and commits: most of what a session's own commit does is for several databases.
        try:
            with self._one_writer:
                with self.engine.connect() as connection:
                    begin_writing(connection)
                    began = time.monotonic() if self.gives_way else 0.0
                    session = _WritingSession(connection)
                    with connection.begin(), session:
                        try:
                            yield session
                            session.flush()
                            session.commit_with_what_is_on_its_way()
                        except BaseException:
                            # The pool may not get a connection on which something is on its way.
                            session.give_up()
                            raise
                if self.gives_way and self.is_sqlite:
                    time.sleep(time.monotonic() - began)
        except DBAPIError as error:
            if self.write_failures.note(error) and not isinstance(error, OperationalError):
                # PostgreSQL's driver calls a read-only database an internal error.
                raise OperationalError(error.statement, error.params, error.orig or error) from error
            raise

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one writing transaction, again where it lost a race: the constraint decides."""
        for attempt in range(1, _TRIES + 1):
            try:
                with self.writing() as session:
                    return work(session)
            except (IntegrityError, OperationalError) as error:
                if attempt == _TRIES or not _lost_a_race(error):
                    raise
                time.sleep(0.005 * 2**attempt * (0.5 + secrets.randbelow(1000) / 1000))
        raise AssertionError("unreachable")

    def transact_in_parts(
        self, part: Callable[[Session, str], tuple[int, str | None]], should_stop: Callable[[], bool]
    ) -> int:
        """Run a part after the other, each in a transaction of its own; return how much all did.

        A part is given where the one before ended, "" at first, and returns how much it did and where it ended, None
        for the last one.
        """
        done, place = 0, ""
        while not should_stop():
            some, following = self.transact(lambda session: part(session, place))  # noqa: B023 - run at once
            done += some
            if following is None:
                break
            place = following
        return done

    def compact(self) -> bool:
        """Rebuild the database without the deleted data; return False while another connection reads it."""
        with self._one_writer, self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is None:
                return False
            if not self.is_sqlite:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM"))
                return True
            raw.execute("VACUUM")
            return bool(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)

    def checkpoint(self) -> None:
        """Move what was committed from SQLite's log into its file; does nothing on PostgreSQL, and waits for nobody.

        A log that is lost with the machine, or left out of a copy of the file, then holds little.
        """
        if not self.is_sqlite:
            return
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def is_alive(self) -> bool:
        """Return whether the database answers."""
        return self.failure() is None

    def failure(self) -> DBAPIError | None:
        """Return why the database does not answer, None where it does."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            return error
        return None


def _lost_a_race(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _RACES
    said = str(error.orig)
    return "UNIQUE constraint failed" in said or "database is locked" in said


def _sqlite_engine(url: URL, pool: Mapping[str, Any]) -> Engine:
    file = Path(url.database or "").expanduser()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, connect_args={"timeout": _MOST_WAIT_S}, **pool)

    @event.listens_for(engine, "do_connect")
    def keep_private(*_: Any) -> None:
        # SQLite would let everybody on the machine read a new file; those of its log take its mode.
        # What is wrong with the folder SQLite says itself.
        with suppress(OSError):
            if not file.exists():
                file.touch(mode=0o600)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # We issue BEGIN ourselves: the driver would begin late and upgrade to a writer too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")  # nosemgrep: sql-built-from-text - our own constants
        cursor.close()

    # No listener to `begin`: where an engine has any, SQLAlchemy asks for all kinds around each of its steps.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign]
    return engine


def _begin(dbapi_connection: Any) -> None:
    if not dbapi_connection.in_transaction:
        dbapi_connection.execute("BEGIN")


def begin_writing(connection: Connection) -> None:
    """Take SQLite's lock before the transaction begins; does nothing on PostgreSQL.

    Raises OperationalError ("database is locked") where another process keeps it for `_MOST_WAIT_S`.
    """
    if connection.dialect.name != "sqlite":
        return
    driver: Any = connection.connection.driver_connection
    # SQLite would ask again at ever longer intervals, and so hardly ever find a moment between two transactions of a
    # process that writes all the time.
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        until = time.monotonic() + _MOST_WAIT_S
        while _is_locked(driver) and time.monotonic() < until:
            time.sleep(_ASK_AGAIN_S)
        if not driver.in_transaction:
            _BEGIN_WRITING.run(connection, {})
    finally:
        driver.execute(f"PRAGMA {_WAIT}")  # nosemgrep: sql-built-from-text - our own constants


def _is_locked(driver: sqlite3.Connection) -> bool:
    """Begin, unless another process writes. What else is wrong the next statement raises, as an error of SQLAlchemy."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        # What the driver itself refuses has no code.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return False


_BEGIN_WRITING, _COMMIT = Prepared(text("BEGIN IMMEDIATE")), Prepared(text("COMMIT"))
_MOST_WAIT_S, _ASK_AGAIN_S = 15, 0.001
_WAIT = f"busy_timeout = {_MOST_WAIT_S * 1000}"
# Both are per connection. Without foreign_keys the chain of entries is not guarded; without
# recursive_triggers INSERT OR REPLACE deletes an entry and no trigger fires.
_GUARDS = ("foreign_keys = ON", "recursive_triggers = ON")
# In kB. SQLite's 2 MB do not hold what one page of a large clinic reads, rows that stand far apart. A small file never
# fills it.
_CACHE = "cache_size = -8000"
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", _CACHE, *_GUARDS, _WAIT)
