"""Counting of guesses: for all processes together, without a write for ordinary requests, and when a server is away."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.accounts.second_factors import add_hits
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.store import Store
from plugin.web.limits import MemoryCount
from tests.budgets.counting import counted
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import open_house_on
from tests.web.visitor import Visitor, hire

WRONG = "not-the-password"


def test_no_address_stands_in_the_database(lite_store: Store, clock: HandMovedClock) -> None:
    key = "account:olga@example.org" + "x" * 5000
    add_hits(lite_store, key, most=3, lasts=timedelta(minutes=1), number=1, now=clock())
    with lite_store.engine.connect() as connection:
        key = connection.scalar(text("SELECT key FROM limit_hit"))
    assert len(key) == 64


@pytest.fixture
def two_processes(lite_store: Store, clock: HandMovedClock) -> list[Flask]:
    """Two programs on one database, each with memory of its own."""
    return [
        create_app(services=open_house_on(each, clock)) for each in (lite_store, Store(str(lite_store.url)))
    ]


def test_wrong_passwords_count_together_over_two_processes(
    two_processes: list[Flask], small_house: Services
) -> None:
    email = hire(small_house, Role.DESK)
    for number in range(10):
        visitor = Visitor(two_processes[number % 2], address=f"10.0.0.{number}")
        assert visitor.sign_in(email, WRONG).status_code == 422
    for app in two_processes:
        assert Visitor(app, address="10.0.1.1").sign_in(email).status_code == 429


def test_wrong_passwords_at_an_open_screen_count_together(
    two_processes: list[Flask], small_house: Services
) -> None:
    email = hire(small_house, Role.DESK)
    visitors = [Visitor(app) for app in two_processes]
    for visitor in visitors:
        assert visitor.sign_in(email).status_code == 302

    def change(visitor: Visitor, what: str) -> int:
        form = visitor.page("/account").form(f"/account/{what}")
        return visitor.send(
            form, email="new@example.org", email_password=WRONG, old_password=WRONG
        ).status_code

    tried = [change(visitors[number % 2], ("email", "password")[number % 3 == 0]) for number in range(10)]
    assert tried == [422] * 10
    assert {change(visitor, what) for visitor in visitors for what in ("email", "password")} == {429}


def _no_table(services: Services) -> None:
    with services.store.engine.begin() as connection:
        connection.execute(text("DROP TABLE limit_hit"))


def test_where_nothing_can_be_counted_together_each_process_still_counts(
    small_house: Services, clock: HandMovedClock
) -> None:
    app = create_app(services=small_house)
    email = hire(small_house, Role.DESK)
    _no_table(small_house)
    assert Visitor(app).sign_in(email).status_code == 302
    for _ in range(10):
        assert Visitor(app).sign_in(email, WRONG).status_code == 422
    assert Visitor(app).sign_in(email).status_code == 429


def test_a_redis_that_is_away_neither_opens_nor_closes_the_door(
    lite_store: Store, clock: HandMovedClock
) -> None:
    services = open_house_on(lite_store, clock, limits_url="valkey://127.0.0.1:1")
    email = hire(services, Role.DESK)
    app = create_app(services=services)
    for _ in range(10):
        assert Visitor(app).sign_in(email, WRONG).status_code == 422
    assert Visitor(app).sign_in(email).status_code == 429
    assert Visitor(app).sign_in("nobody@example.org", WRONG).status_code == 422


@pytest.mark.parametrize("address", ["mysql://here", "nonsense", "redis://[broken"])
def test_an_address_of_nothing_stops_the_start(
    lite_store: Store, clock: HandMovedClock, address: str
) -> None:
    with pytest.raises(ConfigurationError, match="LIMITS_URL"):
        create_app(services=open_house_on(lite_store, clock, limits_url=address))


def test_an_ordinary_request_counts_nothing(
    small_deb: Visitor, small_desk: Desk, small_house: Services
) -> None:
    course = small_desk.course(small_desk.sell())
    asked: Any
    with counted(small_house.store.engine) as asked:
        small_deb.get("/")
        small_deb.get(f"/clients/{course.client_id}")
    assert not [each.sql for each in asked if "limit_hit" in each.sql]


def test_a_count_in_memory_starts_no_thread_and_forgets_what_has_passed() -> None:
    count = MemoryCount()
    threads = threading.active_count()
    for number in range(3):
        count.incr(f"passed {number}", expiry=0)
        count.acquire_entry(f"passed too {number}", limit=2, expiry=0)
    for lasts in (0, 60):
        assert count.acquire_entry("moves", limit=2, expiry=lasts)
    count.forgets_at = 0
    count.incr("counts", expiry=60)
    assert threading.active_count() <= threads
    assert set(count.storage) == {"counts"}
    assert {key: len(entries) for key, entries in count.events.items()} == {"moves": 1}
    # What still counts is not forgotten.
    count.forgets_at = 0
    assert count.acquire_entry("moves", limit=2, expiry=60)
    assert not count.acquire_entry("moves", limit=2, expiry=60)
    assert count.incr("counts", expiry=60) == 2
