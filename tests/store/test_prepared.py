"""Prepared statements give what the same statements give by SQLAlchemy, on both engines."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from plugin.store import Store
from plugin.store.ledger import Operation
from plugin.store.prepared import Prepared
from plugin.store.tables import METADATA

_KEEP = Prepared(insert(METADATA.tables[Operation.__tablename__]))
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
