"""Sealing stored secrets again with the newest key, so that the older one can be removed."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.store.configuration import StoredSetting

_SEALED = select(StoredSetting).where(StoredSetting.sealed.is_not(None)).order_by(StoredSetting.name)


def reseal_settings(services: Services) -> None:
    """Seal again with the newest key what an older key sealed; what no key opens stays as it is."""
    with services.store.reading() as session:
        fresh = {row.sealed: again for row in session.scalars(_SEALED) if (again := _again(services, row))}

    def work(session: Session) -> None:
        for row in session.scalars(_SEALED.where(StoredSetting.sealed.in_(fresh)).with_for_update()):
            row.sealed = fresh[row.sealed]

    if fresh:
        services.store.transact(work)


def _again(services: Services, row: StoredSetting) -> str:
    sealed, vault = row.sealed or "", services.vault
    if not vault.has_keys or vault.is_newest(sealed):
        return ""
    with suppress(ConfigurationError):
        return vault.seal(vault.open(sealed))
    return ""
