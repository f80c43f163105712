"""One course, and its ledger addressed by raw SQL: nothing here goes through the ORM."""

from __future__ import annotations

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


@pytest.fixture
def ledger(store: Store, desk: Desk) -> RawLedger:
    """A course of twelve for $1,980.00 (seq 1 sold, seq 2 paid), one session of it used (seq 3)."""
    course_id = desk.sell()
    desk.use(course_id)
    return RawLedger(store, desk.course(course_id).allowances[0].id)


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store.engine.connect() as connection:
        yield connection
