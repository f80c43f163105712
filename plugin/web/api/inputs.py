"""Models of calls, by pydantic: inputs, which check a body or a query, and answers, which read a use case's view.

Both describe themselves for OpenAPI; the values of `shown` are examples. Names are stable: fields may be added, none
renamed or removed. A field that has a default is omitted where it has that value. Rules are in the use cases.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, NoReturn, Self, TypeVar

from flask import Request
from pydantic import (
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictInt,
    StrictStr,
    ValidationError,
    WithJsonSchema,
)
from werkzeug.exceptions import RequestEntityTooLarge

from plugin.core.moments import rfc3339
from plugin.core.money import LARGEST_AMOUNT
from plugin.core.money import Money as CoreMoney
from plugin.core.terms import ExpiresFrom, NoShow, RefundFormula
from plugin.core.text import REASON_LENGTH
from plugin.courses.base.views import Page
from plugin.errors import InvalidField, NotFound
from plugin.web.api.errors import LARGEST_BODY, NotJson, Unreadable
from plugin.wording import _

_NO_EXAMPLE = object()


_building = threading.Lock()


class _Model(BaseModel):
    """A model whose checks are built when it is first used: most are never used by a clinic, or once."""

    model_config = ConfigDict(defer_build=True)

    @classmethod
    def ready(cls) -> type[Self]:
        """Return it once its checks are built; pydantic would let two threads build them at once."""
        if not cls.__pydantic_complete__:
            with _building:
                cls.model_rebuild()
        return cls


class Answer(_Model):
    """A response or a part of one."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, view: Any) -> dict[str, Any]:
        """Return the JSON of a view, read by its attributes, or of a mapping."""
        return cls.ready().model_validate(view).model_dump(mode="json", by_alias=True, exclude_defaults=True)


def shown(example: Any = _NO_EXAMPLE, description: str | None = None, *, at: str | None = None) -> Any:
    """Describe a field; `at`: the attribute of the view it is read from, such as balance.left."""
    examples = None if example is _NO_EXAMPLE else [example]
    source = AliasPath(*at.split(".")) if at else None
    return Field(examples=examples, description=description, validation_alias=source)


def example_id(number: int) -> str:
    return f"019abf2e8c{number:02d}a1b2c3d4e5f60718293a"


def usd(amount: int) -> dict[str, Any]:
    """Return Money for examples."""
    return {"amount": amount, "currency": "USD"}


# The bounds are documentation and are not checked: a response is sent even if a number in it is wrong.
Count = Annotated[int, Field(json_schema_extra={"minimum": 0})]
Position = Annotated[int, Field(json_schema_extra={"minimum": 1})]
Moment = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": "Z$"}),
]
Id = Annotated[str, Field(description="Opaque.")]
Cursor = Annotated[str | None, Field(description="Fetches the next page; null at the end.")]


class ErrorDetail(Answer):
    """The error: a stable code for programs, a sentence for people, and the field where it concerns one."""

    code: str = shown("none_left")
    message: str = shown("No session is left.")
    field: str | None


class Error(Answer):
    """The response to every refused or failed call."""

    error: ErrorDetail


class Money(Answer):
    """In the smallest unit of the currency: 198000 is $1,980.00."""

    amount: int = shown(198000)
    currency: Annotated[str, Field(json_schema_extra={"pattern": "^[A-Z]{3}$"})] = shown("USD")


N = TypeVar("N")

DEEPEST = 12
LONGEST_NUMBER = 24
_TOO_DEEP = f"The body is nested deeper than {DEEPEST} levels."


def json_object(request: Request) -> dict[str, Any]:
    """Return the object in the body; raises NotJson for another content type, Unreadable otherwise."""
    if request.mimetype != "application/json":
        raise NotJson("The body must be JSON. Send Content-Type: application/json.")
    body = request.get_data(cache=False)
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    try:
        value = _parse(body)
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise Unreadable(_TOO_DEEP) from None
    if not isinstance(value, dict):
        raise Unreadable('The body must be one JSON object, such as {"name": "Ana"}.')
    _check_depth(value, DEEPEST)
    return value


