"""The cast of the interface's tests: a clinic in Los Angeles, a token of each role, and packages sold on Square."""

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.exceptions import HTTPException

from invoices.papers import Paper
from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.errors import CoursekeeperError
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.store import Store
from plugin.web import health
from plugin.web.api.errors import api_error_response
from plugin.web.api.openapi import make_api
from tests.api.caller import Caller
from tests.api.world import Shop
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.replay import once


def render_nothing(paper: Paper, _assets: object = None) -> bytes:
    """Stand in for the printer: the papers have tests of their own."""
    return b"%PDF-1.7 stands in for a paper" + b" in large type" * paper.clinic.large_print


def open_test_house(store: Store, clock: HandMovedClock) -> Services:
    settings = Settings(database_url=str(store.url), secret_key=SecretStr("x" * 48))
    nobody = cast(SquareClient, None)
    return Services(settings, store, clock, render_nothing, nobody, store.close)


def api_application(services: Services, **limits: str) -> Flask:
    """Return the interface alone, wired as the application wires it."""
    app = Flask("tests.api")
    app.config["TESTING"] = True
    app.extensions["coursekeeper"] = services
    app.register_blueprint(make_api(**limits))
    app.register_blueprint(health.blueprint)
    app.register_error_handler(CoursekeeperError, api_error_response)
    app.register_error_handler(HTTPException, api_error_response)
    return app


@pytest.fixture
def services(store: Store, clock: HandMovedClock) -> Services:
    """Coursekeeper on each engine."""
    return open_test_house(store, clock)


@pytest.fixture
def small_house(lite_store: Store, clock: HandMovedClock) -> Services:
    """Coursekeeper on SQLite alone, for what no database decides."""
    return open_test_house(lite_store, clock)


@pytest.fixture(scope="session")
def _shared_app() -> SharedApplication:
    return SharedApplication(api_application)


@pytest.fixture(scope="session")
def _shared_small_app() -> SharedApplication:
    return SharedApplication(api_application)


@pytest.fixture
def app(services: Services, _shared_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_app.serving(services)
    _shared_app.assert_unchanged()


@pytest.fixture
def small_app(small_house: Services, _shared_small_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_small_app.serving(small_house)
    _shared_small_app.assert_unchanged()


@pytest.fixture
def shop(services: Services) -> Shop:
    return Shop(services)


@pytest.fixture
def small_shop(small_house: Services) -> Shop:
    return Shop(small_house)


As = Callable[[Role], Caller]


@pytest.fixture
def as_role(app: Flask) -> As:
    """Call with a new token of this role."""
    return lambda role: caller_with(app, role)


def caller_with(app: Flask, role: Role, name: str = "") -> Caller:
    services: Services = app.extensions["coursekeeper"]
    name, now = name or f"Till at the {role}", services.clock()
    token = once(
        services.store,
        ("token", name, role, now),
        lambda: add_token(services.store, name=name, role=role, now=now),
    )
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
