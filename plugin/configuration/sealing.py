"""What seals the secrets of staff, such as those of their authenticator apps."""

from __future__ import annotations

import base64
import hashlib
import hmac

from plugin.settings import Settings
from plugin.vault import Vault


def sealing(settings: Settings) -> Vault:
    """Return a vault of `ENCRYPTION_KEYS`, and behind them a key made of `SECRET_KEY`: it works without any."""
    keys = settings.encryption_keys.get_secret_value()
    return Vault(f"{keys},{_derived_key(settings.secret_key.get_secret_value())}")


def _derived_key(secret: str) -> str:
    made = hmac.new(secret.encode(), b"coursekeeper: secrets of staff", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode()
