"""What the OpenAPI document promises of an answer, checked strictly. Must not know which call is tested."""

import copy
import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.test import TestResponse

from plugin.web.api.openapi import CALLS, document

ADDRESS = "/api/v1"


class Promise:
    """The document, with every object closed: a field that it does not name is a broken promise here."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._closed = _closed(copy.deepcopy(document["components"]["schemas"]))
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, method: str, path: str, response: TestResponse) -> None:
        """Assert that the answer's status, type and shape are in the document; an unknown path is a JSON error."""
        operation = self.operation(method, path)
        if operation is None:
            self.check_shape({"$ref": "#/components/schemas/Error"}, response.get_json())
            return
        assert str(response.status_code) in operation["responses"], f"{method} {path}: {response.status_code}"
        content = operation["responses"][str(response.status_code)]["content"]
        assert response.mimetype in content, f"{method} {path}: {response.mimetype}"
        if response.mimetype == "application/json":
            self.check_shape(content["application/json"]["schema"], response.get_json())

    def check_shape(self, schema: dict[str, Any], value: Any) -> None:
        written = json.dumps(schema, sort_keys=True)
        if written not in self._validators:
            whole = {**schema, "components": {"schemas": self._closed}}
            self._validators[written] = Draft202012Validator(whole, format_checker=FormatChecker())
        self._validators[written].validate(value)

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path):
                found: dict[str, Any] | None = operations.get(method.lower())
                return found
        return None


@cache
def operations() -> dict[str, Any]:
    """Return the paths of the whole document, resolved: made for the first test that asks, not in every worker."""
    return resolved(document(CALLS, ADDRESS))


def resolved(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document's paths with every reference replaced by the schema it names."""

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            named = document["components"]["schemas"][part["$ref"].rpartition("/")[2]]
            return resolve({**named, **{name: value for name, value in part.items() if name != "$ref"}})
        return {name: resolve(value) for name, value in part.items()}

    paths: dict[str, Any] = resolve(document["paths"])
    return paths


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: part if name == "examples" else _closed(part) for name, part in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
