"""Prepared statements give what the same statements give by SQLAlchemy, on both engines."""

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from psycopg.pq import PipelineStatus
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.database import write
from plugin.store.ledger import Operation
from plugin.store.people import Client
from plugin.store.prepared import Prepared
from plugin.store.tables import METADATA
from tests.budgets.counting import round_trips
from tests.databases import postgresql_alone

_KEEP = Prepared(insert(METADATA.tables[Operation.__tablename__]))
_NEW_CLIENT = Prepared(insert(METADATA.tables[Client.__tablename__]))
_OF_KEYS = (
    select(Operation.key, Operation.answer, Operation.at)
    .where(Operation.key.in_(bindparam("keys", expanding=True)), Operation.request_sha256 == "0" * 64)
    .order_by(Operation.key)
)
_KEPT = Prepared(_OF_KEYS)


def _operation(key: str) -> dict[str, object]:
    at = datetime(2026, 11, 29, 18, 30, 0, 250, tzinfo=UTC)
    return {"key": key, "request_sha256": "0" * 64, "answer": {"left": 6}, "at": at}


@pytest.mark.parametrize(
    "keys", [["one"], ["one", "two"], ["one", "two", "none"], ["none"], [], ["two"] * 2000]
)
def test_rows_are_those_that_the_statement_gives(store: Store, keys: list[str]) -> None:
    with store.writing() as session:
        _KEEP.run(session.connection(), *map(_operation, ("one", "two")))
    with store.reading() as session:
        found = _KEPT.all(session.connection(), {"keys": keys})
        expected = session.connection().execute(_OF_KEYS, {"keys": keys}).all()
    assert [tuple(row) for row in found] == [tuple(row) for row in expected]
    assert [row.at for row in found] == [row.at for row in expected]


def _write(store: Store, *keys: str) -> None:
    with store.writing() as session:
        for key in keys:
            _KEEP.run(session.connection(), _operation(key))


def test_a_new_row_has_the_defaults_of_its_columns(store: Store) -> None:
    client = {"id": "ana", "name": "Ana", "search_text": "ana", "name_folded": "ana", "language": "en"}
    with store.writing() as session:
        write(session, _NEW_CLIENT, client | {"created_at": datetime(2026, 11, 29, tzinfo=UTC)})
    with store.reading() as session:
        row = session.get_one(Client, "ana")
        assert (row.wants_mail, row.large_print, row.mail_problem, row.phone) == (True, False, "", None)


def test_how_many_rows_were_written_is_told(store: Store) -> None:
    with store.writing() as session:
        assert _KEEP.run(session.connection(), _operation("one")) == 1
        assert _KEEP.run(session.connection(), *map(_operation, ("two", "three"))) == 2


def test_a_refusal_is_sqlalchemys_rolls_back_what_was_written_and_holds_no_answer(store: Store) -> None:
    with pytest.raises(IntegrityError) as refused:
        _write(store, "one", "two", "two")
    assert "'left'" not in str(refused.value)
    with store.reading() as session:
        assert _KEPT.first(session.connection(), {"keys": ["one"]}) is None


def test_what_fails_after_the_first_row_fails_as_sqlalchemy_says_it(lite_store: Store) -> None:
    late = Prepared(text(f"SELECT abs(column1) FROM (VALUES (1), ({-(2**63)}))"))
    with pytest.raises(OperationalError, match="integer overflow"):
        lite_store.rows(late, {})


def test_a_lone_query_needs_no_transaction_and_leaves_the_connection_as_it_was(lite_store: Store) -> None:
    _write(lite_store, "one")
    assert len(lite_store.rows(_KEPT, {"keys": ["one"]})) == 1
    with lite_store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        assert (raw.isolation_level, raw.in_transaction) == (None, False)


def _send(store: Store, *keys: str, then: Exception | None = None) -> None:
    with store.writing() as session:
        for key in keys:
            write(session, _KEEP, _operation(key))
        if then is not None:
            raise then


def test_what_is_on_its_way_is_there_for_the_next_query(store: Store) -> None:
    with store.writing() as session:
        write(session, _KEEP, _operation("one"))
        assert session.get(Operation, "one") is not None
        write(session, _KEEP, _operation("two"))
        assert len(_KEPT.all(session.connection(), {"keys": ["two"]})) == 1
        write(session, _KEEP, _operation("three"), _operation("four"))
    assert len(store.rows(_KEPT, {"keys": ["one", "two", "three", "four"]})) == 4


