"""Pagination of a list that is loaded whole."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from plugin.courses.base.views import Page
from plugin.errors import NotFound
from plugin.web.api.inputs import Paging
from plugin.wording import _

T = TypeVar("T")


def page_of(rows: Sequence[T], query: Paging, key: Callable[[T], str]) -> Page[T]:
    """Return one page of the rows; the cursor is the key of its last row. Raises NotFound."""
    keys = [key(row) for row in rows]
    if query.cursor is not None and query.cursor not in keys:
        raise NotFound(_("The list has changed; start it again."))
    start = 0 if query.cursor is None else keys.index(query.cursor) + 1
    end = start + query.limit
    return Page(tuple(rows[start:end]), keys[end - 1] if end < len(rows) else None)
