"""The catalog: items, variations and the rest as versioned objects; temporary ids, conflicts, tombstones."""

from datetime import datetime

from practice_square.catalog_shapes import check_object
from practice_square.events import announce_catalog
from practice_square.merchant import require_currency
from practice_square.refusals import Refusal, find, invalid, not_found, version_mismatch
from practice_square.storage import Json, Work

MAX_BATCH, MAX_TOTAL = 1000, 10000
CHILDREN = {"ITEM": ("item_data", "variations", "item_variation_data", "item_id")}


def upsert_objects(work: Work, objects: list[Json], field: str) -> Json:
    """Write objects together, all or none. Returns the objects, the id mappings and the time."""
    flat = [part for place, one in enumerate(objects) for part in _unfolded(one, f"{field}[{place}]")]
    for one, where in flat:
        check_object(one, where)
    mappings = _new_ids(work, [one for one, _ in flat])
    version = _next_version(work)
    now = work.now()
    for one, where in flat:
        _write(work, one, mappings, version, now, where)
    for one in objects:
        _drop_missing_children(work, one, mappings, version, now)
    announce_catalog(work, now)
    written = [read_object(work, _ours(mappings, one["id"])) for one in objects]
    answer: Json = {"objects": written, "updated_at": now}
    if mappings:
        answer["id_mappings"] = [
            {"client_object_id": client, "object_id": ours} for client, ours in mappings.items()
        ]
    return answer


def upsert_batches(work: Work, batches: list[Json]) -> Json:
    """Write several batches. Temporary ids are valid across the whole request."""
    objects = [one for batch in batches for one in batch["objects"]]
    if any(len(batch["objects"]) > MAX_BATCH for batch in batches) or len(objects) > MAX_TOTAL:
        raise Refusal("ARRAY_LENGTH_TOO_LONG", "Too many objects in the request.", field="batches")
    return upsert_objects(work, objects, "batches[0].objects")


def read_object(work: Work, id_: str, *, has_deleted: bool = False) -> Json:
    """Return one object with its variations inside. Raises Refusal when it does not exist (any more)."""
    kept = work.get("catalog", id_)
    if kept is None or (kept["is_deleted"] and not has_deleted):
        raise not_found("Catalog object", id_, "object_id")
    return folded(work, kept)


def folded(work: Work, kept: Json) -> Json:
    """Nest an item's variations in it, as Square returns them."""
    if kept["type"] != "ITEM":
        return kept
    variations = [
        one
        for one in work.all("catalog")
        if one["type"] == "ITEM_VARIATION"
        and one["item_variation_data"].get("item_id") == kept["id"]
        and one["is_deleted"] == kept["is_deleted"]
    ]
    variations.sort(key=lambda one: one["item_variation_data"].get("ordinal", 0))
    return kept | {"item_data": kept["item_data"] | {"variations": variations}}


def delete_object(work: Work, id_: str) -> Json:
    """Leave a tombstone for the object and, for an item, its variations."""
    whole = read_object(work, id_)
    version, now = _next_version(work), work.now()
    doomed = [whole, *whole.get("item_data", {}).get("variations", [])]
    for one in doomed:
        _bury(work, one["id"], version, now)
    announce_catalog(work, now)
    return {"deleted_object_ids": [one["id"] for one in doomed], "deleted_at": now}


def variation_with_item(work: Work, id_: str) -> tuple[Json, Json]:
    """Return a live variation and its item. Raises Refusal for anything that cannot be sold."""
    variation = work.get("catalog", id_)
    if variation is None or variation["is_deleted"] or variation["type"] != "ITEM_VARIATION":
        raise not_found("Item variation", id_, "catalog_object_id")
    item = find(work, "catalog", variation["item_variation_data"]["item_id"], "Item")
    return variation, item


def items_for_sale(work: Work) -> list[Json]:
    """List live items with their variations, in the order they were made."""
    live = [one for one in work.all("catalog") if one["type"] == "ITEM" and not one["is_deleted"]]
    return [folded(work, one) for one in live if not one["item_data"].get("is_archived")]


