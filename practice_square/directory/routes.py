"""The calls about customer custom attributes and their definitions."""

from __future__ import annotations

from flask import Response, request

from practice_square.api import api, query_of, reading, writing
from practice_square.directory import attributes, definitions


@api.get("/customers/custom-attribute-definitions")
def list_definitions() -> Response:
    query = query_of()
    return reading(lambda work: definitions.list_definitions(work, query))


@api.post("/customers/custom-attribute-definitions")
def create_definition() -> Response:
    return writing(definitions.create_definition)


@api.get("/customers/custom-attribute-definitions/<key>")
def get_definition(key: str) -> Response:
    version = request.args.get("version")
    return reading(lambda work: definitions.read_definition(work, key, version))


@api.put("/customers/custom-attribute-definitions/<key>")
def update_definition(key: str) -> Response:
    return writing(lambda work, body: definitions.update_definition(work, key, body))


@api.delete("/customers/custom-attribute-definitions/<key>")
def delete_definition(key: str) -> Response:
    return reading(lambda work: definitions.delete_definition(work, key))


@api.post("/customers/custom-attributes/bulk-upsert")
def upsert_attributes() -> Response:
    return writing(attributes.upsert_many)


@api.get("/customers/<customer_id>/custom-attributes")
def list_attributes(customer_id: str) -> Response:
    query = query_of()
    return reading(lambda work: attributes.list_attributes(work, customer_id, query))


@api.get("/customers/<customer_id>/custom-attributes/<key>")
def get_attribute(customer_id: str, key: str) -> Response:
    query = query_of()
    return reading(lambda work: attributes.read_attribute(work, customer_id, key, query))


@api.post("/customers/<customer_id>/custom-attributes/<key>")
def upsert_attribute(customer_id: str, key: str) -> Response:
    return writing(lambda work, body: attributes.upsert_attribute(work, customer_id, key, body))


@api.delete("/customers/<customer_id>/custom-attributes/<key>")
def delete_attribute(customer_id: str, key: str) -> Response:
    return reading(lambda work: attributes.delete_attribute(work, customer_id, key))
