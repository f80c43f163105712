"""Handler of catalog events: the packages' variations are fetched by their ids and compared.

A catalog event states only that something changed. Fetching our few ids is one call however large the catalog,
and misses nothing, whichever events arrived.
"""

from dataclasses import replace

from plugin.courses.base.work import Work
from plugin.courses.catalog.links import SeenItem, save_seen, watched_in
from plugin.services import Services
from plugin.square.catalog import item_name_of, seen_item
from plugin.square.client import SquareNotFound
from plugin.square.events.effects import Effects
from plugin.square.parsing import Json, readable, text


def handle_catalog_version_updated(services: Services, _data: Json) -> Effects:
    """Return the packages' items that changed in Square."""
    changed = changed_items(services)
    if not changed:
        return Effects(says="None of the packages was changed.")

    def save(work: Work) -> str:
        many = sum(save_seen(work, seen) for seen in changed)
        return f"{many} of the packages’ items compared; a change waits under Attention."

    return Effects((save,))


def changed_items(services: Services) -> list[SeenItem]:
    """Return the packages' items that have a new version in Square; none where it has no catalog."""
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
