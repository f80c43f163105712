"""The opening acts that tests share: played again in another database, they make other rows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import text

from plugin.store import Store
from tests import replay
from tests.clock import HandMovedClock
from tests.courses.desk import Desk


def test_two_clinics_of_one_test_share_no_id(
    lite_store: Store, other_store: Store, clock: HandMovedClock
) -> None:
    one, two = Desk(lite_store, clock), Desk(other_store, clock)
    mine, theirs = one.course(one.sell()), two.course(two.sell())
    assert mine.package_name == theirs.package_name
    ids = [
        {
            course.id,
            course.client_id,
            *(part.id for part in course.parts),
            *(each.id for each in course.entries),
        }
        for course in (mine, theirs)
    ]
    assert not ids[0] & ids[1]


_CHANGE = "UPDATE course SET price = price + 100"


def _by_the_driver(store: Store) -> None:
    with closing(sqlite3.connect(store.url.database or "", isolation_level=None)) as connection:
        connection.execute(_CHANGE)


def _by_another_store(store: Store) -> None:
    with Store(str(store.url)) as other, other.writing() as session:
        session.execute(text(_CHANGE))


def _past_the_session(store: Store) -> None:
    with store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(_CHANGE)


@pytest.mark.parametrize("change", [_by_the_driver, _by_another_store, _past_the_session])
def test_what_is_changed_past_the_opening_is_audited(
    lite_store: Store, clock: HandMovedClock, change: Callable[[Store], None]
) -> None:
    Desk(lite_store, clock).sell()
    assert replay.audited(lite_store) == ()
    change(lite_store)
    assert replay.audited(lite_store) != ()


def test_the_same_opening_is_audited_once(
    lite_store: Store, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    Desk(lite_store, clock).sell()
    assert replay.audited(lite_store) == ()
    monkeypatch.setattr(replay, "audit", lambda _store: pytest.fail("audited again"))
    assert replay.audited(lite_store) == ()
