"""Calls about the catalog: what Square POS sells."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from plugin.core.batches import batched
from plugin.square.client.asking import Asking, SquareNotFound
from plugin.square.parsing import Json, listed

MOST_BY_ID = 1000


class CatalogCalls(Asking):
    """Items and their variations. Square writes one catalog change of a seller at a time, and so do we."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._writing = threading.Lock()

    def catalog_object(self, object_id: str) -> Json:
        """Return a catalog object with its current version; raises SquareNotFound, also for a deleted one."""
        found = self._one("object", "GET v2/catalog/object/{}", object_id)
        if found.get("is_deleted") is True:
            raise SquareNotFound("Square has deleted that item.", permanent=True, code="square_not_found")
        return found

    def catalog_items_named(self, name: str) -> list[Json]:
        """Return the live items of exactly this name."""
        query = {"exact_query": {"attribute_name": "name", "attribute_value": name}}
        return self._all("objects", "POST v2/catalog/search", object_types=["ITEM"], query=query)

    def catalog_objects(self, object_ids: Sequence[str]) -> list[Json]:
        """Return those of the objects that exist, deleted ones too."""
        found: list[Json] = []
        for some in batched(object_ids, MOST_BY_ID):
            answer = self._ask(
                "POST v2/catalog/batch-retrieve", object_ids=some, include_deleted_objects=True
            )
            found += listed(answer.get("objects"), "objects")
        return found

    def catalog_items_with(self, words: str, *, most: int, timeout_s: float) -> list[Json]:
        """Return the first items whose name, or a variation's, contains the words."""
        answer = self._ask(
            "POST v2/catalog/search-catalog-items",
            text_filter=words,
            limit=most,
            timeout_s=timeout_s,
        )
        return listed(answer.get("items"), "items")[:most]

    def upsert_catalog_object(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Write one catalog object; returns Square's whole answer, with the new ids in `id_mappings`."""
        with self._writing:
            return self._ask("POST v2/catalog/object", idempotency_key=key, object=wanted)
