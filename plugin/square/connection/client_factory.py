"""Opening the client to Square: with the token that counts, and watched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.square.client.asking import Transport
from plugin.square.connection.health import Watch
from plugin.square.connection.tokens import TokenSource
from plugin.store import Store
from plugin.vault import Vault


def open_square(
    settings: Settings,
    store: Store,
    vault: Vault,
    clock: Callable[[], datetime],
    *,
    transport: Transport | None = None,
) -> SquareClient:
    """Return the client; close it after use."""
    token = TokenSource(settings, store, vault)
    return SquareClient(settings, token=token, watch=Watch(store, clock), transport=transport)
