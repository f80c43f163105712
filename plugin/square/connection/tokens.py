"""The access token that Square is asked with: the one of the settings, else the one the seller gave us by OAuth."""

from __future__ import annotations

from sqlalchemy import select

from plugin.errors import ConfigurationError, SquareFailed
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.square_side import Connection
from plugin.vault import Vault


class TokenSource:
    """Called before every request: another process may have renewed the token since the last one."""

    def __init__(self, settings: Settings, store: Store, vault: Vault) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._last = ("", "")

    def __call__(self) -> str:
        """Return the token, "" where there is none; raises SquareFailed where it can't be opened."""
        personal = self._settings.square_access_token.get_secret_value()
        if personal:
            return personal
        with self._store.reading() as session:
            sealed = session.scalar(select(Connection.access_token_sealed)) or ""
        if sealed != self._last[0]:
            self._last = (sealed, self._opened(sealed) if sealed else "")
        return self._last[1]

    def _opened(self, sealed: str) -> str:
        try:
            return self._vault.open(sealed)
        except ConfigurationError as error:
            # Not for good: what waits is done once the key is back.
            raise SquareFailed(error.message, permanent=False, code="square_sign_in") from error
