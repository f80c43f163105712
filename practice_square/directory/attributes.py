"""Values of custom attributes on customer profiles: stored per profile, checked against their definitions.

Square does not document what a merge does to them. Here a merge and a deletion drop them, so that a caller who
writes values must write them again for the new profile.
"""

from collections.abc import Iterator
from typing import Any

from practice_square.cursors import cut_page, read_cursor
from practice_square.customers import read_customer
from practice_square.directory.definitions import (
    SELLER,
    USUAL_LIMIT,
    as_seen,
    find_definition,
    key_as_seen,
    require_current,
    require_version_reached,
)
from practice_square.directory.value_kinds import check_value, read_kind
from practice_square.idempotency import once
from practice_square.listings import read_limit
from practice_square.merchant import application_id
from practice_square.refusals import Refusal, bad_request, invalid, missing, not_found
from practice_square.shapes import Record, Text, Whole, checked
from practice_square.storage import Json, Place, Work

ATTRIBUTE = Record(required=True, key=Text(1), version=Whole())
UPSERT = Record(custom_attribute=ATTRIBUTE, idempotency_key=Text(most=45))
ONE_OF_MANY = Record(required=True, **{**UPSERT.fields, "customer_id": Text(1, required=True)})
MOST_AT_ONCE = 25


def upsert_attribute(work: Work, customer_id: str, key: str, body: Json) -> Json:
    """Set a value. Raises Refusal for a stale version, a wrong kind, or a read-only attribute."""
    given = checked(body, UPSERT)["custom_attribute"]
    definition = find_definition(work, key)
    _require_writable(definition, application_id(work))
    _require_profile(work, customer_id)
    return {"custom_attribute": _told(work, definition, _write(work, customer_id, definition, given), False)}


def upsert_many(work: Work, body: Json) -> Json:
    """Set up to 25 values; each succeeds or fails by itself."""
    values = checked(body, Record(values=Record(required=True)))["values"]
    if not 1 <= len(values) <= MOST_AT_ONCE:
        raise invalid(f"Between 1 and {MOST_AT_ONCE} values at once.", "values")
    return {"values": {name: _upsert_one(work, name, one) for name, one in values.items()}}


def set_as_seller(work: Work, customer_id: str, key: str, value: Any) -> Json:
    """Let the seller type a value in the Dashboard: only into fields others may write."""
    definition = find_definition(work, key)
    _require_writable(definition, SELLER)
    return _told(work, definition, _write(work, customer_id, definition, {"value": value}), False)


def read_attribute(work: Work, customer_id: str, key: str, query: Json) -> Json:
    definition = find_definition(work, key)
    kept = _values(work, read_customer(work, customer_id)["id"]).get(definition["id"])
    if kept is None:
        raise not_found("Custom attribute", key, "key")
    require_version_reached(kept, query.get("version"))
    return {"custom_attribute": _told(work, definition, kept, query.get("with_definition") == "true")}


def list_attributes(work: Work, customer_id: str, query: Json) -> Json:
    has_definitions = query.get("with_definitions") == "true"
    reached = read_cursor(query.get("cursor"), query)
    found = [
        (place, _told(work, definition, kept, has_definitions))
        for place, definition, kept in _visible_values(work, read_customer(work, customer_id)["id"])
        if reached.place is None or place > reached.place
    ]
    page = cut_page(
        work,
        found,
        query=query,
        reached=reached,
        limit=read_limit(query.get("limit") or USUAL_LIMIT, 100),
    )
    return page.as_body("custom_attributes")


def delete_attribute(work: Work, customer_id: str, key: str) -> Json:
    definition = find_definition(work, key)
    _require_writable(definition, application_id(work))
    kept = work.get("attributes", customer_id)
    if kept is None or kept["values"].pop(definition["id"], None) is None:
        raise not_found("Custom attribute", key, "key")
    work.put("attributes", kept)
    return {}


def attributes_on_profile(work: Work, customer_id: str) -> list[Json]:
    """List what the seller's directory shows of a profile: names and values of all that is not hidden."""
    shown = []
    for id_, kept in _values(work, customer_id).items():
        definition = work.get("definition", id_)
        if definition is not None and definition["visibility"] != "VISIBILITY_HIDDEN":
            shown.append({"name": definition["name"], "value": kept["value"]})
    return shown


def _upsert_one(work: Work, name: str, one: Any) -> Json:
    try:
        checked({name: one}, Record(required=False, **{name: ONE_OF_MANY}))
        customer_id, key = one["customer_id"], one["custom_attribute"].get("key")
        if not key:
            raise missing(f"{name}.custom_attribute.key")
        answer = once(
            work, f"upsert:{customer_id}:{key}", one, lambda: upsert_attribute(work, customer_id, key, one)
        )
    except Refusal as refused:
        return refused.body()
    return {"customer_id": customer_id} | answer


def _write(work: Work, customer_id: str, definition: Json, given: Json) -> Json:
    value = given.get("value")
    field = "custom_attribute.value"
    if value is None:
        raise missing(field)
    check_value(value, read_kind(definition["schema"], field), field)
    now = work.now()
    profile = work.get("attributes", customer_id) or {"id": customer_id, "values": {}, "created_at": now}
    before = profile["values"].get(definition["id"])
    if before is not None:
        require_current(before, given.get("version"), "custom_attribute.version")
    elif given.get("version") not in (None, -1, 0):
        raise bad_request("There is no such version yet.", "custom_attribute.version")
    written = before or {"version": 0, "created_at": now, "value": None}
    if written["value"] != value:
        written = written | {"value": value, "version": written["version"] + 1, "updated_at": now}
    profile["values"][definition["id"]] = written
    work.put("attributes", profile | {"updated_at": now})
    return written


def _visible_values(work: Work, customer_id: str) -> Iterator[tuple[Place, Json, Json]]:
    for id_, kept in sorted(_values(work, customer_id).items()):
        try:
            yield (id_, 0), find_definition(work, id_), kept
        except Refusal:
            continue


def _values(work: Work, customer_id: str) -> Json:
    kept = work.get("attributes", customer_id)
    values: Json = kept["values"] if kept else {}
    return values


def _require_profile(work: Work, customer_id: str) -> None:
    # As with a profile's own fields: reading follows a merge, writing needs the current id.
    if work.get("customer", customer_id) is None:
        raise not_found("Customer", customer_id, "customer_id")


def _require_writable(definition: Json, by: str) -> None:
    if definition["owner"] != by and definition["visibility"] != "VISIBILITY_READ_WRITE_VALUES":
        raise Refusal("FORBIDDEN", "This attribute may only be read.", status=403, field="key")


def _told(work: Work, definition: Json, kept: Json, has_definition: bool) -> Json:
    told = {
        "key": key_as_seen(work, definition),
        "value": kept["value"],
        "version": kept["version"],
        "visibility": definition["visibility"],
        "created_at": kept["created_at"],
        "updated_at": kept["updated_at"],
    }
    return told | ({"definition": as_seen(work, definition)} if has_definition else {})
