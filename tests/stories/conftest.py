"""The stories play at the same small clinic as the tests of the ledger."""

from collections.abc import Iterator

import pytest

from plugin.courses.reports.totals import keep_totals
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.replay import audited


@pytest.fixture
def desk(store: Store, clock: HandMovedClock) -> Iterator[Desk]:
    """A clinic in Los Angeles whose ledger still adds up when the story ends."""
    yield Desk(store, clock)
    keep_totals(store)
    assert audited(store) == ()
