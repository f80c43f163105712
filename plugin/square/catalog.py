"""Packages in Square's catalog: one item "Prepaid courses" whose variations are the packages.

A variation is written by itself, never its item: writing a whole item clears every field left out.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from plugin.core.acts import SQUARE, Act, require
from plugin.core.money import Money
from plugin.core.text import NAME_LENGTH
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import PackageView
from plugin.courses.base.work import Work
from plugin.courses.catalog.links import ITEM_NAME, SeenItem, published_in, save_seen
from plugin.courses.catalog.package_edits import edit_package
from plugin.courses.catalog.packages import (
    NewPackage,
    known_variations_in,
    list_variation,
    listing_of,
    read_package,
)
from plugin.errors import InvalidField, Refused, SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.parsing import (
    Json,
    listed,
    optional_id,
    optional_money,
    readable,
    record,
    records,
    square_id,
    text,
    unreadable,
    version_of,
    words,
)
from plugin.wording import N_, _

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


DESCRIPTION = N_("Courses of sessions, paid in advance. Coursekeeper keeps count of what is left.")
# Square writes one catalog change of a seller at a time and answers 429 to the others.
PAUSES_S = (0.5, 1.0, 2.0)
_NEW_ITEM = "#item"
_NEW_VARIATION = "#variation"

T = TypeVar("T")
Pause = Callable[[float], None]


def publish(
    services: Services,
    act: Act,
    package_id: str,
    *,
    pause: Pause = time.sleep,
    pauses_s: Sequence[float] = PAUSES_S,
) -> PackageView:
    """Publish a package to Square's catalog, or update its name and price there; a repeat changes nothing.

    An item that the clinic sold before keeps its name. Raises NotFound, Refused for a package no longer for
    sale, SquareFailed.
    """
    require(act.actor)
    package = read_package(services.store, package_id)
    if not package.is_active:
        raise Refused(_("This package is no longer for sale."), code="not_for_sale")
    seen = _with_retries(lambda: _published(services, act, package), pause, pauses_s)
    published = _listed(services, act, package_id, seen)
    services.store.transact(lambda session: published_in(session, act, package_id))
    return published


@dataclass(frozen=True, slots=True)
class Saved:
    """A package as saved; `problem`: why it is not published so yet, "" where it is or need not be."""

    package: PackageView
    is_published: bool = False
    problem: str = ""


def save_package(
    services: Services, act: Act, package_id: str, new: NewPackage, *, seen_version: int | None = None
) -> Saved:
    """Save an edit and publish it at once; raises as `edit_package` does.

    Where Square can't be reached the edit is saved, and a job publishes it. An edit of neither price nor name leaves
    Square's item alone, though it may have a price of its own.
    """
    before = read_package(services.store, package_id)
    package = edit_package(services.store, act, package_id, new, seen_version=seen_version)
    is_sold_otherwise = (package.name, package.price) != (before.name, before.price)
    if not (is_sold_otherwise and package.is_active and package.differs_in_square):
        return Saved(package)
    try:
        return Saved(publish(services, act, package_id, pauses_s=()), is_published=True)
    except SquareFailed as error:
        return Saved(package, problem=error.message)


def publish_again(services: Services, job: Job) -> str:
    """Run the job that publishes a package: where Square is busy, the queue waits instead."""
    published = publish(services, job.act(SQUARE, services.clock()), job.subject, pauses_s=())
    return _("“{published}” is published.", published=published.name)


def link_item(services: Services, act: Act, package_id: str, square_variation_id: str) -> PackageView:
    """Link a package to an item that the clinic sells already; raises Refused for one Square does not have."""
    require(act.actor)
    wanted = checked_id(square_variation_id)
    try:
        variation = services.square.catalog_object(wanted)
    except SquareNotFound:
        raise Refused(
            _("Square has no such item, or no longer has it. Search again."), code="no_item"
        ) from None
    if variation.get("type") != "ITEM_VARIATION":
        raise Refused(_("That is not an item that Square POS sells."), code="no_item")
    return _listed(services, act, package_id, with_item_name(services, seen_item(variation)))


def _listed(services: Services, act: Act, package_id: str, seen: SeenItem) -> PackageView:
    return list_variation(
        services.store,
        act,
        package_id,
        square_variation_id=seen.square_variation_id,
        square_item_id=seen.square_item_id,
        square_version=seen.version,
        seen=seen,
    )


def _published(services: Services, act: Act, package: PackageView) -> SeenItem:
    standing = _current_variation(services, package)
    if standing is not None:
        return seen_item(_updated(services, act, package, standing))
    return replace(seen_item(_new_variation(services, act, package)), item_name=ITEM_NAME)


def _new_variation(services: Services, act: Act, package: PackageView) -> Json:
    item_id = _published_item(services)
    if item_id is None:
        return _new_item(services, act, package)
    wanted = {**_variation(package, _NEW_VARIATION), "present_at_all_locations": True}
    wanted["item_variation_data"]["item_id"] = item_id
    return _written(services.square.upsert_catalog_object(_key(act, package, "variation"), wanted))


def _current_variation(services: Services, package: PackageView) -> Json | None:
    _other, variation_id = listing_of(services.store, package.id)
    if variation_id is None:
        return None
    try:
        return services.square.catalog_object(variation_id)
    except SquareNotFound:
        # Deleted in Square: it is published again; late sales of the old one still count.
        return None


def _updated(services: Services, act: Act, package: PackageView, standing: Json) -> Json:
    wanted = _variation(package, text(standing.get("id")))["item_variation_data"]
    wanted["name"] = package.on_till.name if package.on_till and package.on_till.name else package.name
    if all(data_of(standing).get(name) == value for name, value in wanted.items()):
        return standing
    # Everything Square has of it is sent back: what is left out would be cleared.
    changed = {**standing, "item_variation_data": {**data_of(standing), **wanted}}
    key = _key(act, package, f"update-{version_of(standing)}")
    return _written(services.square.upsert_catalog_object(key, changed))


def _published_item(services: Services) -> str | None:
    found = [
        one for one in services.square.catalog_items_named(ITEM_NAME) if one.get("is_deleted") is not True
    ]
    ids = readable(lambda item: square_id(item.get("id"), "item id"), found, "item")
    return ids[0] if ids else None


def _new_item(services: Services, act: Act, package: PackageView) -> Json:
    wanted = {
        "type": "ITEM",
        "id": _NEW_ITEM,
        "present_at_all_locations": True,
        "item_data": {
            "name": ITEM_NAME,
            "description": DESCRIPTION,
            "product_type": "REGULAR",
            "variations": [_variation(package, _NEW_VARIATION)],
        },
    }
    written = _written(services.square.upsert_catalog_object(_key(act, package, "item"), wanted))
    variations = records(record(written.get("item_data"), "item_data").get("variations"), "variations")
    if len(variations) != 1:
        raise unreadable("the new item has not one variation")
    data = {**data_of(variations[0]), "item_id": written.get("id")}
    return {**variations[0], "item_variation_data": data}


def _variation(package: PackageView, square_variation_id: str) -> dict[str, Any]:
    return {
        "type": "ITEM_VARIATION",
        "id": square_variation_id,
        "item_variation_data": {
            "name": package.name,
            "pricing_type": "FIXED_PRICING",
            "price_money": {"amount": package.price.amount, "currency": package.price.currency},
        },
    }


def _with_retries(write: Callable[[], T], pause: Pause, pauses_s: Sequence[float]) -> T:
    """Write; where Square is busy or another writer was faster, read again and write again, a few times."""
    for seconds in pauses_s:
        try:
            return write()
        except SquareFailed as error:
            if error.code not in ("square_busy", "square_version_mismatch"):
                raise
            pause(seconds)
    return write()


def _written(answer: Json) -> Json:
    return record(answer.get("catalog_object"), "catalog_object")


def _key(act: Act, package: PackageView, step: str) -> str:
    # The same act repeated after a lost answer finds its first write under the same key.
    return hashlib.sha256(f"{act.key}:{package.id}:{step}".encode()).hexdigest()
