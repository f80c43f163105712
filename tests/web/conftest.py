"""The cast of the screens' tests: the whole application, and a signed-in person of each role."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from flask import Flask
from pydantic import SecretStr

from invoices.papers import Paper
from plugin import create_app
from plugin.core.acts import Role
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.store import Store
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.postbox import Postbox
from tests.replay import audited, once
from tests.web.visitor import Visitor, email_of, hire

SIGNATURE_KEY = "a key that only Square and we know"
PDF = b"%PDF-1.7 stands in for a paper"


def render_nothing(_paper: Paper, _assets: object = None) -> bytes:
    """Stand in for the printer: the papers have tests of their own."""
    return PDF


def open_house_on(store: Store, clock: HandMovedClock, **settings: str) -> Services:
    known = Settings.model_validate(
        {
            "database_url": str(store.url),
            "secret_key": SecretStr("s" * 48),
            "square_webhook_signature_key": SecretStr(SIGNATURE_KEY),
            **settings,
        }
    )
    return Services(known, store, clock, render_nothing, cast(SquareClient, None), store.close)


@pytest.fixture
def services(store: Store, clock: HandMovedClock) -> Services:
    """Coursekeeper on each engine, for what writes the ledger."""
    return open_house_on(store, clock)


@pytest.fixture
def small_house(lite_store: Store, clock: HandMovedClock) -> Services:
    """Coursekeeper on SQLite alone, for what no database decides."""
    return open_house_on(lite_store, clock)


def _make(services: Services) -> Flask:
    return create_app(services=services)


@pytest.fixture(scope="session")
def _shared_app() -> SharedApplication:
    return SharedApplication(_make)


@pytest.fixture(scope="session")
def _shared_small_app() -> SharedApplication:
    return SharedApplication(_make)


@pytest.fixture
def app(services: Services, _shared_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_app.serving(services)
    _shared_app.assert_unchanged()


@pytest.fixture
def small_app(small_house: Services, _shared_small_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_small_app.serving(small_house)
    _shared_small_app.assert_unchanged()


@pytest.fixture
def desk(services: Services, clock: HandMovedClock) -> Iterator[Desk]:
    """The clinic behind the screens; whatever a test does there, its ledger adds up after it."""
    yield Desk(services.store, clock)
    assert audited(services.store) == ()


@pytest.fixture
def small_desk(small_house: Services, clock: HandMovedClock) -> Desk:
    return Desk(small_house.store, clock)


As = Callable[[Role], Visitor]


@pytest.fixture
def as_role(app: Flask, services: Services) -> As:
    return lambda role: signed_in(app, services, role)


@pytest.fixture
def small_as(small_app: Flask, small_house: Services) -> As:
    return lambda role: signed_in(small_app, small_house, role)


@pytest.fixture
def deb(as_role: As) -> Visitor:
    """Deb at the front desk, on each engine."""
    return as_role(Role.DESK)


@pytest.fixture
def small_deb(small_as: As) -> Visitor:
    return small_as(Role.DESK)


@pytest.fixture
def small_olga(small_as: As) -> Visitor:
    """Olga, who owns the clinic."""
    return small_as(Role.OWNER)


def signed_in(app: Flask, services: Services, role: Role) -> Visitor:
    """Hire a person and let them sign in through the form; where both came first before, play that again."""
    visitor = Visitor(app)

    def come_in() -> str:
        answer = visitor.sign_in(hire(services, role))
        assert answer.status_code == 302, answer.text[:400]
        return visitor.cookie

    cookie = once(services.store, (role, services.clock(), services.settings), come_in)
    visitor.came_in(email_of(role), cookie)
    return visitor


@pytest.fixture
def post(small_app: Flask, small_house: Services) -> Postbox:
    """Mail that is set up."""
    post = Postbox()
    small_app.extensions["coursekeeper"] = replace(small_house, mail=post)
    return post