def _parse(body: bytes) -> Any:
    return json.loads(
        body.decode("utf-8"),
        # Python would use the last of two values; another program in between might have checked the first.
        object_pairs_hook=_each_name_once,
        parse_int=_bounded(int),
        parse_float=_bounded(_float),
        parse_constant=_refuse_constant,
    )


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unreadable(f"The body names '{printable(name)}' twice.")
        found[name] = value
    return found


def _float(digits: str) -> int | float:
    """Return 3 for 3.0: to JSON Schema, and to the programs of some languages, they are one number."""
    number = float(digits)
    return int(number) if number.is_integer() else number


def _bounded(kind: Callable[[str], N]) -> Callable[[str], N]:
    def read(digits: str) -> N:
        if len(digits) > LONGEST_NUMBER:
            raise Unreadable("The body holds a number that is too long.")
        return kind(digits)

    return read


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not JSON.")


def _check_depth(value: Any, levels_left: int) -> None:
    if not isinstance(value, (dict, list)):
        return
    if levels_left == 0:
        raise Unreadable(_TOO_DEEP)
    for part in value.values() if isinstance(value, dict) else value:
        _check_depth(part, levels_left - 1)


def printable(name: str) -> str:
    """Return a name from a request in a form safe for messages: plain ASCII, short."""
    return ascii(name if len(name) <= 40 else f"{name[:40]}...")[1:-1]


LONGEST_PAGE = 200
USUAL_PAGE = 50
MOST_SENTENCES = 5
# No database stores them. Tab, line feed and carriage return are allowed in a note.
_CONTROL = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F"
_ANY_TEXT = rf"^[^{_CONTROL}]*$"
_VISIBLE_TEXT = rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"
_NO_DAY = "must be a date such as 2027-03-01"
# Of this century, as times are: no report covers another.
_DAY = r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"
_NO_MOMENT = "must be a time with its zone such as 2026-11-22T18:00:00Z"
# RFC 3339, of this century: with any offset it is then a time that UTC has too.
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_MOMENT = rf"^20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}:[0-5][0-9](\.[0-9]{{1,6}})?(Z|[+-]{_CLOCK})$"


class Input(_Model):
    """A body or a query: unknown fields are refused, and "3" is not taken for 3."""

    # Not `use_attribute_docstrings`: pydantic looks for each model's source when it is loaded. `openapi` reads it.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """Check the values; raises InvalidField with a sentence for each mistake, `field` naming the first one."""
        try:
            return cls.ready().model_validate(value)
        except ValidationError as error:
            # An unknown name is often the mistyped name of a missing field: it is reported first.
            mistakes = sorted(
                error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden"
            )
        sentences = " ".join(_sentence(each) for each in mistakes[:MOST_SENTENCES])
        raise InvalidField(sentences, field=_path(mistakes[0])) from None

    def given(self) -> dict[str, Any]:
        """Return the fields that have a value; null counts as absent."""
        return {name: value for name in self.model_fields_set if (value := getattr(self, name)) is not None}


def words(kind: type[StrEnum]) -> WithJsonSchema:
    """Describe an enumeration by its values."""
    return WithJsonSchema({"type": "string", "enum": [member.value for member in kind]})


def _day(value: Any) -> date:
    # Python parses more than that: week dates, and dates without dashes.
    if not isinstance(value, str) or not re.fullmatch(_DAY, value):
        raise ValueError(_NO_DAY)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(_NO_DAY) from None


def _moment(value: Any) -> datetime:
    # Python parses more than that: times without a zone, and days alone.
    if not isinstance(value, str) or not re.fullmatch(_MOMENT, value):
        raise ValueError(_NO_MOMENT)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        raise ValueError(_NO_MOMENT) from None


def number_in_text(most: int) -> BeforeValidator:
    """Return the reading of a whole number in a query, whose bounds its field checks."""

    def read(value: Any) -> int:
        # ASCII digits only: int() would also accept " 1", "1_0" and digits of other scripts.
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 4:
            return int(value)
        raise ValueError(f"must be 1 to {most}")

    return BeforeValidator(read)


