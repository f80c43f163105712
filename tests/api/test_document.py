"""The OpenAPI document: it names exactly the calls there are, and its examples keep its own promises."""

import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from plugin.version import VERSION
from plugin.web.api.openapi import CALLS
from tests.api.caller import Caller
from tests.api.schema_check import Promise, resolved

# As the shapes were agreed on; more may be added, these stay.
SHAPES = {
    "Package": "id name price contents terms version active square_variation_id",
    "Content": "treatment sessions single_price usable_from_session",
    "Client": "id name phone email language square_customer_id",
    "Course": (
        "id client_id package_id package_name status sold_at expires_on paid value_left square_order_id"
        " allowances entries"
    ),
    "Allowance": "id treatment granted used left value_left",
    "Entry": (
        "id allowance_id seq kind sessions_delta sessions_after value_delta value_after happened_at written_at"
        " by source reason reverses"
    ),
    "Money": "amount currency",
    "Error": "error",
    "EntryWritten": "entry sessions_left",
    "SessionUsed": "entry sessions_left already_used_today earlier_entries",
    "EarlierEntry": "entry_id happened_at by session_number",
    "AttentionItem": (
        "id kind summary square_order_id square_refund_id proposal opened_at resolved_at decisions"
        " proposed_decision proposed_sessions proposed_course_id answer"
    ),
}


@pytest.fixture
def document(small_app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = small_app.test_client().get("/api/v1/openapi.json").get_json()
    return found


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert (document["openapi"], document["info"]["version"]) == ("3.1.0", VERSION)
    assert document["servers"] == [{"url": "/api/v1"}]


def test_it_names_every_route_and_no_other(small_app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in small_app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert told == routes


def test_it_is_the_same_below_a_prefix(small_app: Flask) -> None:
    answer = small_app.test_client().get(
        "/api/v1/openapi.json", environ_overrides={"SCRIPT_NAME": "/courses"}
    )
    assert answer.get_json()["servers"] == [{"url": "/courses/api/v1"}]


def test_the_shapes_hold_what_was_agreed(document: dict[str, Any]) -> None:
    for name, fields in SHAPES.items():
        schema = document["components"]["schemas"][name]
        assert set(fields.split()) <= set(schema["properties"]), name
        assert set(schema["properties"]) == set(schema["required"]), name


def test_every_example_keeps_the_promise(document: dict[str, Any]) -> None:
    promise = Promise(document)
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema["examples"], name
        for example in schema["examples"]:
            promise.check_shape({"$ref": f"#/components/schemas/{name}"}, example)


def test_every_body_has_examples_that_its_call_takes(document: dict[str, Any]) -> None:
    paths = resolved(document)
    for call in CALLS:
        if call.is_write and call.takes is not None:
            body = paths[call.path][call.method.lower()]["requestBody"]
            schema = body["content"]["application/json"]["schema"]
            for example in schema["examples"]:
                Draft202012Validator(schema).validate(example)
                call.takes.read(example)


def test_every_call_says_how_it_refuses(document: dict[str, Any]) -> None:
    error = {"$ref": "#/components/schemas/Error"}
    for call in CALLS:
        operation = document["paths"][call.path][call.method.lower()]
        assert operation["operationId"] == call.name
        assert {"401", "403", "429", "503", str(call.status)} <= set(operation["responses"]), call.name
        refusals = [answer for status, answer in operation["responses"].items() if int(status) >= 400]
        assert all(answer["content"]["application/json"]["schema"] == error for answer in refusals), call.name


def test_a_use_says_that_it_needs_a_key(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/courses/{course_id}/redemptions"]["post"]["parameters"]
    assert {each["name"]: each["required"] for each in parameters}["Idempotency-Key"] is True


def test_the_check_of_answers_can_fail(document: dict[str, Any], small_desk: Caller) -> None:
    promise = Promise(document)
    with pytest.raises(Exception, match="unforeseen"):
        promise.check_shape(
            {"$ref": "#/components/schemas/Money"}, {"amount": 1, "currency": "USD", "unforeseen": 1}
        )
    with pytest.raises(Exception, match="is not of type 'integer'"):
        promise.check_shape({"$ref": "#/components/schemas/Money"}, {"amount": 1.5, "currency": "USD"})
