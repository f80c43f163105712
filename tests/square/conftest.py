"""A practice Square on a real port, services that call it with the real SDK, and the webhooks between them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.store import Store
from practice_square.serving import PracticeServer, running_practice
from tests.clock import HandMovedClock
from tests.practice_square.contract import Contract
from tests.square.catalog import Shelf
from tests.square.clinic import Clinic, Ear, house_of, settings_for
from tests.square.network import Direct
from tests.square.practice import TillInProcess
from tests.square.selling import Selling, open_selling

OpenClinic = Callable[..., Clinic]


class WornClock:
    """The clock of whichever test is running, for a practice Square that outlives the tests."""

    def __init__(self) -> None:
        self.now: Callable[[], datetime] = HandMovedClock()

    def __call__(self) -> datetime:
        return self.now()


@pytest.fixture(scope="session")
def ear() -> Iterator[Ear]:
    with Ear().listening() as listening:
        yield listening


@pytest.fixture(scope="session")
def worn_clock() -> WornClock:
    return WornClock()


@pytest.fixture(scope="session")
def contract() -> Contract:
    # What a test forges is no answer of Square's.
    return Contract(checks_answers=False)


@pytest.fixture(scope="session")
def one_practice(
    tmp_path_factory: pytest.TempPathFactory, worn_clock: WornClock, ear: Ear, contract: Contract
) -> Iterator[PracticeServer]:
    folder = tmp_path_factory.mktemp("practice")
    with running_practice(
        folder, seed="items", webhook_url=ear.url, middleware=contract.middleware, clock=worn_clock
    ) as server:
        # The desk's own calls go by a line; so do those of the register.
        server.control = TillInProcess(server.app)
        yield server


@pytest.fixture
def practice(
    one_practice: PracticeServer, worn_clock: WornClock, clock: HandMovedClock, contract: Contract
) -> Iterator[PracticeServer]:
    """As on its first day: nothing sold yet, no fault on. Every request is checked against Square's contract."""
    worn_clock.now = clock
    one_practice.control.reset("items")
    contract.breaches.clear()
    yield one_practice
    contract.assert_kept()


@pytest.fixture(scope="session")
def _shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def open_clinic(
    practice: PracticeServer, ear: Ear, clock: HandMovedClock, _shelf: Shelf
) -> Iterator[OpenClinic]:
    """Opens a clinic on a store, with the starting catalog in Square; settings by name."""
    with ExitStack() as stack:

        def opened(store: Store, **settings: Any) -> Clinic:
            settled = settings_for(practice.base_url, ear.url, **settings)
            services = house_of(settled, store, clock, Direct(practice.wsgi_app))
            stack.callback(services.close)
            stack.callback(ear.forget)
            ear.services = services
            clinic = Clinic(services, practice.control, clock)
            _shelf.open(clinic, practice.practice)
            clinic.catch_up()
            return clinic

        yield opened


@pytest.fixture
def clinic(store: Store, open_clinic: OpenClinic) -> Clinic:
    """A clinic, once on each engine."""
    return open_clinic(store)


@pytest.fixture
def lite_clinic(lite_store: Store, open_clinic: OpenClinic) -> Clinic:
    """A clinic on SQLite alone, for what does not touch the ledger."""
    return open_clinic(lite_store)


@pytest.fixture(scope="module")
def shop(memory_folder: Path, _migrated_file: Path) -> Iterator[Selling]:
    """One clinic for a whole module, whose tests sell to clients of their own. No webhook ever arrives."""
    with open_selling(memory_folder, _migrated_file) as opened:
        yield opened


@pytest.fixture
def selling(shop: Selling) -> Iterator[Selling]:
    """The shop with nothing left to do and no fault; whatever a test does there, its ledger adds up after it."""
    yield shop
    shop.rest()
    assert shop.clinic.is_sound()
