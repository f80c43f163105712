"""The OpenAPI 3.1 document, built from the same rows that the routes are made from. Knows no call by name."""

from __future__ import annotations

from typing import Any

from plugin.core.acts import Role
from plugin.version import VERSION
from plugin.web.api.calls import KEY_HEADER, Call, Key
from plugin.web.api.fields import Reader
from plugin.web.api.report_schemas import REPORT_SCHEMAS
from plugin.web.api.schemas import SCHEMAS

Json = dict[str, Any]


def document(calls: tuple[Call, ...], address: str) -> Json:
    """Return the document of these calls, served at `address`."""
    paths: dict[str, Json] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Coursekeeper", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {**SCHEMAS, **REPORT_SCHEMAS},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _TOKEN}},
        },
    }


_ABOUT = (
    "Prepaid session packages beside a Square till. Money is in minor units, times are RFC 3339 in UTC, "
    "ids are opaque. Fields may be added to answers; a field that a call does not know is refused."
)
_TOKEN = "Made by `coursekeeper token add NAME --role desk|owner`."  # noqa: S105 - words about tokens
_KEY = (
    "Names one deed: the same key and body again gives the first answer with 200 and changes nothing; "
    "with another body or call it gives 409 `key_reused`."
)


def _operation(call: Call) -> Json:
    operation: Json = {
        "operationId": call.name,
        "summary": call.summary,
        "description": _who(call.roles),
        "parameters": _parameters(call),
        "responses": _answers(call),
    }
    if call.body is not None:
        body = {"required": True, "content": {"application/json": {"schema": call.body.schema}}}
        operation["requestBody"] = body
    return operation


def _who(roles: tuple[Role, ...]) -> str:
    return f"For tokens of the role {' or '.join([Role.OWNER, *roles])}."


def _parameters(call: Call) -> list[Json]:
    in_path = [part[1:-1] for part in call.path.split("/") if part.startswith("{")]
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": _ID}}
        for name in in_path
    ]
    found += [_query(name, reader) for name, reader in call.query.items()]
    if call.key is not Key.NONE:
        found.append(_key_parameter(call.key))
    return found


_ID = "^[A-Za-z0-9_-]{1,64}$"


def _query(name: str, reader: Reader) -> Json:
    schema = {key: value for key, value in reader.schema.items() if key != "description"}
    said = {"description": reader.schema["description"]} if "description" in reader.schema else {}
    return {"name": name, "in": "query", "required": False, "schema": schema, **said}


def _key_parameter(key: Key) -> Json:
    return {
        "name": KEY_HEADER,
        "in": "header",
        "required": key is Key.REQUIRED,
        "description": _KEY,
        "schema": {"type": "string", "pattern": "^[!-~]{1,80}$"},
    }


def _answers(call: Call) -> Json:
    good = _good(call)
    answers = {str(call.status): good}
    if call.status in (201, 202) and call.key is not Key.NONE:
        answers["200"] = {**good, "description": "This key came before: the first answer again."}
    for status in sorted(_refusals(call)):
        answers[str(status)] = _refusal(status)
    return answers


def _good(call: Call) -> Json:
    if call.answer is None:
        # JSON Schema's way to say that these are bytes.
        return {"description": "The paper.", "content": {"application/pdf": {"schema": {}}}}
    schema = {"$ref": f"#/components/schemas/{call.answer}"}
    return {"description": call.answer, "content": {"application/json": {"schema": schema}}}


def _refusals(call: Call) -> set[int]:
    statuses = {401, 403, 429, *call.refusals}
    if "{" in call.path or "cursor" in call.query:
        statuses.add(404)
    if call.query or call.body is not None or call.key is not Key.NONE:
        statuses.add(422)
    if call.method != "GET":
        statuses |= {400, 404, 409, 413, 415}
    return statuses


def _refusal(status: int) -> Json:
    schema = {"$ref": "#/components/schemas/Error"}
    answer: Json = {"description": _WHY[status], "content": {"application/json": {"schema": schema}}}
    header = {401: "WWW-Authenticate", 429: "Retry-After"}.get(status)
    if header is not None:
        answer["headers"] = {header: {"schema": {"type": "string"}}}
    return answer


_WHY = {
    400: "The body can't be read.",
    401: "No good token came.",
    403: "The token's role may not do this.",
    404: "There is nothing under that id.",
    409: "A rule says no, or the key was used for something else.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A field is wrong; `field` names it.",
    429: "Too many requests.",
    502: "Square did not do it.",
}
