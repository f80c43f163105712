"""What the address of a page asks for; nonsense counts as nothing."""

from enum import StrEnum
from typing import TypeVar

from flask import request

Word = TypeVar("Word", bound=StrEnum)


def asked_one(parameter: str, kind: type[Word]) -> Word | None:
    """Return the word in the address, None for none and for one that is none of its kind."""
    asked = request.args.get(parameter, "")
    return kind(asked) if asked in list(kind) else None


def whole_number(typed: str, most_digits: int) -> int | None:
    """Return the number of an address or a hidden field, None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= most_digits else None
