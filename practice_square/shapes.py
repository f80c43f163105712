"""Checks of request bodies by shape, as Square's schema has it: types, required fields, lengths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from practice_square.refusals import Refusal, missing
from practice_square.storage import Json, rfc3339


@dataclass(frozen=True)
class Text:
    least: int = 0
    most: int | None = None
    one_of: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Whole:
    least: int | None = None
    most: int | None = None
    required: bool = False


@dataclass(frozen=True)
class Flag:
    required: bool = False


class Record:
    """An object with these fields; others are let through."""

    def __init__(self, *, required: bool = False, **fields: Shape) -> None:
        self.fields, self.required = fields, required


@dataclass(frozen=True)
class Many:
    of: Shape
    least: int = 0
    most: int | None = None
    required: bool = False


@dataclass(frozen=True)
class TextMap:
    most: int = 10
    required: bool = False


Shape = Text | Whole | Flag | Record | Many | TextMap

PRICE = Record(amount=Whole(least=0), currency=Text(3, 3))
TIME_RANGE = Record(start_at=Text(), end_at=Text())


def checked(body: Any, shape: Record) -> Json:
    """Return the body if it fits the shape; raises Refusal with the field that does not."""
    if not isinstance(body, dict):
        raise Refusal("EXPECTED_JSON_BODY", "Expected a JSON object as the body.")
    _check_record(body, shape, "")
    return body


def moment(value: Any, field: str) -> str | None:
    """Return an RFC 3339 time in fixed width, so that strings compare as times do."""
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refusal("INVALID_TIME", f"`{value}` is not an RFC 3339 time.", field=field) from None
    if when.tzinfo is None:
        raise Refusal("INVALID_TIME", f"`{value}` has no time zone.", field=field)
    return rfc3339(when)


def _check(value: Any, shape: Shape, field: str) -> None:
    match shape:
        case Text():
            _check_text(value, shape, field)
        case Whole():
            _check_whole(value, shape, field)
        case Flag():
            _expect(isinstance(value, bool), "EXPECTED_BOOLEAN", "a boolean", field)
        case Record():
            _expect(isinstance(value, dict), "EXPECTED_OBJECT", "an object", field)
            _check_record(value, shape, f"{field}.")
        case Many():
            _check_many(value, shape, field)
        case TextMap():
            _check_map(value, shape, field)


def _expect(is_right: bool, code: str, what: str, field: str) -> None:
    if not is_right:
        raise Refusal(code, f"Expected {what}.", field=field)


def _check_record(value: Json, shape: Record, prefix: str) -> None:
    for name, of in shape.fields.items():
        given = value.get(name)
        if given is not None:
            _check(given, of, prefix + name)
        elif of.required:
            raise missing(prefix + name)


def _check_text(value: Any, shape: Text, field: str) -> None:
    _expect(isinstance(value, str), "EXPECTED_STRING", "a string value", field)
    if len(value) < shape.least:
        code = "VALUE_EMPTY" if not value else "VALUE_TOO_SHORT"
        raise Refusal(code, f"Field must be at least {shape.least} characters long.", field=field)
    if shape.most is not None and len(value) > shape.most:
        raise Refusal(
            "VALUE_TOO_LONG", f"Field must not be greater than {shape.most} in length.", field=field
        )
    if shape.one_of and value not in shape.one_of:
        raise Refusal("INVALID_ENUM_VALUE", f"`{value}` is not a valid enum value.", field=field)


def _check_whole(value: Any, shape: Whole, field: str) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    _expect(is_whole, "EXPECTED_INTEGER", "an integer value", field)
    if shape.least is not None and value < shape.least:
        raise Refusal("VALUE_TOO_LOW", f"Field must be at least {shape.least}.", field=field)
    if shape.most is not None and value > shape.most:
        raise Refusal("VALUE_TOO_HIGH", f"Field must be at most {shape.most}.", field=field)


def _check_many(value: Any, shape: Many, field: str) -> None:
    _expect(isinstance(value, list), "EXPECTED_ARRAY", "an array", field)
    if len(value) < shape.least:
        raise Refusal("ARRAY_EMPTY", f"Array must have at least {shape.least} element.", field=field)
    if shape.most is not None and len(value) > shape.most:
        raise Refusal("ARRAY_LENGTH_TOO_LONG", f"Array must have at most {shape.most} elements.", field=field)
    for place, item in enumerate(value):
        if item is not None:
            _check(item, shape.of, f"{field}[{place}]")


def _check_map(value: Any, shape: TextMap, field: str) -> None:
    _expect(isinstance(value, dict), "EXPECTED_MAP", "a map", field)
    if len(value) > shape.most:
        raise Refusal("TOO_MANY_MAP_ENTRIES", f"A map holds at most {shape.most} entries.", field=field)
    for key, text in value.items():
        if len(key) > 60:
            raise Refusal("MAP_KEY_LENGTH_TOO_LONG", "Keys are at most 60 characters.", field=field)
        _check_text(text, Text(most=255), f"{field}.{key}")
