"""Whether anything was committed, asked without looking for it."""

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from plugin.store import Store
from plugin.store.ledger import Operation
from tests.store.test_database import operation


def test_what_was_committed_is_new_once(store: Store) -> None:
    commits = store.commits
    commits.has_new()
    assert not commits.has_new()
    with store.writing() as session:
        session.add(operation("a"))
        session.flush()
    assert commits.has_new()
    assert not commits.has_new()


def test_what_another_process_committed_is_new_too(store: Store, database_url: str) -> None:
    store.commits.has_new()
    with Store(database_url) as other, other.writing() as session:
        session.add(operation("a"))
    assert store.commits.has_new()


def test_what_was_read_or_taken_back_is_not_new(sqlite_url: str) -> None:
    with Store(sqlite_url) as store:
        store.commits.has_new()
        with store.reading() as session:
            assert session.get(Operation, "a") is None
        with pytest.raises(RuntimeError):
            store.transact(_write_and_fail)
        assert not store.commits.has_new()


def _write_and_fail(session: Session) -> None:
    session.add(operation("a"))
    session.flush()
    raise RuntimeError


def test_after_a_failure_it_connects_again_and_takes_all_for_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = store.commits
    commits.has_new()
    with monkeypatch.context() as broken:
        broken.setattr(
            "plugin.store.prepared._Text.execute",
            lambda *_: (_ for _ in ()).throw(DBAPIError("SELECT 1", {}, OSError("gone"))),
        )
        with pytest.raises(DBAPIError):
            commits.has_new()
    assert commits.has_new()
    assert not commits.has_new()


def test_a_closed_store_keeps_no_connection_and_takes_all_for_new(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    store.commits.has_new()
    store.close()
    assert store.commits.has_new()
    store.close()
