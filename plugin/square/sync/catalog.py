"""Sync of the packages' items in Square's catalog."""

from collections.abc import Iterator
from datetime import datetime

from plugin.services import Services
from plugin.square.events.catalog import changed_items
from plugin.square.inbox import SWEPT_ITEM, receive_synthetic
from plugin.square.sync.pages import SyncPage


def sync_catalog(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Find changed items that no event reported."""
    changed = changed_items(services)
    news = [
        {"kind": "item", "id": seen.square_variation_id, "what": "A package’s item in Square"}
        for seen in changed
        if receive_synthetic(services, SWEPT_ITEM, seen.square_variation_id, str(seen.version))
    ]
    yield SyncPage(len(changed), news)
