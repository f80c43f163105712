"""What all lists take and answer: a limit, a cursor, and the cursor of the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from plugin.courses.base.views import Page
from plugin.errors import InvalidField
from plugin.web.api.calls import Answer, Asked
from plugin.web.api.fields import Reader, text

T = TypeVar("T")

LONGEST_PAGE = 200
USUAL_PAGE = 50


def _limit(value: Any, where: str) -> int:
    # ASCII digits alone: int() would also take " 1", "1_0" and digits of other scripts.
    if not (value.isascii() and value.isdigit() and len(value) <= 4 and 1 <= int(value) <= LONGEST_PAGE):
        raise InvalidField(f"{where} is 1 to {LONGEST_PAGE}.", field=where)
    return int(value)


PAGING: dict[str, Reader] = {
    "limit": Reader(
        {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": USUAL_PAGE}, _limit
    ),
    "cursor": text(
        least=1,
        most=64,
        pattern="^[A-Za-z0-9_-]+$",
        description="What the page before answered as its cursor.",
    ),
}


def limit_of(asked: Asked) -> int:
    """Return how many rows are wanted."""
    return int(asked.query.get("limit", USUAL_PAGE))


def listed(name: str, page: Page[T], shape: Callable[[T], dict[str, Any]]) -> Answer:
    """Answer one page under its name."""
    return Answer({name: [shape(row) for row in page.rows], "cursor": page.cursor})


def page_of(rows: Sequence[T], asked: Asked, key: Callable[[T], str]) -> Page[T]:
    """Cut one page out of a list that is read whole; the cursor is the key of its last row."""
    keys = [key(row) for row in rows]
    cursor = asked.query.get("cursor")
    if cursor is not None and cursor not in keys:
        raise InvalidField("The list has changed; start it again without a cursor.", field="cursor")
    start = 0 if cursor is None else keys.index(cursor) + 1
    end = start + limit_of(asked)
    return Page(tuple(rows[start:end]), keys[end - 1] if end < len(rows) else None)
