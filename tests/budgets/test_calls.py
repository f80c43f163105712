"""How many functions a sale and a use may call: what a processor does for them, told without a clock.

By Python 3.11; newer versions call fewer. What grows past it makes objects, or builds statements, that nothing needs.
"""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from plugin.courses.clients.contacts import Buyer
from plugin.store import Store
from plugin.store.migrate import upgrade
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

BOOK, USE = 2_100, 1_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Open a clinic on SQLite: PostgreSQL's driver calls functions of its own."""
    url = f"sqlite:///{tmp_path / 'clinic.db'}"
    upgrade(url)
    with Store(url) as store:
        yield Desk(store, HandMovedClock())


def _calls(work: Callable[[], object]) -> int:
    """Return how many functions are called by work that has been done before."""
    work()
    work()
    calls = 0

    def note(_frame: Any, what: str, _what: Any) -> None:
        nonlocal calls
        calls += what in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_a_sale_to_a_new_client(desk: Desk) -> None:
    package, numbers = desk.package(touch_ups=2), count()

    def book() -> None:
        number = next(numbers)
        buyer = Buyer(f"CUSTOMER-{number}", name=f"Bo Li {number}", phone=f"+1415555012{number}")
        desk.book(desk.sale(desk.line(package), buyer=buyer))

    assert _calls(book) <= BOOK


def test_a_use(desk: Desk) -> None:
    course_id = desk.sell(desk.package(touch_ups=2))

    def use() -> None:
        # A second one of a day is looked into.
        desk.clock.advance(days=1)
        desk.use(course_id)

    assert _calls(use) <= USE
