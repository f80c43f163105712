"""A fresh, migrated database for each test: a copied SQLite file, or a copied database of a real PostgreSQL.
Independent of the tables."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from tests.engines import engines_of
from tests.once import folder_of_run, made_once
from tests.postgres import PostgresServer
from tests.prerequisites import missing

if TYPE_CHECKING:
    from plugin.store import Store


_MIGRATED = "migrated"

_ON_EACH_ENGINE = ("database_url", "module_database_url", "empty_database_url", "walked_house")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # Parameters of the fixtures themselves would make five thousand tests that nobody runs.
    marks = metafunc.definition.iter_markers("parametrize")
    chosen = {name.strip() for mark in marks for name in _names(mark.args[0])}
    for name in _ON_EACH_ENGINE:
        if name in metafunc.fixturenames and name not in chosen:
            metafunc.parametrize(name, engines_of(metafunc.definition.nodeid), indirect=True)


def _names(named: str | Sequence[str]) -> Sequence[str]:
    return named.split(",") if isinstance(named, str) else named


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    try:
        made = made_once(folder_of_run(tmp_path_factory) / "postgresql", _make_server)
        server = PostgresServer(data=made)
    except (RuntimeError, OSError) as error:
        missing(f"PostgreSQL does not start here: {error}")
    yield server
    server.stop()


def _make_server(folder: Path) -> None:
    """Leave the files of a server with the migrated database, for one of each process."""
    server = PostgresServer()
    try:
        server.create(_MIGRATED)
        _migrate(server.url_of(_MIGRATED))
    finally:
        server.stop(keep=folder)


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    """The address of a running PostgreSQL's maintenance database, for tests that make their own databases."""
    return postgres.url


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = folder_of_run(tmp_path_factory) / "migrated.db"
    return made_once(path, lambda unfinished: _migrate(f"sqlite:///{unfinished}"))


