"""One database of each engine for many tests, emptied after each: a new one for each costs a hundred times as much,
and a new engine has to learn every statement again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from plugin.store import Store
from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def _emptied_database(postgres: PostgresServer, _migrated_database: str) -> str:
    return a_copy(postgres, _migrated_database, "emptied_after_each")


def a_copy(postgres: PostgresServer, template: str, name: str) -> str:
    """Make a database by this name unless there is one; return its name."""
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with postgres.connect() as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            connection.execute(made)
    return name


@pytest.fixture
def postgresql_url(postgres: PostgresServer, _emptied_database: str) -> Iterator[str]:
    """A migrated PostgreSQL database with nothing in it."""
    yield postgres.url_of(_emptied_database)
    empty(postgres, _emptied_database)


@pytest.fixture(scope="session")
def _shared_sqlite(_migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("shared") / "coursekeeper.db"
    shutil.copyfile(_migrated_file, path)
    with Store(f"sqlite:///{path}") as store:
        yield store


@pytest.fixture(scope="session")
def _shared_postgresql(postgres: PostgresServer, _emptied_database: str) -> Iterator[Store]:
    with Store(postgres.url_of(_emptied_database)) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A migrated database with nothing in it; every test that asks for it runs once on each engine."""
    shared: Store = request.getfixturevalue(f"_shared_{request.param}")
    yield shared
    if shared.is_sqlite:
        _put_back(request.getfixturevalue("_migrated_file"), shared)
    else:
        empty(request.getfixturevalue("postgres"), request.getfixturevalue("_emptied_database"))


def _put_back(migrated: Path, store: Store) -> None:
    """Write the empty database over the used one, page by page; no trigger is asked."""
    with closing(sqlite3.connect(migrated)) as pristine, store.engine.connect() as connection:
        used = connection.connection.dbapi_connection
        assert isinstance(used, sqlite3.Connection)
        connection.rollback()
        pristine.backup(used)


def empty(postgres: PostgresServer, database: str) -> None:
    """Delete every row of a database."""
    with psycopg.connect(host=str(postgres.folder), user="postgres", dbname=database) as connection:
        # What is written once can't be deleted: only so do triggers and foreign keys look away.
        connection.execute("SET session_replication_role = replica")
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        for (name,) in tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
