"""The papers' desk, on SQLite alone unless the engine is the point."""

from collections.abc import Iterator

import pytest

from plugin.courses.audit import audit
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.courses.documents.sales import Papers


@pytest.fixture
def papers(lite_store: Store, clock: HandMovedClock) -> Iterator[Papers]:
    """Whatever a test does there, ledger and documents add up after it."""
    yield Papers(Desk(lite_store, clock))
    assert audit(lite_store) == ()
