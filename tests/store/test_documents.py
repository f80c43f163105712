"""The database itself keeps documents: no gap, no second one for the same sale, nothing changed or deleted."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from plugin.store import Store
from plugin.store.triggers import KEPT_WHOLE

_ROW = {
    "id": "D1",
    "kind": "invoice",
    "place": 1,
    "number": "INV-0001",
    "subject": "O1",
    "client_id": "C",
    "language": "en",
    "total": 100,
    "currency": "USD",
    "content": "{}",
    "content_sha256": "x",
    "issued_at": "2026-11-22 18:00:00",
    "by": "raw",
}
_CLIENT = {
    "id": "C",
    "name": "Ana",
    "search_text": "",
    "name_folded": "ana",
    "language": "en",
    "created_at": "2026-11-22 18:00:00",
}


@pytest.fixture(scope="module")
def documents(module_database_url: str) -> Iterator[Connection]:
    with Store(module_database_url) as store, store.engine.connect() as connection:
        _insert(connection, "client", _CLIENT)
        _insert(connection, "document", _ROW)
        _insert(
            connection,
            "document_file",
            {"document_id": "D1", "pdf": b"x", "sha256": "x", "drawn_at": "2026-11-22 18:00:00"},
        )
        yield connection
        connection.rollback()


def _insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    with connection.begin_nested():
        connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)


def _next(**changed: Any) -> dict[str, Any]:
    return {**_ROW, "id": "D2", "place": 2, "number": "INV-0002", "subject": "O2", **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {"place": 3},
        {"place": 1},
        {"place": 0},
        {"number": "INV-0001"},
        {"subject": "O1"},
        {"kind": "receipt"},
        {"kind": "credit_note", "place": 1},
        {"refers_to": "D1"},
        {"kind": "credit_note", "place": 1, "refers_to": "nothing"},
        {"client_id": "nobody"},
    ],
    ids=str,
)
def test_it_refuses_a_document_that_can_not_be(documents: Connection, changed: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        _insert(documents, "document", _next(**changed))


def test_it_takes_the_next_one_and_a_credit_note_of_its_own_series(documents: Connection) -> None:
    with documents.begin_nested() as undone:
        _insert(documents, "document", _next())
        _insert(documents, "document", _next(id="D3", kind="credit_note", place=1, refers_to="D1", total=-1))
        undone.rollback()


@pytest.mark.parametrize("table", ["document", "document_file"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_what_was_issued_is_never_changed_or_deleted(
    documents: Connection, table: str, statement: str
) -> None:
    column = {"document": "total", "document_file": "sha256"}[table]
    with (
        pytest.raises(IntegrityError, match=f"a written line of {table} is never changed or deleted"),
        documents.begin_nested(),
    ):
        documents.execute(text(statement.format(table, column, column)))


def test_all_of_a_document_is_guarded() -> None:
    assert {"document", "document_file", "document_course"} <= set(KEPT_WHOLE)