@pytest.fixture(scope="session")
def _migrated_database(postgres: PostgresServer) -> str:
    return _MIGRATED


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A place for a SQLite database in which nothing has been created yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgresql_url(postgres: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database in which nothing has been created yet."""
    yield from new_database(postgres, template="template0")


@pytest.fixture
def sqlite_url(tmp_path: Path, _migrated_file: Path) -> str:
    path = tmp_path / "coursekeeper.db"
    shutil.copyfile(_migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def _scratch(postgres: PostgresServer, _migrated_database: str) -> Iterator[ScratchDatabase]:
    scratch = ScratchDatabase(postgres, _migrated_database)
    yield scratch
    scratch.close()


@pytest.fixture
def scratch_postgresql(_scratch: ScratchDatabase) -> Iterator[ScratchDatabase]:
    """The PostgreSQL database itself, for a test that wants it empty more than once."""
    yield _scratch
    _scratch.clear()


@pytest.fixture
def postgresql_url(scratch_postgresql: ScratchDatabase) -> str:
    return scratch_postgresql.url


@pytest.fixture(scope="session")
def _scratch_folder() -> Iterator[Path]:
    """A folder in memory where the machine has one: every commit waits for the disk, a hundred times longer."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="coursekeeper-", dir=place) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def memory_folder(_scratch_folder: Path) -> Iterator[Path]:
    """A new folder for the databases of a module, in memory where the machine has one."""
    with tempfile.TemporaryDirectory(dir=_scratch_folder) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def module_store(memory_folder: Path, _migrated_file: Path) -> Iterator[Store]:
    """A store on SQLite for a whole module, whose tests keep apart what they do or roll it back."""
    from plugin.store import Store

    path = memory_folder / "module.db"
    shutil.copyfile(_migrated_file, path)
    with Store(f"sqlite:///{path}") as store:
        yield store


@pytest.fixture
def _scratch_sqlite_url(
    _scratch_folder: Path, _migrated_file: Path, _warm_stores: dict[str, Store]
) -> Iterator[str]:
    """The same address for each test, so that an engine stays warm; the database is as migrated."""
    yield from _scratch_file(_scratch_folder / "coursekeeper.db", _migrated_file, _warm_stores)


@pytest.fixture
def _lite_url(_scratch_folder: Path, _migrated_file: Path, _warm_stores: dict[str, Store]) -> Iterator[str]:
    yield from _scratch_file(_scratch_folder / "lite.db", _migrated_file, _warm_stores)


@pytest.fixture
def _other_url(_scratch_folder: Path, _migrated_file: Path, _warm_stores: dict[str, Store]) -> Iterator[str]:
    yield from _scratch_file(_scratch_folder / "other.db", _migrated_file, _warm_stores)


def _scratch_file(path: Path, migrated: Path, stores: dict[str, Store]) -> Iterator[str]:
    url = f"sqlite:///{path}"
    if not path.exists():
        shutil.copyfile(migrated, path)
    as_made = _written(path)
    yield url
    # The heads of its ledger, which the worker keeps beside the database, are no other clinic's.
    path.with_name("ledger-heads.txt").unlink(missing_ok=True)
    warm = stores.get(url)
    if warm is not None and _is_as_migrated(warm, path) and _written(path) == as_made:
        _take_back(path)
        return
    if warm is not None:
        # Its connections are to a file that is about to be deleted.
        warm.close()
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()


def _written(path: Path) -> tuple[int, int, int]:
    """Return which file it is and when it was last written to: not by a commit, which SQLite writes to its log."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _is_as_migrated(store: Store, path: Path) -> bool:
    """Return whether no connection is in use, and one that is kept finds the tables unchanged."""
    pool: Any = store.engine.pool
    if pool.checkedout() or not pool.checkedin():
        return False
    with path.open("rb") as file:
        # Where SQLite's file format has the number that each change of a table or trigger raises.
        as_migrated = int.from_bytes(file.read(44)[40:])
    with store.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        return not raw.in_transaction and raw.execute("PRAGMA schema_version").fetchone() == (as_migrated,)


def _take_back(path: Path) -> None:
    """Undo every commit, which SQLite has in its log: an empty one with a blank index is that of a new database.

    Connections stay open and keep what they know of the tables. To open one, and to read six hundred tables, indexes
    and triggers, takes as long as a small test.
    """
    os.truncate(path.with_name(f"{path.name}-wal"), 0)
    with path.with_name(f"{path.name}-shm").open("r+b") as index:
        index.write(bytes(_HEADERS_OF_INDEX))


# Two copies of 48 bytes, which differ or are blank after a crash: the next reader makes the index again from the log.
_HEADERS_OF_INDEX = 96

# A test of a file that runs on both engines, though the engine makes no difference to it.
sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
postgresql_alone = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database, on each engine of `engines_of`."""
    fixture = {"sqlite": "_scratch_sqlite_url", "postgresql": "postgresql_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(scope="module")
def module_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One migrated database on each engine for a whole module, whose tests roll back what they do."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("module") / "coursekeeper.db"
        shutil.copyfile(request.getfixturevalue("_migrated_file"), path)
        yield f"sqlite:///{path}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        yield from new_database(server, template=request.getfixturevalue("_migrated_database"))


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, for tests of the migrations; once on each engine."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture(scope="session")
def _warm_stores() -> Iterator[dict[str, Store]]:
    stores: dict[str, Store] = {}
    yield stores
    for warm in stores.values():
        warm.close()


@pytest.fixture
def store(database_url: str, _warm_stores: dict[str, Store]) -> Iterator[Store]:
    """The store on that database. Its engine has seen the statements of earlier tests: half the time saved."""
    yield from _warm(database_url, _warm_stores)


@pytest.fixture
def lite_store(_lite_url: str, _warm_stores: dict[str, Store]) -> Iterator[Store]:
    """A store on SQLite alone, for what no database decides. A store of the test's own begins cold."""
    yield from _warm(_lite_url, _warm_stores)


@pytest.fixture
def other_store(_other_url: str, _warm_stores: dict[str, Store]) -> Iterator[Store]:
    """A second one of these, for another clinic."""
    yield from _warm(_other_url, _warm_stores)


def _warm(url: str, stores: dict[str, Store]) -> Iterator[Store]:
    from plugin.store import Store
    from tests.replay import begins_empty

    if url not in stores:
        stores[url] = Store(url)
    warm = stores[url]
    begins_empty(warm)
    yield warm


class ScratchDatabase:
    """One migrated database that is emptied after each test: a hundred times quicker than a new one.

    After a test that changed its tables, triggers or constraints a new one is created.
    """

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._name = f"scratch_{uuid.uuid4().hex}"
        self._make()

    @property
    def url(self) -> str:
        return self._server.url_of(self._name)

    def clear(self) -> None:
        """Empty every table but for what migrations insert, or start over where a test left another shape."""
        self._connection.execute(_END_BUSY_SESSIONS)
        if self._connection.execute(_SHAPE).fetchall() == self._as_made:
            self._connection.execute(self._emptying)
            for statement, row in self._first_rows:
                self._connection.execute(statement, [row])
            return
        self._connection.close()
        # Under the same name: engines that were warm stay warm.
        _drop(self._server, self._name)
        self._make()

    def close(self) -> None:
        self._connection.close()

    def _make(self) -> None:
        self._server.create(self._name, template=self._template)
        self._connection = self._server.connect(self._name)
        # Triggers and foreign keys are off while everything is emptied.
        self._connection.execute("SET session_replication_role = replica")
        self._as_made = self._connection.execute(_SHAPE).fetchall()
        tables = self._connection.execute(_TABLES).fetchall()
        self._emptying = sql.SQL("; ").join(
            sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for (name,) in tables
        )
        self._first_rows = [each for (name,) in tables for each in self._rows_of(name)]

    def _rows_of(self, table: str) -> list[tuple[sql.Composed, str]]:
        """Return how to put each row of the table back: a statement and the row as JSON."""
        name = sql.Identifier(table)
        rows = self._connection.execute(sql.SQL("SELECT row_to_json(t)::text FROM {} t").format(name))
        insert = sql.SQL("INSERT INTO {0} SELECT * FROM json_populate_record(NULL::{0}, %s)").format(name)
        return [(insert, row) for (row,) in rows]


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_END_BUSY_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
)
_SHAPE = (
    "SELECT 'trigger', oid, tgenabled::text, tgrelid FROM pg_trigger"
    " UNION ALL SELECT 'constraint', oid, contype::text, conrelid FROM pg_constraint"
    " UNION ALL SELECT 'relation', oid, relkind::text, relnatts FROM pg_class WHERE oid > 16383"
    " ORDER BY 1, 2"
)


def _migrate(url: str) -> None:
    from plugin.store.creation import upgrade

    upgrade(url)


def new_database(server: PostgresServer, *, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    server.create(name, template=template)
    try:
        yield server.url_of(name)
    finally:
        _drop(server, name)


def _drop(server: PostgresServer, name: str) -> None:
    with server.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
