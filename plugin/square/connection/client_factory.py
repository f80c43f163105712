"""Opening the client of Square, with the current token and with a record of outages."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from plugin.core.acts import SQUARE, Act
from plugin.courses.health_facts import ClockWatch
from plugin.courses.square_health import note_answering, note_failing
from plugin.errors import ConfigurationError, SquareFailed
from plugin.settings import SettingsSource
from plugin.square.client import SquareClient
from plugin.square.client.asking import Transport
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.square_side import Connection
from plugin.vault import Vault

_FAILING = ("square_unreachable", "square_down", "square_busy", "square_sign_in")
# Neither success nor outage: an answer of an unexpected shape.
_NO_SIGN = ("square_unreadable",)


def open_square(
    settings: SettingsSource,
    store: Store,
    vault: Vault,
    clock: Callable[[], datetime],
    *,
    transport: Transport | None = None,
) -> SquareClient:
    """Return the client; close it after use."""
    token = TokenSource(settings, store, vault)
    watch, watch_clock = Watch(store, clock), ClockWatch(store, clock)

    def hear_date(date: str) -> None:
        # The practice Square of tests keeps a time of its own.
        if settings.current().square_environment != "practice":
            watch_clock(date)

    return SquareClient(settings, token=token, watch=watch, hear_date=hear_date, transport=transport)


_SEALED = Prepared(select(Connection.access_token_sealed))


class TokenSource:
    """The access token: that of the settings, else the seller's. Called before every request: another process may
    have renewed it since the last one."""

    def __init__(self, settings: SettingsSource, store: Store, vault: Vault) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._last = ("", "")

    def __call__(self) -> str:
        """Return the token, "" where there is none; raises SquareFailed where it can't be opened."""
        personal = self._settings.current().square_access_token.get_secret_value()
        if personal:
            return personal
        sealed = next((row.access_token_sealed for row in self._store.rows(_SEALED, {})), None) or ""
        if sealed != self._last[0]:
            self._last = (sealed, self._opened(sealed) if sealed else "")
        return self._last[1]

    def _opened(self, sealed: str) -> str:
        try:
            return self._vault.open(sealed)
        except ConfigurationError as error:
            # Not permanent: pending jobs run once the key is back.
            raise SquareFailed(error.message, permanent=False, code="square_sign_in") from error


class Watch:
    """Records since when Square fails. A refusal is an answer: Square can be reached."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, code: str) -> None:
        """Record the outcome of one call; `code` is that of its failure, "" where it succeeded."""
        if code in _FAILING:
            note_failing(self._store, code, self._clock())
        elif code not in _NO_SIGN:
            note_answering(self._store, Act(SQUARE, self._clock(), "square-answers"))
