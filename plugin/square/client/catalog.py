"""Asking Square about what the till sells, and writing it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from square.core.request_options import RequestOptions

from plugin.square.client.asking import ONCE, Asking, SquareNotFound
from plugin.square.parsing import Json, listed

MOST_BY_ID = 1000


class CatalogCalls(Asking):
    """Items and their variations. Square writes one catalog change of a seller at a time, and so do we."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._writing = threading.Lock()

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

    def catalog_objects(self, object_ids: Sequence[str]) -> list[Json]:
        """Return those of the objects that there are, deleted ones too; the others are left out."""
        found: list[Json] = []
        for start in range(0, len(object_ids), MOST_BY_ID):
            some = list(object_ids[start : start + MOST_BY_ID])
            answer = self._ask(
                lambda: self._square.catalog.batch_get(
                    object_ids=some,  # noqa: B023 asked at once
                    include_deleted_objects=True,
                    request_options=ONCE,
                )
            )
            found += listed(answer.get("objects"), "objects")
        return found

    def catalog_items_with(self, words: str, *, most: int, timeout_s: float) -> list[Json]:
        """Return the first items whose name, or a variation's, holds the words."""
        options = RequestOptions(max_retries=0, timeout_in_seconds=timeout_s)  # type: ignore[typeddict-item]  # httpx takes fractions
        answer = self._ask(
            lambda: self._square.catalog.search_items(text_filter=words, limit=most, request_options=options)
        )
        return listed(answer.get("items"), "items")[:most]

    def upsert_catalog_object(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Write one catalog object; returns Square's whole answer, with the new ids in `id_mappings`."""
        sent: Any = wanted
        with self._writing:
            return self._ask(
                lambda: self._square.catalog.object.upsert(
                    idempotency_key=key, object=sent, request_options=ONCE
                )
            )
