"""Cuts Square's OpenAPI document down to what the tests hold traffic against.

    .venv/bin/python -m tests.square_contract.cut PATH/TO/api.json

Run by hand, after a call or an event was added to this project or Square published a new version. Square publishes
the whole document as `api.json` in the repository square/connect-api-specification; no test needs it. What is kept:
the operations of `CALLS`, the events of `EVENT_TYPES`, every schema those lead to, the scopes. Prose and examples go.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from practice_square.events import EVENT_TYPES
from tests.practice_square.contract import CALLS, DOCUMENT, event_schema

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"

# The rules of a schema; what is not named here is prose, an example or a note to Square's own tools.
_OF_SCHEMA = frozenset(
    {
        *("$ref", "type", "format", "nullable", "readOnly", "required", "enum", "pattern"),
        *("minLength", "maxLength", "minimum", "maximum"),
    }
)
_JSON = "application/json"
_STATUS, _DEPRECATED = "x-release-status", "DEPRECATED"
_WIDTH = 116
# Square's document refers to it and does not hold it.
NEVER_PUBLISHED = frozenset({"CatalogModifierToggleOverrideType"})


def cut(whole: Json, calls: Iterable[tuple[str, str]], event_types: Iterable[str]) -> Json:
    """Return the part of the document that these calls and events need, with every schema they lead to."""
    paths: Json = {}
    for method, path in calls:
        operation = _operation(whole["paths"][path][method.lower()])
        paths.setdefault(path, {})[method.lower()] = operation
    roots = {*references(paths), *map(event_schema, event_types), "Error"}
    scopes = _scopes(whole)
    return {
        "openapi": whole["openapi"],
        "info": {name: whole["info"][name] for name in ("title", "version", "license")},
        "paths": {path: dict(sorted(paths[path].items())) for path in sorted(paths)},
        "components": {
            "securitySchemes": {"oauth2": {"flows": {"authorizationCode": {"scopes": scopes}}}},
            "schemas": _schemas(whole["components"]["schemas"], roots),
        },
    }


def references(part: object) -> Iterator[str]:
    """Yield the name of every schema that this part of the document refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].removeprefix(SCHEMAS)
        for one in part.values():
            yield from references(one)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)


def text_of(value: object, indent: str = "") -> str:
    """Write JSON whose parts stand on a line each as soon as one line is too short: small, and a diff can be read."""
    flat = json.dumps(value)
    if len(indent + flat) <= _WIDTH or not isinstance(value, dict | list):
        return flat
    deeper = indent + " "
    if isinstance(value, list):
        parts = [text_of(one, deeper) for one in value]
    else:
        parts = [f"{json.dumps(name)}: {text_of(one, deeper)}" for name, one in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return opening + ",".join(f"\n{deeper}{part}" for part in parts) + f"\n{indent}{closing}"


def _operation(whole: Json) -> Json:
    kept: Json = {"security": whole.get("security", [])}
    if parameters := whole.get("parameters"):
        kept["parameters"] = [{"name": one["name"], "in": one["in"]} for one in parameters]
    if "requestBody" in whole:
        kept["requestBody"] = _body(whole["requestBody"])
    kept["responses"] = {"200": _body(whole["responses"]["200"])}
    return kept


def _body(whole: Json) -> Json:
    return {"content": {_JSON: {"schema": _schema(whole["content"][_JSON]["schema"])}}}


def _schema(whole: Json) -> Json:
    kept = {name: whole[name] for name in whole if name in _OF_SCHEMA}
    if whole.get(_STATUS) == _DEPRECATED:
        kept[_STATUS] = _DEPRECATED
    if "items" in whole:
        kept["items"] = _schema(whole["items"])
    if isinstance(whole.get("additionalProperties"), dict):
        kept["additionalProperties"] = _schema(whole["additionalProperties"])
    if "properties" in whole:
        kept["properties"] = {name: _schema(one) for name, one in whole["properties"].items()}
    return kept


def _schemas(whole: Mapping[str, Json], roots: Iterable[str]) -> Json:
    kept: Json = {}
    open_ones = list(roots)
    while open_ones:
        name = open_ones.pop()
        if name not in kept and name not in NEVER_PUBLISHED:
            kept[name] = _schema(whole[name])
            open_ones.extend(references(kept[name]))
    return dict(sorted(kept.items()))


def _scopes(whole: Json) -> Json:
    flow = whole["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    return dict.fromkeys(sorted(flow["scopes"]), "")


def main(arguments: list[str]) -> int:
    """Cut the document named on the command line; return the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    whole = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    DOCUMENT.write_text(text_of(cut(whole, CALLS, EVENT_TYPES)) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
