"""How many functions a sale, a use, a webhook and a page may call: what a processor does for them, without a clock.

By Python 3.11; newer versions call fewer. What grows past it makes objects, or builds statements, that nothing needs.
"""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from plugin.courses.clients.contacts import Buyer
from plugin.services import Services
from plugin.square.inbox import HEADER
from plugin.store import Store
from plugin.store.creation import upgrade
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.test_webhooks import signature
from tests.web.visitor import Visitor

BOOK, USE = 1_800, 610
# Of a webhook's, a bare Flask view is 317, and what sends the request 60.
WEBHOOK = 1_030
# Pages of the owner where there is one course, "c" for its client's.
PAGES = {
    "/": 7_000,
    "c": 15_800,
    "/courses": 11_050,
    "/packages": 13_400,
    "/people": 5_700,
    "/sell": 7_250,
}


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


def test_a_webhook(small_app: Flask, small_house: Services) -> None:
    def sent(number: int) -> dict[str, Any]:
        body = json.dumps({"event_id": f"event-{number}", "type": "test.event"}).encode()
        signed = {HEADER: signature(body, small_house.settings.webhook_address)}
        return create_environ("/square/webhooks", method="POST", data=body, headers=signed)

    ready = iter([sent(number) for number in range(3)])
    assert _calls(lambda: run_wsgi_app(small_app, next(ready), buffered=True)) <= WEBHOOK


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_desk(small_desk: Desk, small_olga: Visitor, page: str) -> None:
    client_id = small_desk.course(small_desk.sell(small_desk.package(touch_ups=2))).client_id
    address = f"/clients/{client_id}" if page == "c" else page

    def show() -> None:
        assert small_olga.get(address).status_code == 200

    assert _calls(show) <= PAGES[page]
