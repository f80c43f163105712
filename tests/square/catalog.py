"""The starting catalog as it is in Square. Independent of the tests."""

from __future__ import annotations

from typing import Any

from plugin.core.acts import Act
from plugin.courses.catalog.links import ITEM_NAME
from plugin.square.catalog import link_item
from practice_square.demo.packages import default_catalog
from practice_square.practice import Practice
from tests.square.clinic import OWNER, Clinic

Json = dict[str, Any]


class Shelf:
    """Copies the catalog into a Square as the first clinic of this run left it there.

    Publishing has tests of its own; for all others it would be a third of their time.
    """

    def __init__(self) -> None:
        self._objects: list[Json] = []
        self._version = 0
        self._sold_as: dict[str, str] = {}

    def open(self, clinic: Clinic, till: Practice) -> None:
        """Open the shop: by publishing where no one has yet, or where this Square has a clinic already."""
        if not self._objects:
            clinic.open_shop()
            self._remember(clinic, till)
        elif _courses(till):
            clinic.open_shop()
        else:
            self._put_back(till)
            self._link(clinic)

    def _remember(self, clinic: Clinic, till: Practice) -> None:
        self._objects = _courses(till)
        with till.store.work() as work:
            self._version = work.note("catalog_version")
        self._sold_as = {name: package.square_variation_id or "" for name, package in clinic.packages.items()}

    def _put_back(self, till: Practice) -> None:
        with till.store.work() as work:
            for one in self._objects:
                work.put("catalog", one)
            work.keep_note("catalog_version", self._version)

    def _link(self, clinic: Clinic) -> None:
        act = Act(OWNER, clinic.clock(), "opening")
        for package in default_catalog(clinic.services.store, act):
            name = "ten" if "10" in package.name else "twelve"
            clinic.packages[name] = link_item(clinic.services, act, package.id, self._sold_as[name])


def _courses(till: Practice) -> list[Json]:
    """Return our item and its variations, as Square stores them."""
    with till.store.work() as work:
        kept = work.all("catalog")
    ours = {one["id"] for one in kept if one.get("item_data", {}).get("name") == ITEM_NAME}
    return [
        one for one in kept if one["id"] in ours or one.get("item_variation_data", {}).get("item_id") in ours
    ]
