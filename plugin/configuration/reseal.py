"""Sealing stored secrets again with the newest key, so that the older one can be removed."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.configuration.sealing import sealing
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.store.configuration import StoredSetting
from plugin.store.people import Staff
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
