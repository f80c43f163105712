"""The starting catalog as it is in Square. Independent of the tests."""

from typing import Any

from plugin.core.acts import Act
from plugin.courses.base.views import PackageView
from plugin.courses.catalog.links import ITEM_NAME, SeenItem
from plugin.courses.catalog.packages import list_variation
from plugin.square.catalog import seen_item, with_item_name
from plugin.store import Store
from practice_square.demo.packages import default_catalog
from practice_square.practice import Practice
from tests.replay import once
from tests.square.clinic import OWNER, Clinic

Json = dict[str, Any]


class Shelf:
    """Copies the catalog into a Square as the first clinic of this run left it there.

    Publishing has tests of its own; for all others it would be a third of their time.
    """

    def __init__(self) -> None:
        self._objects: list[Json] = []
        self._version = 0
        self._seen: dict[str, SeenItem] = {}

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
        self._seen = {name: _seen(clinic, package) for name, package in clinic.packages.items()}

    def _put_back(self, till: Practice) -> None:
        with till.store.work() as work:
            for one in self._objects:
                work.put("catalog", one)
            work.keep_note("catalog_version", self._version)

    def _link(self, clinic: Clinic) -> None:
        act, store = Act(OWNER, clinic.clock(), "opening"), clinic.services.store
        clinic.packages.update(once(store, ("shelf", act), lambda: self._linked(store, act)))

    def _linked(self, store: Store, act: Act) -> dict[str, PackageView]:
        linked = {}
        for package in default_catalog(store, act):
            name = "ten" if "10" in package.name else "twelve"
            seen = self._seen[name]
            linked[name] = list_variation(
                store,
                act,
                package.id,
                square_variation_id=seen.square_variation_id,
                square_item_id=seen.square_item_id,
                square_version=seen.version,
                seen=seen,
            )
        return linked


def _seen(clinic: Clinic, package: PackageView) -> SeenItem:
    """Return what Square answers when a clinic links the package, so that the next clinic need not ask."""
    variation = clinic.services.square.catalog_object(package.square_variation_id or "")
    return with_item_name(clinic.services, seen_item(variation))


def _courses(till: Practice) -> list[Json]:
    """Return our item and its variations, as Square stores them."""
    with till.store.work() as work:
        kept = work.all("catalog")
    ours = {one["id"] for one in kept if one.get("item_data", {}).get("name") == ITEM_NAME}
    return [
        one for one in kept if one["id"] in ours or one.get("item_variation_data", {}).get("item_id") in ours
    ]
