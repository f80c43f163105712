"""Paging by key: the next page begins after the values of the last row, whatever has changed before it meanwhile."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from plugin.errors import InvalidField
from plugin.store.base import UtcTime
from plugin.wording import N_

_LONGEST = 600
_UNREADABLE = N_("The place in the list can’t be read. Start at the first page.")


@dataclass(frozen=True, slots=True)
class Order:
    """One column to sort by, and the unique column that decides between equal values."""

    key: str
    column: InstrumentedAttribute[Any]
    unique: InstrumentedAttribute[str]
    is_descending: bool = False

    @property
    def by(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        if self.is_descending:
            return self.column.desc(), self.unique.desc()
        return self.column.asc(), self.unique.asc()

    def after(self, cursor: str) -> ColumnElement[bool]:
        """Return the condition that a row comes after the cursor; raises InvalidField for one of no such list."""
        value, unique = self._read(cursor)
        place = tuple_(self.column, self.unique)
        last = tuple_(literal(value, self.column.type), literal(unique))
        return place < last if self.is_descending else place > last

    def value_of(self, cursor: str) -> Any:
        """Return the value of the column at a cursor; raises InvalidField as `after` does."""
        return self._read(cursor)[0]

    def cursor(self, value: Any, unique: str) -> str:
        """Return the cursor of a row, safe in an address."""
        kept = value.isoformat() if isinstance(value, date | datetime) else value
        return base64.urlsafe_b64encode(json.dumps([self.key, kept, unique]).encode()).decode().rstrip("=")

    def cursor_of(self, row: object) -> str:
        """Return the cursor of a row of the table that both columns are of."""
        return self.cursor(getattr(row, self.column.key), getattr(row, self.unique.key))

    def _read(self, cursor: str) -> tuple[Any, str]:
        refused = InvalidField(_UNREADABLE, field="after")
        if len(cursor) > _LONGEST:
            raise refused
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            key, value, unique = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
            kind = datetime if isinstance(self.column.type, UtcTime) else self.column.type.python_type
            read = kind.fromisoformat(value) if issubclass(kind, date) else value
        except (binascii.Error, ValueError, TypeError, RecursionError):
            raise refused from None
        is_right = isinstance(read, kind) and not isinstance(read, bool) and isinstance(unique, str)
        if key != self.key or not is_right or "\0" in f"{read}{unique}" or _is_unstorable(read):
            raise refused
        return read, unique


def _is_unstorable(value: object) -> bool:
    """Return whether it is larger than the database's numbers, or a time without a zone."""
    if isinstance(value, datetime):
        return value.tzinfo is None
    return isinstance(value, int) and abs(value) >= 1 << 62


def read_order(asked: str, orders: dict[str, Order]) -> Order:
    """Return the order with this name, the opposite one for a leading "-"; the first one for an unknown name."""
    name = asked.removeprefix("-")
    if name not in orders:
        return next(iter(orders.values()))
    found = orders[name]
    if not asked.startswith("-"):
        return found
    return Order(found.key, found.column, found.unique, not found.is_descending)
