"""What the seller changed in Square's catalog: our variations are asked for by their ids, and compared.

A catalog event says only that something changed. Asking for our few ids is one call however large the catalog is,
and misses nothing, whichever events came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work, transact
from plugin.courses.catalog.links import SeenItem, save_seen, watched_in
from plugin.courses.catalog.packages import known_variations_in
from plugin.services import Services
from plugin.square.catalog_items import OfferedItem, item_name_of, offered_items, seen_item, with_item_name
from plugin.square.client import SquareNotFound
from plugin.square.effects import Effects
from plugin.square.parsing import Json, readable, text
from plugin.square.synthetic_events import Looked, receive_synthetic

SWEPT_ITEM = "sweep.item"
SEARCH_TIMEOUT_S = 3.0
MOST_OFFERED = 20


def handle_catalog(services: Services, _data: Json) -> Effects:
    """Say what a change in Square's catalog means for the packages on the till."""
    news = _news(services)
    if not news:
        return Effects(says="None of the packages was changed.")

    def keep(work: Work) -> str:
        changed = sum(save_seen(work, seen) for seen in news)
        return f"{changed} of the packages' items looked at; a change waits under Attention."

    return Effects(effects=(keep,))


def sync_catalog(services: Services, _since: datetime) -> Iterator[Looked]:
    """Look for changes of the packages' items that no event told of."""
    news = _news(services)
    yield Looked(
        len(news),
        [
            {"kind": "item", "id": seen.square_variation_id, "what": "A package's item in Square"}
            for seen in news
            if receive_synthetic(services, SWEPT_ITEM, seen.square_variation_id, str(seen.version))
        ],
    )


def look_at_item(services: Services, owed: Job) -> str:
    """Look at an item that was named by its id alone; where Square does not show it, it stays so marked."""
    try:
        seen = with_item_name(services, seen_item(services.square.catalog_object(owed.subject)))
    except SquareNotFound:
        return "Square shows no such item."
    act = Act(SQUARE, services.clock(), f"outbox:{owed.id}")
    transact(services.store, act, lambda work: save_seen(work, seen))
    return "Square shows the item."


def search_items(services: Services, words: str) -> list[OfferedItem]:
    """Return the variations the till sells whose item fits the words and no package is yet; raises SquareFailed."""
    items = services.square.catalog_items_with(words, most=MOST_OFFERED, timeout_s=SEARCH_TIMEOUT_S)
    with services.store.reading() as session:
        packages = known_variations_in(session)
    offered = [one for found in readable(offered_items, items, "item") for one in found]
    return [one for one in offered if one.square_variation_id not in packages][:MOST_OFFERED]


def _news(services: Services) -> list[SeenItem]:
    """Return our items that Square shows in another version than we have seen; none where it keeps no catalog."""
    with services.store.reading() as session:
        watched = watched_in(session)
    if not watched:
        return []
    items = {one.square_item_id for one in watched.values() if one.square_item_id is not None}
    try:
        objects = services.square.catalog_objects([*sorted(watched), *sorted(items)])
    except SquareNotFound:
        return []
    names = {text(one.get("id")): item_name_of(one) for one in objects if one.get("type") == "ITEM"}
    variations = [one for one in objects if one.get("type") != "ITEM"]
    seen = [
        replace(one, item_name=names.get(one.square_item_id or "", ""))
        for one in readable(seen_item, variations, "variation")
    ]
    return [
        one
        for one in seen
        if one.square_variation_id in watched and watched[one.square_variation_id].is_news(one)
    ]
