"""A body is taken exactly when the document says so: neither promises more than the other takes."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator, FormatChecker

from plugin.errors import InvalidField
from plugin.web.api.inputs import Input, Text
from plugin.web.api.openapi import CALLS
from tests.api.examples import bodies
from tests.api.schema_check import operations

STEPS = 60


def _takes(model: type[Input], body: dict[str, Any]) -> bool:
    try:
        model.read(body)
    except InvalidField:
        return False
    return True


def test_the_checks_of_a_model_are_built_when_it_is_first_used_however_many_ask_at_once() -> None:
    class Wish(Input):
        name: Text

    assert not Wish.__pydantic_complete__
    start = threading.Barrier(8)

    def read(number: int) -> str:
        start.wait()
        return Wish.read({"name": f"Ana {number}"}).name

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [f"Ana {number}" for number in range(8)]
    assert Wish.__pydantic_complete__


def _is_comparable(body: Any) -> bool:
    """Say whether JSON Schema can tell: it takes 1.0 for a whole number and knows no halves of pairs."""
    text = json.dumps(body, ensure_ascii=False)
    return not re.search(r"\.0(?!\d)|e\+", text) and text.encode("utf-8", "replace").decode() == text


def _check(model: type[Input], schema: dict[str, Any]) -> None:
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["date", "date-time"]))
    outcomes = {True: 0, False: 0}

    @settings(
        max_examples=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=bodies(schema))
    def compare(body: Any) -> None:
        if isinstance(body, dict) and _is_comparable(body):
            is_valid = validator.is_valid(body)
            assert _takes(model, body) == is_valid, body
            outcomes[is_valid] += 1

    compare()
    assert min(outcomes.values()) > STEPS // 10


def test_a_body_is_taken_exactly_when_it_keeps_its_schema() -> None:
    for call in CALLS:
        if call.is_write and call.takes is not None:
            content = operations()[call.path][call.method.lower()]["requestBody"]["content"]
            _check(call.takes, content["application/json"]["schema"])


def test_descriptions_are_not_looked_for_in_the_source_of_each_model_at_the_start() -> None:
    described = [each for each in Input.__subclasses__() if each.model_config.get("use_attribute_docstrings")]
    assert described == []
