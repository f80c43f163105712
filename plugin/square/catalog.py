"""Packages on the Square till: one item "Prepaid courses" whose variations are the packages.

A variation is written by itself, never the item around it: an item written whole loses what was left out.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, TypeVar

from plugin.core.acts import Act, require
from plugin.courses.packages import list_variation, listing_of, read_package
from plugin.courses.views import PackageView
from plugin.errors import Refused, SquareFailed
from plugin.house import House
from plugin.square.client import SquareNotFound
from plugin.square.fields import Json, record, records, square_id, text, unreadable

ITEM_NAME = "Prepaid courses"
DESCRIPTION = "Courses of sessions, paid in advance. Coursekeeper keeps count of what is left."
# Square writes one catalog change of a seller at a time and answers 429 to the others.
PAUSES_S = (0.5, 1.0, 2.0)
_NEW_ITEM = "#item"
_NEW_VARIATION = "#variation"

T = TypeVar("T")
Pause = Callable[[float], None]


def publish(house: House, act: Act, package_id: str, *, pause: Pause = time.sleep) -> PackageView:
    """Put a package on the till, or bring its name and price there up to date; again changes nothing.

    Raises NotFound, Refused for a package no longer for sale, SquareFailed.
    """
    require(act.actor)
    package = read_package(house.store, package_id)
    if not package.is_active:
        raise Refused("This package is not for sale any more.", code="not_for_sale")
    variation = _patiently(lambda: _published(house, act, package), pause)
    return list_variation(
        house.store,
        act,
        package_id,
        square_variation_id=square_id(variation.get("id"), "variation id"),
        square_item_id=square_id(_data(variation).get("item_id"), "item id"),
        square_version=_version(variation),
    )


def _published(house: House, act: Act, package: PackageView) -> Json:
    standing = _standing_variation(house, package)
    if standing is not None:
        return _brought_up_to_date(house, act, package, standing)
    item_id = _item_on_till(house)
    if item_id is None:
        return _new_item(house, act, package)
    wanted = {**_variation(package, _NEW_VARIATION), "present_at_all_locations": True}
    wanted["item_variation_data"]["item_id"] = item_id
    return _written(house.square.upsert_catalog_object(_key(act, package, "variation"), wanted))


def _standing_variation(house: House, package: PackageView) -> Json | None:
    _, variation_id = listing_of(house.store, package.id)
    if variation_id is None:
        return None
    try:
        return house.square.catalog_object(variation_id)
    except SquareNotFound:
        # Deleted at the till: it is published anew; late sales of the old one still count.
        return None


def _brought_up_to_date(house: House, act: Act, package: PackageView, standing: Json) -> Json:
    wanted = _variation(package, text(standing.get("id")))["item_variation_data"]
    if all(_data(standing).get(name) == value for name, value in wanted.items()):
        return standing
    # All that stands in Square is sent back with it: what is left out would be cleared.
    changed = {**standing, "item_variation_data": {**_data(standing), **wanted}}
    key = _key(act, package, f"update-{_version(standing)}")
    return _written(house.square.upsert_catalog_object(key, changed))


def _item_on_till(house: House) -> str | None:
    for item in house.square.catalog_items_named(ITEM_NAME):
        if item.get("is_deleted") is not True:
            return square_id(item.get("id"), "item id")
    return None


def _new_item(house: House, act: Act, package: PackageView) -> Json:
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
    written = _written(house.square.upsert_catalog_object(_key(act, package, "item"), wanted))
    variations = records(record(written.get("item_data"), "item_data").get("variations"), "variations")
    if len(variations) != 1:
        raise unreadable("the new item has not one variation")
    data = {**_data(variations[0]), "item_id": written.get("id")}
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


def _patiently(write: Callable[[], T], pause: Pause) -> T:
    """Write; where Square is busy or somebody else was faster, read again and write again, a few times."""
    for seconds in PAUSES_S:
        try:
            return write()
        except SquareFailed as error:
            if error.code not in ("square_busy", "square_version_mismatch"):
                raise
            pause(seconds)
    return write()


def _written(answer: Json) -> Json:
    return record(answer.get("catalog_object"), "catalog_object")


def _data(variation: Json) -> Json:
    return record(variation.get("item_variation_data"), "item_variation_data")


def _version(variation: Json) -> int:
    version = variation.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise unreadable("version")
    return version


def _key(act: Act, package: PackageView, step: str) -> str:
    # The same act sent again after a lost answer finds its first write under the same key.
    return hashlib.sha256(f"{act.key}:{package.id}:{step}".encode()).hexdigest()
