"""Files of other systems: what each column is taken for, and the resulting courses (D1 to D6, D9 to D11)."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.courses.audit import audit
from plugin.courses.base.read import courses_of_client
from plugin.courses.clients.clients import find_clients
from plugin.courses.imports.batches import receive_file
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.courses.old_book import OldBook

FILES = tomllib.loads((Path(__file__).parent / "import_files/other_systems.toml").read_text("utf-8"))["file"]


@pytest.fixture
def book(lite_store: Store, clock: HandMovedClock) -> Iterator[OldBook]:
    desk = Desk(lite_store, clock)
    desk.package(sessions=10, name="Facial 10")
    desk.package(sessions=12, name="Glow 12")
    yield OldBook(desk)
    assert audit(lite_store) == ()


def test_there_are_twenty_systems_and_more() -> None:
    assert len({file["system"] for file in FILES}) >= 20


@pytest.mark.parametrize("file", FILES, ids=[file["system"] for file in FILES])
def test_a_file_of_another_system_comes_in_as_it_is_meant(book: OldBook, file: dict[str, Any]) -> None:
    batch_id = receive_file(book.store, book.act(), "export.csv", file["text"].strip().encode()).batch_id
    book.work()
    view = book.view(batch_id)
    mapping = {column.heading: str(column.means) for column in view.columns if column.means}
    assert mapping == file["mapping"]
    assert (view.problem, view.found and view.found["wrong"]) == ("", [])
    book.start(batch_id)
    book.work()
    assert sorted(courses(book)) == sorted(file["courses"])


def courses(book: OldBook) -> Iterator[list[object]]:
    for found in find_clients(book.store, "", today=book.desk.today).rows:
        for course in courses_of_client(book.store, found.client.id, today=book.desk.today):
            days = (
                course.sold_at.date().isoformat(),
                course.expires_on.isoformat() if course.expires_on else "",
            )
            yield [found.client.name, course.left, course.granted, *days, course.paid.amount]
