"""Items of Square's catalog: reading them, comparing them, and offering them to the owner to link."""

from dataclasses import dataclass, replace

from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.core.text import NAME_LENGTH
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work
from plugin.courses.catalog.links import SeenItem, save_seen
from plugin.courses.catalog.packages import known_variations_in
from plugin.errors import InvalidField, SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.parsing import (
    Json,
    listed,
    optional_id,
    optional_money,
    readable,
    record,
    square_id,
    text,
    version_of,
    words,
)
from plugin.wording import _

SEARCH_TIMEOUT_S = 3.0
MOST_OFFERED = 20


@dataclass(frozen=True, slots=True)
class OfferedItem:
    """One variation that Square POS sells, with the name of its item."""

    square_variation_id: str
    item_name: str
    name: str
    price: Money | None


def seen_item(variation: Json) -> SeenItem:
    """Read a variation as Square shows it; raises SquareFailed."""
    data = data_of(variation)
    return SeenItem(
        square_variation_id=square_id(variation.get("id"), "variation id"),
        square_item_id=optional_id(data.get("item_id"), "item id"),
        version=version_of(variation),
        name=words(data.get("name"), NAME_LENGTH),
        price=optional_money(data.get("price_money"), "price_money"),
        is_deleted=variation.get("is_deleted") is True,
    )


def with_item_name(services: Services, seen: SeenItem) -> SeenItem:
    """Return the variation with the name of the item it belongs to, where Square shows that; raises SquareFailed."""
    if seen.square_item_id is None:
        return seen
    try:
        return replace(seen, item_name=item_name_of(services.square.catalog_object(seen.square_item_id)))
    except SquareNotFound:
        return seen


def item_name_of(item: Json) -> str:
    """Return what an item is called, "" for one that is deleted or shows no name."""
    data = item.get("item_data")
    if item.get("is_deleted") is True or not isinstance(data, dict):
        return ""
    return words(data.get("name"), NAME_LENGTH)


def offered_items(item: Json) -> list[OfferedItem]:
    """Read an item's variations, leaving out those that can't be read; raises SquareFailed."""
    data = record(item.get("item_data"), "item_data")
    name = words(data.get("name"), NAME_LENGTH)
    seen = readable(seen_item, listed(data.get("variations"), "variations"), "variation")
    return [OfferedItem(one.square_variation_id, name, one.name, one.price) for one in seen]


def data_of(variation: Json) -> Json:
    return record(variation.get("item_variation_data"), "item_variation_data")


def checked_id(typed: str) -> str:
    """Return an id received from a form; raises InvalidField where it is not one."""
    try:
        return square_id(text(typed), "variation id")
    except SquareFailed:
        raise InvalidField(_("Choose one of the items."), field="square_variation_id") from None


def look_at_item(services: Services, job: Job) -> str:
    """Compare an item that was linked by its id alone; raises SquareFailed."""
    try:
        seen = with_item_name(services, seen_item(services.square.catalog_object(job.subject)))
    except SquareNotFound:
        return "Square has no such item."
    act = job.act(SQUARE, services.clock())
    services.store.transact(lambda session: save_seen(Work(session, services.store, act), seen))
    return "The item was compared."


def search_items(services: Services, words: str) -> list[OfferedItem]:
    """Return the variations whose item fits the words and that no package is linked to; raises SquareFailed."""
    items = services.square.catalog_items_with(words, most=MOST_OFFERED, timeout_s=SEARCH_TIMEOUT_S)
    with services.store.reading() as session:
        packages = known_variations_in(session)
    offered = [one for found in readable(offered_items, items, "item") for one in found]
    return [one for one in offered if one.square_variation_id not in packages][:MOST_OFFERED]
