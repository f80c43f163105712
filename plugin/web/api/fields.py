"""Readers of fields: each checks one kind of JSON value and says in a schema what it takes, so that
the document and the check are one thing. Knows no call; the rules of the house stand in the use cases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from plugin.core.money import LARGEST_AMOUNT, Money
from plugin.errors import InvalidField
from plugin.web.api.parse import shown

Schema = dict[str, Any]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@dataclass(frozen=True)
class Reader:
    """`read(value, where)` returns the value as the use cases take it; raises InvalidField naming `where`."""

    schema: Schema
    read: Callable[[Any, str], Any]


def text(*, most: int, least: int = 0, pattern: str = "", **schema: Any) -> Reader:
    """Read a string of at most `most` characters without control characters and broken halves of a pair."""
    form = re.compile(pattern)

    def read(value: Any, where: str) -> str:
        if not isinstance(value, str):
            raise InvalidField(f"{where} is a text.", field=where)
        if len(value) > most:
            raise InvalidField(f"{where} has {len(value)} characters, at most {most} fit.", field=where)
        if len(value.strip()) < least:
            raise InvalidField(f"{where} is missing.", field=where)
        _refuse_control(value, where)
        if pattern and not form.fullmatch(value):
            raise InvalidField(f"{where} is not of the form {pattern}", field=where)
        return value

    bounds: Schema = {"minLength": least} if least else {}
    if pattern:
        bounds["pattern"] = pattern
    return Reader({"type": "string", **bounds, "maxLength": most, **schema}, read)


def _refuse_control(value: str, where: str) -> None:
    for ch in value:
        if unicodedata.category(ch) in ("Cc", "Cs") and ch not in "\t\n\r":
            raise InvalidField(f"{where} holds a control character (U+{ord(ch):04X}).", field=where)


def identifier(**schema: Any) -> Reader:
    """Read one of our opaque ids, or one of Square's."""
    return text(least=1, most=192, pattern="^[!-~]+$", **schema)


def whole(*, least: int, most: int, **schema: Any) -> Reader:
    """Read a whole number; true, 1.0 and "1" are none."""

    def read(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidField(f"{where} is a whole number.", field=where)
        if not least <= value <= most:
            raise InvalidField(f"{where} is {least} to {most}.", field=where)
        return value

    return Reader({"type": "integer", "minimum": least, "maximum": most, **schema}, read)


def boolean(**schema: Any) -> Reader:
    """Read true or false; 1 and "true" are neither."""

    def read(value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            raise InvalidField(f"{where} is true or false.", field=where)
        return value

    return Reader({"type": "boolean", **schema}, read)


def day(**schema: Any) -> Reader:
    """Read a date, YYYY-MM-DD and nothing else."""

    def read(value: Any, where: str) -> date:
        try:
            if not isinstance(value, str) or not _DAY.match(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise InvalidField(f"{where} is a date such as 2027-03-01.", field=where) from None

    return Reader({"type": "string", "format": "date", **schema}, read)


def one_of(kind: type[StrEnum], **schema: Any) -> Reader:
    """Read one of the enumeration's words."""
    choices = [member.value for member in kind]

    def read(value: Any, where: str) -> StrEnum:
        if not isinstance(value, str) or value not in choices:
            raise InvalidField(f"{where} is one of: {', '.join(choices)}.", field=where)
        return kind(value)

    return Reader({"type": "string", "enum": choices, **schema}, read)


def many(reader: Reader, *, least: int, most: int, **schema: Any) -> Reader:
    """Read a list whose every part the reader takes."""

    def read(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidField(f"{where} is a list.", field=where)
        if not least <= len(value) <= most:
            raise InvalidField(f"{where} has {least} to {most} parts.", field=where)
        return tuple(reader.read(part, f"{where}[{i}]") for i, part in enumerate(value))

    shape = {"type": "array", "items": reader.schema, "minItems": least, "maxItems": most}
    return Reader({**shape, **schema}, read)


def record(
    fields: Mapping[str, Reader],
    *,
    required: tuple[str, ...] = (),
    build: Callable[..., Any] = dict,
    **schema: Any,
) -> Reader:
    """Read an object of exactly these fields into `build(**fields)`; an optional one may be absent or null."""

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise InvalidField(f"{where} is an object.", field=where or None)
        _refuse_unknown(value, fields, where)
        given = {name: part for name, part in value.items() if part is not None or name in required}
        for name in required:
            if name not in given:
                raise InvalidField(f"{_inside(where, name)} is missing.", field=_inside(where, name))
        return build(**{name: fields[name].read(part, _inside(where, name)) for name, part in given.items()})

    properties = {
        name: reader.schema if name in required else _or_null(reader.schema)
        for name, reader in fields.items()
    }
    shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        shape["required"] = list(required)
    return Reader({**shape, **schema}, read)


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _refuse_unknown(value: dict[str, Any], fields: Mapping[str, Reader], where: str) -> None:
    for name in value:
        if name not in fields:
            known = ", ".join(fields) or "none"
            raise InvalidField(
                f"There is no field {shown(name)}. Fields: {known}.",
                field=_inside(where, shown(name).strip("'\"")),
            )


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "type": [schema["type"], "null"], "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def money(**schema: Any) -> Reader:
    """Read Money of zero or more, in minor units."""
    fields = {
        "amount": whole(
            least=0, most=LARGEST_AMOUNT, description="In the smallest unit: 165000 is $1,650.00"
        ),
        "currency": text(least=3, most=3, pattern="^[A-Z]{3}$", description="ISO 4217"),
    }
    found = record(fields, required=("amount", "currency"), **schema)

    def read(value: Any, where: str) -> Money:
        given = found.read(value, where)
        try:
            return Money(**given)
        except InvalidField as error:
            raise InvalidField(error.message, field=_inside(where, error.field or "")) from None

    return Reader(found.schema, read)
