"""Definitions of customer custom attributes: their owner, visibility and value kinds.

The application that calls is always the same; definitions of others (the seller's own fields, other applications)
come from the control interface, to test beside them.
"""

import re

from practice_square.cursors import page_of
from practice_square.directory.value_kinds import read_kind
from practice_square.listings import read_limit
from practice_square.merchant import application_id
from practice_square.refusals import Refusal, bad_request, invalid, missing, not_found
from practice_square.shapes import Record, Text, Whole, checked
from practice_square.storage import Json, Work

VISIBILITIES = ("VISIBILITY_HIDDEN", "VISIBILITY_READ_ONLY", "VISIBILITY_READ_WRITE_VALUES")
SELLER = "square"
SIMPLE_KEY = re.compile(r"[A-Za-z0-9._-]{1,60}")
DEFINITION = Record(
    required=True,
    key=Text(1),
    name=Text(most=255),
    description=Text(most=255),
    visibility=Text(one_of=VISIBILITIES),
    schema=Record(),
    version=Whole(),
)
CREATE = Record(custom_attribute_definition=DEFINITION, idempotency_key=Text(most=45))
PREFIX = "custom_attribute_definition"
USUAL_LIMIT = "20"


def create_definition(work: Work, body: Json) -> Json:
    """Define an attribute of the calling application's own."""
    given = checked(body, CREATE)[PREFIX]
    return {PREFIX: as_seen(work, define(work, given, application_id(work)))}


def define(work: Work, given: Json, owner: str) -> Json:
    """Define an attribute for an owner. Raises Refusal for a bad key, a key or name taken, or a missing name."""
    key = given.get("key") or ""
    if not SIMPLE_KEY.fullmatch(key):
        raise invalid("A key is 1 to 60 letters, digits, `.`, `_` or `-`.", f"{PREFIX}.key")
    read_kind(given.get("schema"), f"{PREFIX}.schema")
    definition = {
        "id": f"{owner}:{key}",
        "owner": owner,
        "key": key,
        "visibility": given.get("visibility") or "VISIBILITY_HIDDEN",
        "schema": given["schema"],
        "version": 1,
        **work.stamps(),
    }
    definition |= {name: given[name] for name in ("name", "description") if given.get(name)}
    if work.get("definition", definition["id"]) is not None:
        raise Refusal("CONFLICT", "A matching definition already exists.", status=409, field=f"{PREFIX}.key")
    _check_names(work, definition)
    return work.put("definition", definition)


def read_definition(work: Work, key: str, version: str | None = None) -> Json:
    definition = find_definition(work, key)
    require_version_reached(definition, version)
    return {PREFIX: as_seen(work, definition)}


def find_definition(work: Work, key: str) -> Json:
    """Return a definition by a simple key (one's own) or a qualified one. Hidden ones of others do not exist."""
    own = application_id(work)
    definition = work.get("definition", key if ":" in key else f"{own}:{key}")
    if definition is None or not _is_visible(definition, own):
        raise not_found("Custom attribute definition", key, "key")
    return definition


def list_definitions(work: Work, query: Json) -> Json:
    own = application_id(work)
    page = page_of(
        work,
        "definition",
        query,
        read_limit(query.get("limit") or USUAL_LIMIT, 100),
        fits=lambda one: _is_visible(one, own),
        told=lambda one: as_seen(work, one),
    )
    return page.as_body(f"{PREFIX}s")


def update_definition(work: Work, key: str, body: Json) -> Json:
    """Change name, description or visibility; the rest can't be changed."""
    given = checked(body, CREATE)[PREFIX]
    definition = _own(work, key)
    require_current(definition, given.get("version"), f"{PREFIX}.version")
    for name in ("key", "schema"):
        if given.get(name) not in (None, definition[name]):
            raise invalid(f"`{name}` cannot be changed.", f"{PREFIX}.{name}")
    changed = definition | {
        name: given[name] for name in ("name", "description", "visibility") if given.get(name)
    }
    _check_names(work, changed)
    if changed != definition:
        changed |= {"version": definition["version"] + 1, "updated_at": work.now()}
    return {PREFIX: as_seen(work, work.put("definition", changed))}


def delete_definition(work: Work, key: str) -> Json:
    """Delete a definition of one's own, and with it the value on every profile."""
    definition = _own(work, key)
    work.remove("definition", definition["id"])
    for kept in work.all("attributes"):
        if kept["values"].pop(definition["id"], None) is not None:
            work.put("attributes", kept)
    return {}


def as_seen(work: Work, definition: Json) -> Json:
    """Write a definition as the calling application sees it: its own by simple key, others' by qualified key."""
    return {name: value for name, value in definition.items() if name not in ("id", "owner")} | {
        "key": key_as_seen(work, definition)
    }


def key_as_seen(work: Work, definition: Json) -> str:
    is_own = definition["owner"] == application_id(work)
    return str(definition["key"] if is_own else definition["id"])


def require_current(kept: Json, version: int | None, field: str) -> None:
    """Raises Refusal for a stale version, or one that was never reached. None and -1 skip the check."""
    if version in (None, -1, kept["version"]):
        return
    if version is not None and version > kept["version"]:
        raise bad_request(f"The current version is {kept['version']}.", field)
    raise Refusal("CONFLICT", f"Stale version: the current is {kept['version']}.", status=409, field=field)


def require_version_reached(kept: Json, version: str | None) -> None:
    """Raises Refusal for a read that asks for a version not written yet."""
    if version is not None and (not version.isdigit() or int(version) > kept["version"]):
        raise bad_request(f"The current version is {kept['version']}.", "version")


def _own(work: Work, key: str) -> Json:
    definition = find_definition(work, key)
    if definition["owner"] != application_id(work):
        raise Refusal("FORBIDDEN", "Only the owner can change a definition.", status=403, field="key")
    return definition


def _is_visible(definition: Json, to: str) -> bool:
    return bool(definition["owner"] == to or definition["visibility"] != "VISIBILITY_HIDDEN")


def _check_names(work: Work, definition: Json) -> None:
    if definition["visibility"] != "VISIBILITY_HIDDEN":
        for name in ("name", "description"):
            if not definition.get(name):
                raise missing(f"{PREFIX}.{name}", f"A visible definition needs a {name}.")
    for other in work.all("definition"):
        if other["id"] != definition["id"] and other.get("name") == definition.get("name", ""):
            raise invalid("Another definition has this name already.", f"{PREFIX}.name")
