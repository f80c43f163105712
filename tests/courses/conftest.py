"""The cast of the ledger's tests: one clinic, on each engine."""

from collections.abc import Iterator

import pytest

from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk
from tests.replay import audited


@pytest.fixture
def desk(store: Store, clock: HandMovedClock) -> Iterator[Desk]:
    """A clinic in Los Angeles, where it is ten in the morning; whatever a test does, its ledger adds up after it."""
    yield Desk(store, clock)
    assert audited(store) == ()


@pytest.fixture
def lite(lite_store: Store, clock: HandMovedClock) -> Iterator[Appointments]:
    """Appointments on SQLite alone, for rules that no engine decides; the ledger adds up here too."""
    yield Appointments(Desk(lite_store, clock))
    assert audited(lite_store) == ()
