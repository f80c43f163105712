"""What seals stored secrets, such as those of authenticator apps, and sealing them again with the newest key.

The older key can then be removed.
"""

import base64
import hashlib
import hmac
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.settings import Settings
from plugin.store.people import Staff
from plugin.store.upkeep import StoredSetting
from plugin.vault import Vault

_WITH_APP = select(Staff).where(Staff.totp_secret.is_not(None)).order_by(Staff.id)
_SEALED = select(StoredSetting).where(StoredSetting.sealed.is_not(None)).order_by(StoredSetting.name)


def reseal_settings(services: Services) -> None:
    """Seal again with the newest key what an older key sealed; what no key opens stays as it is."""
    with services.store.reading() as session:
        fresh = {
            row.sealed: again
            for row in session.scalars(_SEALED)
            if (again := _again(services.vault, row.sealed))
        }

    def work(session: Session) -> None:
        for row in session.scalars(_SEALED.where(StoredSetting.sealed.in_(fresh)).with_for_update()):
            row.sealed = fresh[row.sealed]

    if fresh:
        services.store.transact(work)


def reseal_staff(services: Services) -> None:
    """Seal the secrets of authenticator apps again with the newest key, as `reseal_settings` does settings."""
    vault = sealing(services.settings)
    with services.store.reading() as session:
        rows = session.scalars(_WITH_APP)
        fresh = {row.totp_secret: again for row in rows if (again := _again(vault, row.totp_secret))}

    def work(session: Session) -> None:
        for row in session.scalars(_WITH_APP.where(Staff.totp_secret.in_(fresh)).with_for_update()):
            row.totp_secret = fresh[row.totp_secret]

    if fresh:
        services.store.transact(work)


def _again(vault: Vault, sealed: str | None) -> str:
    if not sealed or not vault.has_keys or vault.is_newest(sealed):
        return ""
    with suppress(ConfigurationError):
        return vault.seal(vault.open(sealed))
    return ""


def sealing(settings: Settings) -> Vault:
    """Return a vault of `ENCRYPTION_KEYS`, and behind them a key made of `SECRET_KEY`: it works without any."""
    keys = settings.encryption_keys.get_secret_value()
    return Vault(f"{keys},{_derived_key(settings.secret_key.get_secret_value())}")


def _derived_key(secret: str) -> str:
    made = hmac.new(secret.encode(), b"coursekeeper: secrets of staff", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode()
