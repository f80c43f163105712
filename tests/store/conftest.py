"""One course, and its ledger addressed by raw SQL: nothing here goes through the ORM."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.store.raw import RawLedger


@pytest.fixture
def desk(store: Store, clock: HandMovedClock) -> Desk:
    return Desk(store, clock)


@pytest.fixture(scope="module")
def _sold(module_database_url: str) -> Iterator[tuple[Store, str]]:
    with Store(module_database_url) as store:
        yield store, _sell_and_use(Desk(store, HandMovedClock()))


@pytest.fixture
def ledger(_sold: tuple[Store, str]) -> Iterator[RawLedger]:
    """A course of twelve for $1,980.00 (seq 1 sold, seq 2 paid), one session of it used (seq 3).

    One for all tests of a module: each takes back what it did to it.
    """
    store, allowance_id = _sold
    with store.engine.connect() as connection:
        yield RawLedger(store, connection, allowance_id)
        connection.rollback()


@pytest.fixture
def ledger_of_desk(store: Store, desk: Desk) -> Iterator[RawLedger]:
    """The same course in the desk's own database, for a test in which the desk sells another."""
    allowance_id = _sell_and_use(desk)
    with store.engine.connect() as connection:
        yield RawLedger(store, connection, allowance_id)
        connection.rollback()


def _sell_and_use(desk: Desk) -> str:
    course_id = desk.sell()
    desk.use(course_id)
    return desk.course(course_id).allowances[0].id


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store.engine.connect() as connection:
        yield connection
