"""The calls about the catalog, with Square's rule of one write at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, jsonify, request

from practice_square import catalog, catalog_search
from practice_square.api import api, body_of, query_of, reading, writing
from practice_square.catalog_shapes import BATCH_UPSERT, UPSERT
from practice_square.faults import is_meant
from practice_square.practice import practice_square_of
from practice_square.refusals import rate_limited
from practice_square.shapes import checked
from practice_square.storage import Json, Work


@contextmanager
def _catalog_turn() -> Iterator[None]:
    practice = practice_square_of()
    if not practice.catalog_writes.acquire(blocking=False):
        raise rate_limited()
    try:
        faults = request.environ["practice.faults"]
        if faults.slow_s and is_meant(faults, f"{request.method} {request.path}"):
            practice.pause(faults.slow_s)
        yield
    finally:
        practice.catalog_writes.release()


@api.post("/catalog/batch-upsert")
def batch_upsert_catalog() -> Response:
    with _catalog_turn():
        return writing(
            lambda work, body: catalog.upsert_batches(work, checked(body, BATCH_UPSERT)["batches"])
        )


@api.post("/catalog/object")
def upsert_catalog_object() -> Response:
    def upsert(work: Work, body: Json) -> Json:
        answer = catalog.upsert_objects(work, [checked(body, UPSERT)["object"]], "object")
        return {"catalog_object": answer["objects"][0]} | {
            name: answer[name] for name in ("id_mappings",) if name in answer
        }

    with _catalog_turn():
        return writing(upsert)


@api.get("/catalog/object/<object_id>")
def get_catalog_object(object_id: str) -> Response:
    def read(work: Work) -> Json:
        found = catalog.read_object(work, object_id)
        is_wide = request.args.get("include_related_objects") == "true"
        return {"object": found} | (catalog_search.related_to(work, found) if is_wide else {})

    return reading(read)


@api.delete("/catalog/object/<object_id>")
def delete_catalog_object(object_id: str) -> Response:
    with _catalog_turn():
        return reading(lambda work: catalog.delete_object(work, object_id))


@api.get("/catalog/list")
def list_catalog() -> Response:
    return reading(lambda work: catalog_search.list_objects(work, query_of()))


@api.get("/catalog/info")
def catalog_info() -> Response:
    limits = {
        "batch_upsert_max_objects_per_batch": catalog.MAX_BATCH,
        "batch_upsert_max_total_objects": catalog.MAX_TOTAL,
        "batch_retrieve_max_object_ids": 1000,
        "search_max_page_limit": 1000,
    }
    return jsonify({"limits": limits})


@api.post("/catalog/search")
def search_catalog() -> Response:
    body = body_of()
    return reading(lambda work: catalog_search.search_objects(work, body))


@api.post("/catalog/search-catalog-items")
def search_catalog_items() -> Response:
    body = body_of()
    return reading(lambda work: catalog_search.search_items(work, body))


@api.post("/catalog/batch-retrieve")
def batch_retrieve_catalog() -> Response:
    body = body_of()
    return reading(lambda work: catalog_search.retrieve_objects(work, body))
