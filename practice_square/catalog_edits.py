"""Edits of the catalog in the Dashboard: prices and names. Each sends an event of a new catalog version."""

from practice_square.catalog import read_object, upsert_objects
from practice_square.merchant import money
from practice_square.refusals import not_found
from practice_square.storage import Json, Work


def edit_variation(work: Work, id_: str, *, price: int | None = None, name: str | None = None) -> Json:
    """Change a variation's price (minor units) or name."""
    changes: Json = {} if name is None else {"name": name}
    if price is not None:
        changes |= {"price_money": money(work, price), "pricing_type": "FIXED_PRICING"}
    return _edit(work, id_, "ITEM_VARIATION", changes)


def edit_item(work: Work, id_: str, *, name: str | None = None, is_archived: bool | None = None) -> Json:
    """Change an item's name, or take it off sale without deleting it."""
    given = {"name": name, "is_archived": is_archived}
    return _edit(work, id_, "ITEM", {key: value for key, value in given.items() if value is not None})


def _edit(work: Work, id_: str, kind: str, changes: Json) -> Json:
    before = read_object(work, id_)
    if before["type"] != kind:
        raise not_found(kind.replace("_", " ").capitalize(), id_, "id")
    data = f"{kind.lower()}_data"
    edited: Json = upsert_objects(work, [before | {data: before[data] | changes}], "objects")["objects"][0]
    return edited
