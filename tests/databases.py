"""A fresh, migrated database for each test: a copied SQLite file, or a copied database of a real PostgreSQL.
Must not know which tables there are."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from tests.machine import missing
from tests.postgres import PostgresServer

if TYPE_CHECKING:
    from plugin.store import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except (RuntimeError, OSError) as error:
        missing(f"PostgreSQL does not start here: {error}")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    """The address of a running PostgreSQL's maintenance database, for tests that make their own databases."""
    return postgres.url


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _migrated_database(postgres: PostgresServer) -> str:
    name = "migrated"
    _run(postgres, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    _migrate(postgres.url_of(name))
    return name


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A place for a SQLite database in which nothing has been made yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgresql_url(postgres: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database in which nothing has been made yet."""
    yield from _new_database(postgres, template="template0")


@pytest.fixture
def sqlite_url(tmp_path: Path, _migrated_file: Path) -> str:
    path = tmp_path / "coursekeeper.db"
    shutil.copyfile(_migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres: PostgresServer, _migrated_database: str) -> Iterator[str]:
    yield from _new_database(postgres, template=_migrated_database)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database; every test that asks for it runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, for tests of the migrations; once on each engine."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    from plugin.store import Store

    with Store(database_url) as opened:
        yield opened


def _migrate(url: str) -> None:
    from plugin.store.migrate import upgrade

    upgrade(url)


def _new_database(server: PostgresServer, *, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    _run(server, made)
    try:
        yield server.url_of(name)
    finally:
        _run(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(server: PostgresServer, statement: sql.Composable) -> None:
    with server.connect() as connection:
        connection.execute(statement)
