"""Responses of calls, as pydantic models: a model reads a use case's view, writes its JSON and describes it.

The names are stable: fields may be added, none renamed or removed. A field that has a default is omitted
where it has that value. The values of `shown` are the examples of the OpenAPI document.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasPath, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from plugin.core.moments import rfc3339

_NO_EXAMPLE = object()


class Answer(BaseModel):
    """A response or a part of one."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, view: Any) -> dict[str, Any]:
        """Return the JSON of a view, read by its attributes, or of a mapping."""
        return cls.model_validate(view).model_dump(mode="json", by_alias=True, exclude_defaults=True)


def shown(example: Any = _NO_EXAMPLE, description: str | None = None, *, at: str | None = None) -> Any:
    """Describe a field; `at`: the attribute of the view it is read from, such as balance.left."""
    examples = None if example is _NO_EXAMPLE else [example]
    source = AliasPath(*at.split(".")) if at else None
    return Field(examples=examples, description=description, validation_alias=source)


def example_id(number: int) -> str:
    """Return an id for examples."""
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
