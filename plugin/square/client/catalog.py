"""Asking Square about what the till sells, and writing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugin.square.client.asking import ONCE, Asking, SquareNotFound
from plugin.square.fields import Json


class CatalogCalls(Asking):
    """Items and their variations."""

    def catalog_object(self, object_id: str) -> Json:
        """Return a catalog object with its current version; raises SquareNotFound, also for a deleted one."""
        found = self._one("object", lambda: self._square.catalog.object.get(object_id, request_options=ONCE))
        if found.get("is_deleted") is True:
            raise SquareNotFound("Square has deleted that item.", permanent=True, code="square_not_found")
        return found

    def catalog_items_named(self, name: str) -> list[Json]:
        """Return the live items of exactly this name."""
        query: Any = {"exact_query": {"attribute_name": "name", "attribute_value": name}}

        def page(cursor: Json) -> Any:
            return self._square.catalog.search(
                object_types=["ITEM"], query=query, request_options=ONCE, **cursor
            )

        return [one for objects in self._pages("objects", page) for one in objects]

    def upsert_catalog_object(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Write one catalog object; returns Square's whole answer, with the new ids in `id_mappings`."""
        sent: Any = wanted
        return self._ask(
            lambda: self._square.catalog.object.upsert(idempotency_key=key, object=sent, request_options=ONCE)
        )
