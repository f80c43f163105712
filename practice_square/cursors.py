"""Opaque page cursors, bound to their query; can simulate Square's empty pages with a cursor."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from practice_square.faults import read_faults
from practice_square.refusals import Refusal
from practice_square.storage import Json, Place, Work


@dataclass(frozen=True)
class Reached:
    """Where the last page ended; `is_empty_shown` when the page before this one was an empty one on purpose."""

    place: Place | None = None
    is_empty_shown: bool = False


@dataclass(frozen=True)
class Page:
    items: list[Json]
    cursor: str | None

    def as_body(self, name: str) -> Json:
        """Return the body as Square's: neither an empty list nor an empty cursor is written."""
        body: Json = {name: self.items} if self.items else {}
        if self.cursor:
            body["cursor"] = self.cursor
        return body


def read_cursor(cursor: str | None, query: Json) -> Reached:
    if not cursor:
        return Reached()
    try:
        seal, place, is_empty_shown = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError):
        raise _invalid() from None
    if seal != _seal(query):
        raise _invalid()
    return Reached((place[0], place[1]) if place else None, bool(is_empty_shown))


def write_cursor(query: Json, reached: Reached) -> str:
    plain = json.dumps([_seal(query), reached.place, int(reached.is_empty_shown)])
    return base64.urlsafe_b64encode(plain.encode()).decode()


def page_of(
    work: Work,
    kind: str,
    query: Json,
    limit: int,
    *,
    fits: Callable[[Json], bool] = lambda _one: True,
    told: Callable[[Json], Json] = lambda one: one,
    **order: Any,
) -> Page:
    """Take one page of the documents of a kind that fit, as Square tells them; `order`: as `Work.walk` has it."""
    reached = read_cursor(query.get("cursor"), query)
    walked = work.walk(kind, after=reached.place, **order)
    found = ((place, told(one)) for place, one in walked if fits(one))
    return cut_page(work, found, query=query, reached=reached, limit=limit)


def cut_page(
    work: Work, found: Iterable[tuple[Place, Json]], *, query: Json, reached: Reached, limit: int
) -> Page:
    """Take one page. With the fault of that name, each page is preceded by an empty one that carries a cursor."""
    if not reached.is_empty_shown and read_faults(work).has_empty_pages:
        return Page([], write_cursor(query, Reached(reached.place, is_empty_shown=True)))
    items: list[Json] = []
    last: Place | None = None
    for place, item in found:
        if len(items) == limit:
            return Page(items, write_cursor(query, Reached(last)))
        items.append(item)
        last = place
    return Page(items, None)


def _seal(query: Json) -> str:
    plain = {name: value for name, value in query.items() if name != "cursor"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]


def _invalid() -> Refusal:
    return Refusal("INVALID_CURSOR", "The pagination cursor is not valid for this request.", field="cursor")