def _unfolded(one: Json, where: str) -> list[tuple[Json, str]]:
    if not isinstance(one, dict):
        raise Refusal("EXPECTED_OBJECT", "Expected an object.", field=where)
    data_name, list_name, child_name, parent_name = CHILDREN["ITEM"]
    data = one.get(data_name)
    if one.get("type") != "ITEM" or not isinstance(data, dict):
        return [(one, where)]
    children: list[tuple[Json, str]] = []
    for place, child in enumerate(data.get(list_name) or []):
        inside = child.get(child_name) or {}
        inside = {parent_name: one.get("id"), "ordinal": place} | {
            k: v for k, v in inside.items() if v is not None
        }
        children.append((child | {child_name: inside}, f"{where}.{data_name}.{list_name}[{place}]"))
    lone = one | {data_name: {name: value for name, value in data.items() if name != list_name}}
    return [(lone, where), *children]


def _new_ids(work: Work, objects: list[Json]) -> dict[str, str]:
    mappings: dict[str, str] = {}
    for one in objects:
        if not one["id"].startswith("#"):
            continue
        if one["id"] in mappings:
            raise invalid(f"The temporary id `{one['id']}` is used twice.", "id")
        mappings[one["id"]] = work.make_id() + "CT"
    return mappings


def _next_version(work: Work) -> int:
    """Return a version as Square's: milliseconds since 1970, and always higher than the one before."""
    now_ms = int(datetime.fromisoformat(work.now()).timestamp() * 1000)
    version = max(now_ms, int(work.note("catalog_version") or 0) + 1)
    work.keep_note("catalog_version", version)
    return version


def _write(work: Work, one: Json, mappings: dict[str, str], version: int, now: str, where: str) -> None:
    before = None if one["id"].startswith("#") else work.get("catalog", one["id"])
    if before is None and not one["id"].startswith("#"):
        raise not_found("Catalog object", one["id"], f"{where}.id")
    if before is not None:
        _check_version(before, one, where)
    mapped: Json = _mapped(one, mappings)
    _check_references(work, mapped, mappings, where)
    work.put(
        "catalog",
        {"present_at_all_locations": True}
        | {name: value for name, value in mapped.items() if value is not None}
        | {
            "version": version,
            "is_deleted": False,
            "created_at": before["created_at"] if before else now,
            "updated_at": now,
        },
    )


def _check_version(before: Json, one: Json, where: str) -> None:
    if before["is_deleted"]:
        raise not_found("Catalog object", one["id"], f"{where}.id")
    if before["type"] != one["type"]:
        raise invalid("An object cannot change its type.", f"{where}.type")
    if one.get("version") != before["version"]:
        raise version_mismatch(
            f"Object version does not match latest database version: {before['version']}.", f"{where}.version"
        )


def _check_references(work: Work, one: Json, mappings: dict[str, str], where: str) -> None:
    if one["type"] != "ITEM_VARIATION":
        return
    data = one["item_variation_data"]
    require_currency(work, data.get("price_money"), f"{where}.item_variation_data.price_money")
    item_id = data.get("item_id")
    is_known = item_id in mappings.values() or (item_id and work.get("catalog", item_id))
    if not is_known:
        raise invalid(f"Invalid object reference: `{item_id}`.", f"{where}.item_variation_data.item_id")


def _ours(mappings: dict[str, str], id_: str) -> str:
    return mappings.get(id_, id_)


def _mapped(value: Json, mappings: dict[str, str]) -> Json:
    def turn(part: object) -> object:
        if isinstance(part, str):
            return mappings.get(part, part) if part.startswith("#") else part
        if isinstance(part, list):
            return [turn(one) for one in part]
        if isinstance(part, dict):
            return {name: turn(inside) for name, inside in part.items()}
        return part

    return {name: turn(inside) for name, inside in value.items()}


def _drop_missing_children(work: Work, one: Json, mappings: dict[str, str], version: int, now: str) -> None:
    """A variation left out of its item's new version is deleted (Square replaces the item whole)."""
    if one["type"] != "ITEM":
        return
    item = work.get("catalog", _ours(mappings, one["id"]))
    if item is None:
        return
    given = {_ours(mappings, child["id"]) for child in one["item_data"].get("variations") or []}
    for child in folded(work, item)["item_data"]["variations"]:
        if child["id"] not in given and child["version"] != version:
            _bury(work, child["id"], version, now)


def _bury(work: Work, id_: str, version: int, now: str) -> None:
    kept = work.get("catalog", id_)
    if kept is not None:
        work.put("catalog", kept | {"is_deleted": True, "version": version, "updated_at": now})
