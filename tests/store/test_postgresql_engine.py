"""PostgreSQL behind a pooler, and a primary that became a standby."""

from functools import partial
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock, patch

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from plugin.store import Store
from plugin.store.postgresql import _prepare_nothing_at_a_pooler
from tests.databases import postgresql_alone


@pytest.mark.parametrize(("told", "threshold"), [(7, 5), (8, None)])
def test_nothing_is_prepared_where_a_pooler_hands_connections_around(
    told: int, threshold: int | None
) -> None:
    connection = SimpleNamespace(
        execute=lambda _: SimpleNamespace(fetchone=lambda: (7,)),
        rollback=lambda: None,
        info=SimpleNamespace(backend_pid=told),
        prepare_threshold=5,
    )
    _prepare_nothing_at_a_pooler(cast(Any, connection), None)
    assert connection.prepare_threshold == threshold


@postgresql_alone
def test_a_server_of_its_own_may_prepare(database_url: str) -> None:
    with Store(database_url) as store, store.engine.connect() as connection:
        assert cast(Any, connection.connection.driver_connection).prepare_threshold == 5


@postgresql_alone
def test_a_primary_that_became_a_standby_is_a_database_that_is_away(database_url: str) -> None:
    def write(session: Session) -> None:
        session.execute(text("DELETE FROM limit_hit"))

    with Store(database_url) as store:
        with store.engine.connect() as connection:
            connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            connection.commit()
        with pytest.raises(OperationalError):
            store.transact(write)
        # The pool has let go of what led to the standby.
        store.transact(write)


@postgresql_alone
def test_a_connection_that_the_server_ended_is_not_used_again(database_url: str) -> None:
    with Store(database_url) as store, Store(database_url) as another:
        for _ in range(2):
            with store.reading() as session:
                mine = session.scalar(text("SELECT pg_backend_pid()"))
        with another.reading() as session:
            session.scalar(text(f"SELECT pg_terminate_backend({mine}, 5000)"))
        with store.reading() as session:
            assert session.scalar(text("SELECT pg_backend_pid()")) != mine


@postgresql_alone
def test_a_connection_in_use_is_asked_once_whether_its_server_is_there(database_url: str) -> None:
    with Store(database_url) as store:
        dialect = cast(Any, store.engine.dialect)
        ping = Mock(wraps=dialect.do_ping.args[0])
        with patch.object(dialect, "do_ping", partial(dialect.do_ping.func, ping)):
            for _ in range(4):
                with store.reading() as session:
                    session.scalar(text("SELECT 1"))
    assert ping.call_count == 1


def test_copies_and_upgrades_go_past_the_pooler() -> None:
    with Store("postgresql://u@pooler/clinic", "postgresql://u@server/clinic") as store:
        assert (store.url.host, store.direct_url.host) == ("pooler", "server")
    with Store("postgresql://u@server/clinic") as store:
        assert store.direct_url.host == "server"


@postgresql_alone
def test_reading_leaves_the_prepared_statements_of_a_connection(database_url: str) -> None:
    with Store(database_url) as store:
        # Prepared once it has run five times.
        for _ in range(7):
            with store.reading() as session:
                session.scalar(text("SELECT count(*) FROM limit_hit"))
        with store.reading() as session:
            prepared = session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
    assert prepared == 1
