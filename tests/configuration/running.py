"""Coursekeeper with settings that follow the database, for the tests of settings."""

from collections.abc import Callable
from typing import Any, cast

import httpx
from cryptography.fernet import Fernet

from plugin.configuration.email import ConfiguredMailer
from plugin.configuration.save import save_settings
from plugin.configuration.stored import LiveSettings
from plugin.core.acts import Act, Actor, Role, Source
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.store import Store
from plugin.vault import Vault
from tests.clock import HandMovedClock

KEY = Fernet.generate_key().decode()
OLIVE = Actor("Olive", Role.OWNER, Source.DESK)
TOKEN = "EAAA-of-the-clinic"


class Seconds:
    """A monotonic clock that only moves when a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def running_on(
    store: Store,
    clock: HandMovedClock,
    *,
    keys: str = KEY,
    seconds: Callable[[], float] = float,
    transport: httpx.BaseTransport | None = None,
    **given: str,
) -> Services:
    """Return the services of one process; `given` is what its environment sets."""
    vault = Vault(keys)
    live = LiveSettings(
        Settings.model_validate({"secret_key": "s" * 48, **given}), store, vault, monotonic=seconds
    )
    square = SquareClient(live, transport=transport)
    mail = ConfiguredMailer(live, clock)
    return Services(live, store, clock, lambda *_: b"%PDF-", square, square.close, vault, mail)


def save(
    services: Services, *, seen: dict[str, int] | None = None, by: Actor = OLIVE, **changes: str
) -> tuple[str, ...]:
    """Save settings as the owner would."""
    return save_settings(services, Act(by, services.clock(), "k"), changes, seen=seen)


def save_named(services: Services, changes: dict[str, str]) -> None:
    """Save settings whose names a test is given."""
    save(services, **cast(Any, changes))
