"""Encryption of tokens and signature keys that are stored. Independent of database and Square."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from plugin.errors import ConfigurationError
from plugin.wording import _

MAKE_A_KEY = (
    "Make one with: python3 -c 'import base64, secrets; "
    "print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'"
)


class WrongKey(ConfigurationError):
    """The sealed text can't be opened: its key is no longer among ENCRYPTION_KEYS."""

    code = "wrong_key"


class Vault:
    """Seals with the newest key and opens with any of them. `keys`: comma-separated, newest first."""

    def __init__(self, keys: str = "") -> None:
        given = [key.strip() for key in keys.split(",") if key.strip()]
        try:
            self._keys = [Fernet(key) for key in given]
        except ValueError:
            # The message does not state which key: it is written to a log.
            raise ConfigurationError(f"ENCRYPTION_KEYS holds a key that is none. {MAKE_A_KEY}") from None

    @property
    def has_keys(self) -> bool:
        """Return whether anything can be sealed."""
        return bool(self._keys)

    def seal(self, text: str) -> str:
        """Return the text sealed; raises ConfigurationError without a key."""
        return self._all().encrypt(text.encode("utf-8")).decode("ascii")

    def open(self, sealed: str) -> str:
        """Return the plain text; raises WrongKey where none of the keys fits, ConfigurationError without any."""
        try:
            return self._all().decrypt(sealed.encode("utf-8")).decode("utf-8")
        except InvalidToken:
            raise WrongKey(
                _(
                    "ENCRYPTION_KEYS lacks the key that the token of Square was sealed with. Put the old key back"
                    " behind the new one, or connect to Square again."
                )
            ) from None

    def is_newest(self, sealed: str) -> bool:
        """Return whether the newest key sealed it; if so, the older keys are no longer needed for it."""
        try:
            self._keys[0].decrypt(sealed.encode("utf-8"))
        except (IndexError, InvalidToken):
            return False
        return True

    def _all(self) -> MultiFernet:
        if not self._keys:
            raise ConfigurationError(f"ENCRYPTION_KEYS is missing. {MAKE_A_KEY}")
        return MultiFernet(self._keys)
