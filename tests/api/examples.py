"""Requests made up from what the document says of a call: some as promised, some spoiled. Knows no call by name."""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

Json = dict[str, Any]

# Broken halves of pairs and control characters too: JSON can carry them.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.just("9" * 400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)


_DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
_ZONES = st.sampled_from(["Z", "+00:00", "-08:00", "+05:45", "+23:59"])
# A name that the document has not: a program may send it by mistake, and even a call that takes nothing is walked.
_UNFORESEEN = st.fixed_dictionaries({}, optional={"unforeseen": st.text(max_size=9)})


@dataclass(frozen=True)
class Request:
    """What is sent; `body` None sends none."""

    path: str
    query: Json
    headers: dict[str, str]
    body: bytes | None


def requests(path: str, operation: Json, ids: dict[str, str]) -> st.SearchStrategy[Request]:
    """Make up requests to this path of the document, every second one as the document wants it."""
    parts = re.split(r"\{(\w+)\}", path)
    real = [ids[part] if place % 2 else part for place, part in enumerate(parts)]
    spoiled = [_identifier(part) if place % 2 else st.just(part) for place, part in enumerate(real)]

    def leading(made: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return made.map(lambda body: _leading(body, ids))

    promised = st.builds(
        Request,
        path=st.just("".join(real)),
        query=_parameters(operation, "query", _promised),
        headers=_parameters(operation, "header", _promised).map(_sendable),
        body=_body(operation, lambda schema: leading(values(schema))),
    )
    return promised | st.builds(
        Request,
        path=st.tuples(*spoiled).map("".join),
        query=st.builds(operator.or_, _UNFORESEEN, _parameters(operation, "query", _parameter)),
        headers=_parameters(operation, "header", _parameter).map(_sendable),
        body=_body(operation, lambda schema: bodies(schema) | leading(bodies(schema)))
        | (st.binary(max_size=40) if "requestBody" in operation else st.none()),
    )


_Make = Callable[[Json], st.SearchStrategy[Any]]


def _parameters(operation: Json, place: str, make: _Make) -> st.SearchStrategy[dict[str, str]]:
    named = {each["name"]: make(each) for each in operation["parameters"] if each["in"] == place}
    return st.fixed_dictionaries(named).map(
        lambda drawn: {name: value for name, value in drawn.items() if value is not None}
    )


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value.isascii() and value.isprintable()}


def _identifier(real: str) -> st.SearchStrategy[str]:
    other = ANY_TEXT.filter(lambda text: text.strip("./")).map(lambda text: quote(text, errors="replace"))
    return st.just(real) | st.just(real) | other.map(lambda text: text.replace("/", "_"))


def _promised(parameter: Json) -> st.SearchStrategy[str | None]:
    absent = st.nothing() if parameter["required"] else st.none()
    return absent | values(parameter["schema"]).map(str)


def _parameter(parameter: Json) -> st.SearchStrategy[str | None]:
    return _promised(parameter) | st.sampled_from(["", "0", "-1", "1e3", "x" * 300, " "])


def _body(operation: Json, make: _Make) -> st.SearchStrategy[bytes | None]:
    if "requestBody" not in operation:
        return st.none()
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return make(schema).map(lambda body: json.dumps(body).encode())


def _leading(part: Any, ids: dict[str, str]) -> Any:
    """Return the part of a body with ids that lead somewhere, where it has ids of those names."""
    if isinstance(part, list):
        return [_leading(each, ids) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: ids[name] if name in ids and isinstance(value, str) else _leading(value, ids)
        for name, value in part.items()
    }


def bodies(schema: Json) -> st.SearchStrategy[Any]:
    """Make up bodies, about two in five of which keep the schema."""
    good = values(schema)
    spoiled = good.flatmap(_spoiled)
    return good | good | spoiled | spoiled | JUNK


@st.composite
def _spoiled(draw: st.DrawFn, body: Json) -> Json:
    name = draw(st.sampled_from([*body, "unforeseen"]) if body else ANY_TEXT)
    if draw(st.booleans()):
        return {key: value for key, value in body.items() if key != name}
    return {**body, name: draw(JUNK)}


def values(schema: Json) -> st.SearchStrategy[Any]:
    """Make up values that keep a schema, of the kinds of schema that our document uses."""
    if "not" in schema:
        plain = {name: part for name, part in schema.items() if name not in ("not", "if", "then")}
        return values(plain).filter(Draft202012Validator(schema).is_valid)
    if "examples" in schema:
        plain = {name: part for name, part in schema.items() if name != "examples"}
        return st.sampled_from(schema["examples"]) | values(plain)
    if "anyOf" in schema:
        return st.one_of([values(part) for part in schema["anyOf"]])
    if isinstance(schema["type"], list):
        return st.one_of([values({**schema, "type": kind}) for kind in schema["type"]])
    if "enum" in schema and schema["type"] != "null":
        return st.sampled_from(schema["enum"])
    return _MAKERS[schema["type"]](schema)


def _object(schema: Json) -> st.SearchStrategy[Json]:
    required = schema.get("required", [])
    fields = {name: values(part) for name, part in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in required},
        optional={name: field for name, field in fields.items() if name not in required},
    )


def _string(schema: Json) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return _DAYS.map(lambda day: day.isoformat()) | st.sampled_from(["2026-11-22", "2026-11-21"])
    if schema.get("format") == "date-time":
        return _moments(schema)
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"]), fullmatch=True).filter(
            lambda text: schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 80)
        )
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema["maxLength"], 40)) | ANY_TEXT


def _moments(schema: Json) -> st.SearchStrategy[str]:
    days = _DAYS | st.dates(date(2026, 11, 23), date(2027, 1, 1))
    zoned = st.builds(lambda day, at, zone: f"{day}T{at.isoformat()}{zone}", days, st.times(), _ZONES)
    return zoned.filter(Draft202012Validator(schema).is_valid)


def _array(schema: Json) -> st.SearchStrategy[list[Any]]:
    return st.lists(values(schema["items"]), min_size=schema["minItems"], max_size=schema["maxItems"])


_MAKERS: dict[str, Callable[[Json], st.SearchStrategy[Any]]] = {
    "object": _object,
    "string": _string,
    "array": _array,
    "integer": lambda schema: st.integers(schema["minimum"], schema["maximum"]),
    "boolean": lambda _schema: st.booleans(),
    "null": lambda _schema: st.none(),
}
