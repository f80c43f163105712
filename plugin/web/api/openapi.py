"""The OpenAPI 3.1 document, built from the table of calls and their models."""

import ast
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from typing import Any, Literal, cast

from flask import Blueprint, Response, jsonify, request
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from plugin.core.acts import Role
from plugin.version import VERSION
from plugin.web import api
from plugin.web.api.calls import KEY_HEADER, Call, Key, register
from plugin.web.api.errors import (
    API,
    BAD_TOKENS_PER_ADDRESS,
    CALLS_PER_TOKEN,
    DATABASE_AWAY,
    LARGEST_BODY,
    api_error_response,
    limit,
)
from plugin.web.api.inputs import Answer, Error, Input
from plugin.web.modules import modules_of

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
_REF = "#/components/schemas/{model}"


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
            "schemas": _schemas(calls),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _TOKEN}},
        },
    }


_ABOUT = (
    "Prepaid session packages beside Square. Money is in minor units, times are RFC 3339 in UTC, "
    "ids are opaque. Fields may be added to answers; a field that a call does not know is refused."
)
_TOKEN = "Made by `coursekeeper token add NAME --role desk|owner`."  # noqa: S105 - words about tokens
_KEY = (
    "Names one request: the same key and body again gives the first answer with 200 and changes nothing; "
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
    if call.is_write and call.takes is not None:
        operation["requestBody"] = {"required": True, "content": _json(call.takes)}
    return operation


def _who(roles: tuple[Role, ...]) -> str:
    return f"For tokens of the role {' or '.join([Role.OWNER, *roles])}."


def _parameters(call: Call) -> list[Json]:
    in_path = [part[1:-1] for part in call.path.split("/") if part.startswith("{")]
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": _ID}}
        for name in in_path
    ]
    if not call.is_write and call.takes is not None:
        found += _in_query(call.takes)
    if call.key is not Key.NONE:
        found.append(_key_parameter(call.key))
    return found


_ID = "^[A-Za-z0-9_-]{1,64}$"


def _in_query(model: type[Input]) -> list[Json]:
    fields = model.model_json_schema(schema_generator=Schemas)["properties"]
    return [
        {"name": name, "in": "query", "required": False, **_without_null(schema)}
        for name, schema in fields.items()
    ]


def _without_null(schema: Json) -> Json:
    """Return a parameter's schema apart from its description: it is omitted, never null."""
    described = {"description": schema.pop("description")} if "description" in schema else {}
    if isinstance(schema["type"], list):
        schema["type"] = schema["type"][0]
    return {"schema": schema, **described}


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
        # JSON Schema's way to state that these are bytes.
        return {"description": "The file.", "content": {call.media: {"schema": {}}}}
    return {"description": call.answer.__name__, "content": _json(call.answer)}


def _json(model: type[Input | Answer]) -> Json:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}


def _refusals(call: Call) -> set[int]:
    statuses = {401, 403, 429, 503, *call.refusals}
    if "{" in call.path or (call.takes is not None and "cursor" in call.takes.model_fields):
        statuses.add(404)
    if call.takes is not None or call.key is not Key.NONE:
        statuses.add(422)
    if call.is_write:
        statuses |= {400, 404, 409, 413, 415}
    return statuses


def _refusal(status: int) -> Json:
    answer: Json = {"description": _WHY[status], "content": _json(Error)}
    header = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    if header is not None:
        answer["headers"] = {header: {"schema": {"type": "string"}}}
    return answer


_WHY = {
    400: "The body can’t be read.",
    401: "No good token came.",
    403: "The token’s role may not do this.",
    404: "There is nothing under that id.",
    409: "A rule says no, or the key was used for something else.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A field is wrong; `field` names it.",
    429: "Too many requests.",
    502: "Square did not do it.",
    503: "Not at the moment, such as while the database is away. Send it again, a write with the same key.",
}


class Schemas(GenerateJsonSchema):
    """Generates schemas without titles; a nullable field has "null" in its type where possible."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Omit the titles of fields: they repeat the names."""
        del schema
        return False

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """Write "type": ["string", "null"] in place of a choice between two schemas."""
        inner = self.generate_inner(schema["schema"])
        if not isinstance(inner.get("type"), str):
            return super().nullable_schema(schema)
        choices = {"enum": [*inner["enum"], None]} if "enum" in inner else {}
        return {**inner, "type": [inner["type"], "null"], **choices}

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """Describe each field of an input as its model does, in a string below it."""
        made = super().model_schema(schema)
        for model in schema["cls"].__mro__:
            for name, description in _described(model).items():
                field = schema["cls"].model_fields[name]
                if field.description is None:
                    made["properties"][field.alias or name].setdefault("description", description)
        return made

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Omit a default of null: it states only that the field may be absent."""
        made = super().default_schema(schema)
        return made if made.get("default") is not None else {k: v for k, v in made.items() if k != "default"}


def _described(model: type) -> dict[str, str]:
    """Return the description of each field that an input's class has below it."""
    if not issubclass(model, Input):
        return {}
    body = cast("ast.ClassDef", ast.parse(dedent(getsource(model))).body[0]).body
    return {
        field.target.id: cleandoc(below.value.value)
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _schemas(calls: tuple[Call, ...]) -> dict[str, Json]:
    """Return the schemas of all models, each with an example."""
    answers = {call.answer for call in calls if call.answer is not None} | {Error}
    bodies = {call.takes for call in calls if call.is_write and call.takes is not None}
    models: list[tuple[type[Input | Answer], Mode]] = [
        *((model, "serialization") for model in answers),
        *((model, "validation") for model in bodies),
    ]
    _, found = models_json_schema(models, ref_template=_REF, schema_generator=Schemas)
    # Enumerations are inlined.
    schemas: dict[str, Json] = {name: each for name, each in found["$defs"].items() if "enum" not in each}
    for schema in schemas.values():
        del schema["title"]
    for schema in schemas.values():
        schema.setdefault("examples", [_example(schema, schemas)])
    return schemas


def _example(schema: Json, schemas: dict[str, Json]) -> Any:
    """Build an example from those of the parts; a nullable field is null unless it has one."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "default" in schema or "enum" in schema:
        return schema.get("default", schema.get("enum", [None])[0])
    if "properties" in schema:
        return {name: _example(part, schemas) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    return schema.get("minimum", 0) if schema.get("type") == "integer" else None


# All that the modules of the package declare.
CALLS = tuple(each for module in modules_of(api) for each in vars(module).values() if isinstance(each, Call))


def make_api(*, per_token: str = CALLS_PER_TOKEN, bad_per_address: str = BAD_TOKENS_PER_ADDRESS) -> Blueprint:
    """Return the blueprint of all calls; the limits are in Flask-Limiter's notation, such as "600 per minute"."""
    blueprint = Blueprint("api", __name__, url_prefix=API)
    limit(blueprint, per_token=per_token, bad_per_address=bad_per_address)
    blueprint.before_request(_limit_body)
    blueprint.add_url_rule("/openapi.json", "openapi", _openapi)
    register(blueprint, CALLS)
    for failure in DATABASE_AWAY:
        blueprint.register_error_handler(failure, api_error_response)
    return blueprint


def _limit_body() -> None:
    # One more than is allowed: werkzeug silently truncates a body without Content-Length.
    request.max_content_length = LARGEST_BODY + 1


def _openapi() -> Response:
    # Open to all: a tool reads it before it has a token, and it contains nothing about the clinic.
    return jsonify(document(CALLS, f"{request.script_root}{API}"))
