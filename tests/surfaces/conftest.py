"""One clinic on SQLite with its screens, in which a course can be brought into any state."""

from collections.abc import Iterator

import pytest
from flask import Flask

from plugin.core.acts import Role
from plugin.services import Services
from plugin.store import Store
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.states import World
from tests.web.conftest import _shared_small_app, open_house_on, signed_in
from tests.web.visitor import Visitor

__all__ = ["_shared_small_app"]


@pytest.fixture
def world(lite_store: Store, clock: HandMovedClock) -> World:
    return World(Desk(lite_store, clock))


@pytest.fixture
def services(lite_store: Store, clock: HandMovedClock) -> Services:
    return open_house_on(lite_store, clock)


@pytest.fixture
def app(services: Services, _shared_small_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_small_app.serving(services)
    _shared_small_app.assert_unchanged()


@pytest.fixture
def olga(app: Flask, services: Services, world: World) -> Visitor:
    """The owner, at the desk's screens."""
    return signed_in(app, services, Role.OWNER)
