"""The attacked clinic: courses in every state, and a practice Square beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.services import Services
from plugin.store import Store
from plugin.store.creation import upgrade
from practice_square.serving import running_practice
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.square.clinic import NOWHERE, house_of, settings_for
from tests.states import World
from tests.web.test_google_wallet import ISSUER, account_file
from tests.web.test_wallet import Apple
from tests.web.visitor import hire

PUBLIC_URL = "https://clinic.example.org"
# What a clinic may switch on is reached too.
SWITCHED_ON = {
    "SECRET_KEY": "a secret key of forty-eight characters for attacks",
    "PUBLIC_URL": PUBLIC_URL,
    "COURSE_AGREEMENTS": "offered",
    "CLIENT_BUYS_AGAIN": "true",
    "PUBLIC_PACKAGES": "true",
    "TIP_LINKS": "true",
}


@dataclass(frozen=True)
class House:
    """The attacked clinic: its application and services, and a course of each state by its name."""

    app: Flask
    services: Services
    desk: Desk
    courses: dict[str, str]

    def token(self, role: Role = Role.OWNER) -> str:
        """Return a new API token of this role."""
        name = f"attack as {role}"
        return add_token(self.services.store, name=name, role=role, now=self.services.clock())


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Open a clinic with people of every role and a course in every state; limits of requests are off."""
    url, clock = f"sqlite:///{folder / 'attacked.db'}", HandMovedClock()
    upgrade(url)
    square = running_practice(folder, seed="items", webhook_url=NOWHERE, clock=clock)
    names = ("WALLET_CERTIFICATE", "WALLET_PRIVATE_KEY", "WALLET_INTERMEDIATE")
    wallet = dict(zip(names, Apple().texts, strict=True))
    wallet |= {"GOOGLE_WALLET_ISSUER_ID": ISSUER, "GOOGLE_WALLET_ACCOUNT": account_file()}
    with square as practice, Store(url) as store:
        settings = settings_for(practice.base_url, NOWHERE, **SWITCHED_ON, **wallet)
        services = house_of(settings, store, clock)
        desk = Desk(store, clock)
        for role in Role:
            hire(services, role)
        courses = World(desk).build_all()
        try:
            yield House(application_of(services), services, desk, courses)
        finally:
            services.close()


def application_of(services: Services) -> Flask:
    """Return the application as a clinic serves it, without its limits of requests: they would hide all else."""
    app = create_app(services=services)
    by_use = app.extensions.get("coursekeeper_limiter", {}).values()
    for limiter in (*app.extensions["limiter"], *by_use, app.extensions["coursekeeper_calls"]):
        limiter.enabled = False
    return app
