"""What a sync found on one page of Square's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from plugin.errors import SquareFailed
from plugin.square.parsing import Json, optional_moment


@dataclass(frozen=True, slots=True)
class SyncPage:
    """How many objects a page had, which of them are new to us, when the latest was changed."""

    seen: int
    news: list[Json]
    newest: datetime | None = None


def newest(page: Iterable[Json]) -> datetime | None:
    """Return the time of the latest change, according to Square."""
    return max((changed for one in page if (changed := _updated_at(one)) is not None), default=None)


def _updated_at(one: Json) -> datetime | None:
    try:
        return optional_moment(one.get("updated_at"), "updated_at")
    except SquareFailed:
        # The handler reads the whole of it, and reports that it can't be read.
        return None
