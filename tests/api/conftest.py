"""The cast of the interface's tests: a clinic in Los Angeles, a token of each role, and packages sold on Square."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.exceptions import HTTPException

from invoices.papers import Paper
from plugin.core.acts import Role
from plugin.courses.people.api_tokens import add_token
from plugin.errors import CoursekeeperError
from plugin.house import House
from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.store import Store
from plugin.web import health
from plugin.web.api.blueprint import api_error_response, make_api
from tests.api.caller import Caller
from tests.api.shop import Shop
from tests.applications import SharedApplication
from tests.clock import HandMovedClock


def render_nothing(_paper: Paper, _assets: object = None) -> bytes:
    """Stand in for the printer: the papers have tests of their own."""
    return b"%PDF-1.7 stands in for a paper"


def open_test_house(store: Store, clock: HandMovedClock) -> House:
    settings = Settings(database_url=str(store.url), secret_key=SecretStr("x" * 48))
    nobody = cast(SquareClient, None)
    return House(settings, store, clock, render_nothing, nobody, store.close)


def api_application(house: House, **limits: str) -> Flask:
    """Return the interface alone, wired as the application wires it."""
    app = Flask("tests.api")
    app.config["TESTING"] = True
    app.extensions["coursekeeper"] = house
    app.register_blueprint(make_api(**limits))
    app.register_blueprint(health.blueprint)
    app.register_error_handler(CoursekeeperError, api_error_response)
    app.register_error_handler(HTTPException, api_error_response)
    return app


@pytest.fixture
def house(store: Store, clock: HandMovedClock) -> House:
    """Coursekeeper on each engine."""
    return open_test_house(store, clock)


@pytest.fixture
def small_house(lite_store: Store, clock: HandMovedClock) -> House:
    """Coursekeeper on SQLite alone, for what no database decides."""
    return open_test_house(lite_store, clock)


@pytest.fixture(scope="session")
def _shared_app() -> SharedApplication:
    return SharedApplication(api_application)


@pytest.fixture(scope="session")
def _shared_small_app() -> SharedApplication:
    return SharedApplication(api_application)


@pytest.fixture
def app(house: House, _shared_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_app.serving(house)
    _shared_app.assert_unchanged()


@pytest.fixture
def small_app(small_house: House, _shared_small_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_small_app.serving(small_house)
    _shared_small_app.assert_unchanged()


@pytest.fixture
def shop(house: House) -> Shop:
    return Shop(house)


@pytest.fixture
def small_shop(small_house: House) -> Shop:
    return Shop(small_house)


As = Callable[[Role], Caller]


@pytest.fixture
def as_role(app: Flask) -> As:
    """Call with a new token of this role."""
    return lambda role: caller_with(app, role)


def caller_with(app: Flask, role: Role, name: str = "") -> Caller:
    house: House = app.extensions["coursekeeper"]
    token = add_token(house.store, name=name or f"Till at the {role}", role=role, now=house.clock())
    return Caller(app, token)


@pytest.fixture
def owner(app: Flask) -> Caller:
    return caller_with(app, Role.OWNER)


@pytest.fixture
def desk(app: Flask) -> Caller:
    return caller_with(app, Role.DESK)


@pytest.fixture
def small_desk(small_app: Flask) -> Caller:
    return caller_with(small_app, Role.DESK)


@pytest.fixture
def small_owner(small_app: Flask) -> Caller:
    return caller_with(small_app, Role.OWNER)
