"""The same clinic on SQLite alone: what engines decide is tested with the ledger itself."""

from collections.abc import Iterator

import pytest

from plugin.courses.audit import audit
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk


@pytest.fixture
def desk(lite_store: Store, clock: HandMovedClock) -> Iterator[Desk]:
    """A clinic in Los Angeles, where it is ten in the morning; whatever a test does, its ledger adds up after it."""
    yield Desk(lite_store, clock)
    assert audit(lite_store) == ()