def test_a_failure_on_the_way_is_sqlalchemys_and_rolls_back_what_went_with_it(store: Store) -> None:
    with pytest.raises(IntegrityError):
        _send(store, "one", "two", "two", "three")
    assert store.rows(_KEPT, {"keys": ["one"]}) == []
    _write(store, "two")
    assert len(store.rows(_KEPT, {"keys": ["two"]})) == 1


@postgresql_alone
def test_what_refuses_the_work_is_said_before_what_fails_on_the_way(store: Store) -> None:
    with pytest.raises(NotFound):
        _send(store, "one", "one", then=NotFound("Nothing is there."))
    assert store.rows(_KEPT, {"keys": ["one"]}) == []


@postgresql_alone
def test_writes_and_their_commit_are_one_round_trip(store: Store) -> None:
    with ExitStack() as spoken, store.writing() as session:
        session.scalar(text("SELECT 1"))
        trips = spoken.enter_context(round_trips(session.connection().connection.driver_connection))
        write(session, _KEEP, _operation("one"))
        write(session, _KEEP, _operation("two"))
    assert trips == [1]


@postgresql_alone
@pytest.mark.parametrize("keys", [["one", "one"], ["one", "two", "two", "three"]])
def test_a_commit_that_is_refused_leaves_nothing_on_its_way(store: Store, keys: list[str]) -> None:
    with store.writing() as session:
        driver = cast(Any, session.connection().connection.driver_connection)
    with pytest.raises(IntegrityError):
        _send(store, *keys)
    assert driver.pgconn.pipeline_status == PipelineStatus.OFF
    # The pool gives out the same connection.
    with store.writing() as session:
        assert session.connection().connection.driver_connection is driver
        assert session.scalar(text("SELECT 1")) == 1


@postgresql_alone
def test_a_race_on_the_way_is_run_again_on_the_same_connection(store: Store) -> None:
    tries: list[int] = []

    def keep(session: Session) -> int:
        tries.append(1)
        key = "one" if len(tries) == 1 else "two"
        write(session, _KEEP, _operation(key))
        return len(tries)

    _write(store, "one")
    assert store.transact(keep) == 2
    assert len(store.rows(_KEPT, {"keys": ["one", "two"]})) == 2


def test_a_row_of_more_columns_than_the_first_is_refused_not_written_without_them(store: Store) -> None:
    keep = Prepared(insert(METADATA.tables[Client.__tablename__]))
    client = {"id": "ana", "name": "Ana", "search_text": "ana", "name_folded": "ana", "language": "en"}
    at = datetime(2026, 11, 29, tzinfo=UTC)
    with store.writing() as session:
        keep.run(session.connection(), client | {"created_at": at})
        with pytest.raises(ValueError, match="mail_problem"):
            keep.run(
                session.connection(), client | {"id": "bea", "created_at": at, "mail_problem": "unknown"}
            )


@postgresql_alone
def test_what_is_sent_to_a_server_that_went_silently_fails_and_is_written_once_when_it_is_sent_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing() as session:
        mine = session.scalar(text("SELECT pg_backend_pid()"))
    with Store(store.url.render_as_string(hide_password=False)) as another, another.alone() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:mine, 5000)"), {"mine": mine})
    # Its end is not known yet, as where the machine vanished.
    monkeypatch.setattr("plugin.store.postgresql._has_more_to_read", lambda _: False)
    with pytest.raises(OperationalError) as away:
        _send(store, "one")
    assert away.value.connection_invalidated
    assert store.rows(_KEPT, {"keys": ["one"]}) == []
    _send(store, "one")
    assert len(store.rows(_KEPT, {"keys": ["one"]})) == 1


@postgresql_alone
def test_a_standby_that_refuses_what_is_on_its_way_is_let_go_of(database_url: str) -> None:
    # Made here: the pool has one connection, the one that leads to the standby.
    with Store(database_url) as store:
        with store.engine.connect() as connection:
            connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            connection.commit()
        with pytest.raises(OperationalError):
            _send(store, "one")
        _send(store, "one")
        assert len(store.rows(_KEPT, {"keys": ["one"]})) == 1


@postgresql_alone
def test_who_waits_too_long_for_a_lock_on_the_way_runs_again(store: Store, database_url: str) -> None:
    tries: list[int] = []

    def keep(session: Session) -> None:
        tries.append(1)
        if len(tries) == 2:
            holder.rollback()
        session.execute(text("SET LOCAL lock_timeout = 100"))
        write(session, _KEEP, _operation("one"))
        write(session, _KEEP, _operation("two"))

    with Store(database_url) as another, another.engine.connect() as holder:
        holder.begin()
        _KEEP.run(holder, _operation("one"))
        store.transact(keep)
    assert len(tries) == 2
    assert len(store.rows(_KEPT, {"keys": ["one", "two"]})) == 2
