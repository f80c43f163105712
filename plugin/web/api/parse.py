"""Reads a JSON body strictly: one object, each name once, no NaN, not too deep. Knows no call and no field."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from plugin.web.api.errors import LARGEST_BODY, NotJson, Unreadable

DEEPEST = 12
LONGEST_NUMBER = 24


def json_object(request: Request) -> dict[str, Any]:
    """Return the object in the body; raises NotJson for another content type, Unreadable for anything else."""
    if request.mimetype != "application/json":
        raise NotJson("The body is JSON: send Content-Type: application/json.")
    body = request.get_data(cache=False)
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return object_from(body)


def object_from(body: bytes) -> dict[str, Any]:
    """Parse the bytes of a body; raises Unreadable with what is wrong with them."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_each_name_once,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is no JSON: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise Unreadable(_TOO_DEEP) from None
    if not isinstance(value, dict):
        raise Unreadable('The body is one JSON object, such as {"name": "Ana"}.')
    _check_depth(value, DEEPEST)
    return value


_TOO_DEEP = f"The body is nested deeper than {DEEPEST} levels."


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unreadable(f"The body names {shown(name)} twice.")
        found[name] = value
    return found


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise Unreadable("The body holds a number that is too long.")
    return int(digits)


def _decimal(digits: str) -> float:
    if len(digits) > LONGEST_NUMBER:
        raise Unreadable("The body holds a number that is too long.")
    return float(digits)


def _no_number(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no JSON.")


def _check_depth(value: Any, left: int) -> None:
    if not isinstance(value, (dict, list)):
        return
    if left == 0:
        raise Unreadable(_TOO_DEEP)
    for part in value.values() if isinstance(value, dict) else value:
        _check_depth(part, left - 1)


def shown(name: str) -> str:
    """Return a name out of a request as a message may carry it: plain ASCII, short."""
    return ascii(name if len(name) <= 40 else f"{name[:40]}...")
