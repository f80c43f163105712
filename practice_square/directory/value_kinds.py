"""The kinds of value a custom attribute can have, and whether a value is of its kind. Pure."""

import re
from datetime import date
from typing import Any

from practice_square.refusals import Refusal, invalid, not_played
from practice_square.storage import Json

SCHEMA_HOME = "https://developer-production-s.squarecdn.com/schemas/v1/common.json#squareup.common."
KINDS = ("String", "Email", "PhoneNumber", "Address", "Date", "Boolean", "Number")
# Square's guide gives a String 1,000 characters; its OpenAPI document gives no number.
MOST_CHARACTERS = 1000
PATTERNS = {
    "Email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "PhoneNumber": r"\+[1-9]\d{8,15}",
    # A decimal as text, with up to five digits after the point.
    "Number": r"-?\d+(\.\d{1,5})?",
}


def schema_of(kind: str) -> Json:
    """Return the reference to Square's hosted schema of a kind."""
    return {"$ref": SCHEMA_HOME + kind}


def read_kind(schema: Any, field: str) -> str:
    """Return the kind a definition's schema refers to. Raises Refusal for any other schema."""
    if not isinstance(schema, dict):
        raise Refusal("EXPECTED_OBJECT", "Expected an object.", field=field)
    kind = str(schema.get("$ref", "")).removeprefix(SCHEMA_HOME)
    if kind in KINDS:
        return kind
    if "items" in schema:
        raise not_played("A selection is", field)
    raise invalid("The schema is not one of Square's common types.", field)


def check_value(value: Any, kind: str, field: str) -> None:
    """Raises Refusal for a value that is not of its definition's kind."""
    if not _is_of_kind(value, kind):
        raise invalid(f"The value does not fit the schema {kind}.", field)


def _is_of_kind(value: Any, kind: str) -> bool:
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind == "Address":
        return isinstance(value, dict)
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        return False
    if kind == "Date":
        return _is_date(value)
    return re.fullmatch(PATTERNS.get(kind, "(?s:.*)"), value) is not None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
