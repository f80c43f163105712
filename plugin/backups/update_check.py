"""Asking which version is published, where the owner has set an address for it.

Apart from versions.py, which each start reads, without a client of the internet.
"""

from datetime import timedelta

import httpx
from sqlalchemy import select

from plugin.backups.versions import LONGEST, change_installation, parse_version
from plugin.services import Services
from plugin.store.upkeep import Installation

CHECK_EVERY = timedelta(days=1)


def check_for_update(services: Services) -> None:
    """Ask once a day which version is published, where `UPDATE_CHECK_URL` is set; nothing is said of the clinic."""
    address, store, now = services.settings.update_check_url, services.store, services.clock()
    if not address:
        return
    with store.reading() as session:
        asked_at = session.scalar(select(Installation.published_checked_at))
    if asked_at is not None and timedelta() <= now - asked_at < CHECK_EVERY:
        return
    published = _published(address)
    change_installation(store, published_checked_at=now, **({"published": published} if published else {}))


def _published(address: str) -> str:
    try:
        with httpx.stream("GET", address, timeout=10, follow_redirects=False) as answer:
            if answer.status_code != 200:
                return ""
            start = next(answer.iter_bytes(LONGEST), b"")
    except httpx.HTTPError:
        return ""
    return parse_version(start.decode("utf-8", "replace"))
