"""Parses a JSON body strictly: one object, each name once, no NaN, limited depth. Independent of any call."""

import json
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from plugin.web.api.errors import LARGEST_BODY, NotJson, Unreadable

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
            raise Unreadable(f"The body names '{shown(name)}' twice.")
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


def shown(name: str) -> str:
    """Return a name from a request in a form safe for messages: plain ASCII, short."""
    return ascii(name if len(name) <= 40 else f"{name[:40]}...")[1:-1]