def _yes_in_text(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


BY_VALUE = Field(strict=False)
# Of a query, where everything is text.
YesInQuery = Annotated[bool, BeforeValidator(_yes_in_text)]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY}),
]
GivenMoment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _MOMENT}),
]
Text = Annotated[StrictStr, Field(pattern=_ANY_TEXT)]
VisibleText = Annotated[StrictStr, Field(min_length=1, pattern=_VISIBLE_TEXT)]
Reason = Annotated[VisibleText, Field(max_length=REASON_LENGTH)]
# One of our opaque ids, or one of Square's.
GivenId = Annotated[StrictStr, Field(min_length=1, max_length=192, pattern="^[!-~]+$")]
Language = Annotated[StrictStr, Field(min_length=2, max_length=16, pattern="^[A-Za-z0-9-]+$")]
Currency = Annotated[StrictStr, Field(min_length=3, max_length=3, pattern="^[A-Z]{3}$")]
Formula = Annotated[RefundFormula, BY_VALUE, words(RefundFormula)]
NoShowRule = Annotated[NoShow, BY_VALUE, words(NoShow)]
ExpiryStart = Annotated[ExpiresFrom, BY_VALUE, words(ExpiresFrom)]


class Price(Input):
    """Money of zero or more, in the smallest unit of its currency."""

    amount: StrictInt = Field(ge=0, le=LARGEST_AMOUNT, examples=[165000])
    """In the smallest unit: 165000 is $1,650.00."""
    currency: Currency = Field(examples=["USD"], description="ISO 4217")

    @property
    def money(self) -> CoreMoney:
        """Return it as the use cases take it."""
        return CoreMoney(self.amount, self.currency)


class Paging(Input):
    """What every list takes."""

    limit: Annotated[int, number_in_text(LONGEST_PAGE)] = Field(USUAL_PAGE, ge=1, le=LONGEST_PAGE)
    cursor: StrictStr | None = Field(None, min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")
    """The `cursor` of the page before."""


def _path(mistake: Mapping[str, Any]) -> str | None:
    """Return the path of the mistake, such as contents[0].sessions."""
    # A name that is not Unicode has no path of its own: it is the input itself.
    places = mistake["loc"] or (mistake["input"],)
    steps = (f"[{place}]" if isinstance(place, int) else f".{printable(str(place))}" for place in places)
    return "".join(steps).removeprefix(".")


def _sentence(mistake: Mapping[str, Any]) -> str:
    kind, path, value = mistake["type"], _path(mistake), mistake["input"]
    if kind == "extra_forbidden" or not mistake["loc"]:
        return f"There is no field '{path}'."
    if kind == "missing" or value is None:
        return f"{path} is missing."
    if kind in ("string_too_short", "string_pattern_mismatch") and not value.strip():
        return f"{path} must not be empty."
    if kind == "string_pattern_mismatch" and (control := re.search(f"[{_CONTROL}]", value)):
        return f"{path} holds a control character (U+{ord(control[0]):04X})."
    return f"{path} {_SENTENCES.get(kind, mistake['msg']).format(**mistake.get('ctx', {}))}."


_SENTENCES = {
    "string_type": "must be text",
    "string_unicode": "holds a character that can’t be stored",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "enum": "must be {expected}",
    "list_type": "must be a list",
    "too_short": "must have {min_length} or more parts",
    "too_long": "must have {max_length} or fewer parts",
    "value_error": "{error}",
    "model_type": "must be an object",
}


T = TypeVar("T")


def page_of(rows: Sequence[T], query: Paging, key: Callable[[T], str]) -> Page[T]:
    """Return one page of the rows; the cursor is the key of its last row. Raises NotFound."""
    keys = [key(row) for row in rows]
    if query.cursor is not None and query.cursor not in keys:
        raise NotFound(_("The list has changed; start it again."))
    start = 0 if query.cursor is None else keys.index(query.cursor) + 1
    end = start + query.limit
    return Page(tuple(rows[start:end]), keys[end - 1] if end < len(rows) else None)
