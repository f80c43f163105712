"""The part of Square's OpenAPI document that is stored: whole for what is used of it, and without the rest."""

from practice_square.events import EVENT_TYPES
from tests.practice_square.contract import CALLS, DOCUMENT, document, event_schema
from tests.square_contract.cut import NEVER_PUBLISHED, cut, references, text_of

SCHEMAS = document()["components"]["schemas"]


def test_every_call_and_event_of_this_project_is_in_it() -> None:
    held = {(method.upper(), path) for path, calls in document()["paths"].items() for method in calls}
    assert sorted(set(CALLS) - held) == []
    assert sorted({event_schema(type_) for type_ in EVENT_TYPES} - set(SCHEMAS)) == []


def test_every_schema_that_another_refers_to_is_in_it() -> None:
    assert set(references(document())) - set(SCHEMAS) == NEVER_PUBLISHED


def test_it_holds_nothing_else_and_stands_as_the_script_writes_it() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == text_of(cut(document(), CALLS, EVENT_TYPES)) + "\n"


def test_the_rules_of_its_schemas_survived_the_cut() -> None:
    payment = SCHEMAS["CreatePaymentRequest"]
    assert payment["required"] == ["source_id", "idempotency_key"]
    assert payment["properties"]["idempotency_key"]["maxLength"] == 45
    assert "INSTANT_PROFILE" in SCHEMAS["CustomerCreationSource"]["enum"]
    assert SCHEMAS["Payment"]["properties"]["id"]["readOnly"]
    assert SCHEMAS["OrderLineItem"]["properties"]["note"]["nullable"]
    assert SCHEMAS["Customer"]["properties"]["version"]["format"] == "int64"


def test_prose_examples_and_what_nobody_refers_to_are_cut_away() -> None:
    get = {
        "description": "Prose.",
        "security": [{"oauth2": ["A"]}],
        "parameters": [
            {"name": "limit", "in": "query", "description": "Prose.", "schema": {"type": "integer"}}
        ],
        "responses": {"200": _body("Answer"), "400": _body("Unused")},
    }
    text = {"type": "string", "description": "Prose.", "maxLength": 3, "example": "abc"}
    whole = {
        "openapi": "3.0.0",
        "info": {"title": "T", "version": "1", "license": {"name": "L"}, "description": "Prose."},
        "paths": {"/v2/a": {"get": get, "post": {}}, "/v2/b": {"get": {}}},
        "components": {
            "securitySchemes": {"oauth2": {"flows": {"authorizationCode": {"scopes": {"A": "Prose."}}}}},
            "schemas": {
                "Answer": {"type": "object", "properties": {"description": text, "told": _to("Told")}},
                "Told": {"type": "array", "items": _to("Deep"), "x-release-status": "DEPRECATED"},
                "Deep": {"type": "object", "additionalProperties": _to("Error")},
                "Error": {"type": "string", "enum": ["E"], "x-enum-elements": [{"name": "E"}]},
                "Unused": {"type": "string"},
            },
        },
    }

    part = cut(whole, [("GET", "/v2/a")], [])

    assert "Prose." not in text_of(part)
    assert part["paths"] == {
        "/v2/a": {
            "get": {
                "security": [{"oauth2": ["A"]}],
                "parameters": [{"name": "limit", "in": "query"}],
                "responses": {"200": _body("Answer")},
            }
        }
    }
    assert part["components"]["schemas"] == {
        "Answer": {
            "type": "object",
            "properties": {"description": {"type": "string", "maxLength": 3}, "told": _to("Told")},
        },
        "Deep": {"type": "object", "additionalProperties": _to("Error")},
        "Error": {"type": "string", "enum": ["E"]},
        "Told": {"type": "array", "items": _to("Deep"), "x-release-status": "DEPRECATED"},
    }


def _to(name: str) -> dict[str, object]:
    return {"$ref": f"#/components/schemas/{name}"}


def _body(name: str) -> dict[str, object]:
    return {"content": {"application/json": {"schema": _to(name)}}}
