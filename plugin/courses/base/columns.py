"""The columns of a report: from one description the page's table, the file's, and the orders of both."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from plugin.core.text import folded
from plugin.courses.base.sheet import Cell, Sheet, major, sheet_of, tenths

T = TypeVar("T")


class Kind(StrEnum):
    """What a column's values are. A macro of this name in `templates/macros/columns.html` writes one on a page.

    A month is written as 2026-11.
    """

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DAY = "day"
    MONTH = "month"
    CLIENT = "client"
    SHARE = "share"
    AVERAGE = "average"


class Person(NamedTuple):
    """A client whose page a cell leads to; `id` None for a course without one."""

    id: str | None
    name: str


class Share(NamedTuple):
    """So many of so many."""

    part: int
    whole: int


# What a file gets of a value; its words are English for every reader.
_CELLS: dict[Kind, Callable[[Any], Cell]] = {
    Kind.TEXT: lambda text: text[:],
    Kind.MONEY: major,
    Kind.CLIENT: lambda person: person.name,
    Kind.SHARE: lambda share: share.part,
    Kind.AVERAGE: tenths,
}
# What a value is sorted by, where that is not the value.
_ORDERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: folded,
    Kind.MONEY: lambda money: money.amount,
    Kind.CLIENT: lambda person: folded(person.name),
    Kind.SHARE: lambda share: share.part / share.whole if share.whole else None,
}


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column.

    `file`: its heading in files, which programs read, where it is not the English one of the page; None leaves it
    out of files. `is_on_page`: False for one of files alone. `sort`: its name in the address, "" where it does not
    sort; `order_by`: what rows are sorted by, where not the value. On the page, `empty` stands for no value, `link` is
    the address that a cell leads to ("" for nowhere), and `note` follows the value.
    """

    heading: str
    value: Callable[[T], Any]
    kind: Kind = Kind.NUMBER
    file: str | None = ""
    sort: str = ""
    empty: str = ""
    order_by: Callable[[T], Any] | None = None
    link: Callable[[T], str] | None = None
    note: Callable[[T], str] | None = None
    is_on_page: bool = True

    @property
    def is_number(self) -> bool:
        """Return whether its values stand at the right, and the largest come first."""
        return self.kind in (Kind.NUMBER, Kind.MONEY, Kind.SHARE, Kind.AVERAGE)

    @property
    def is_descending(self) -> bool:
        """Return whether the first tap shows the largest, or the newest month, first."""
        return self.is_number or self.kind is Kind.MONTH

    def order(self, row: T) -> Any:
        return self.order_by(row) if self.order_by else _turned(self.value(row), _ORDERS.get(self.kind))

    def cell(self, row: T) -> Cell:
        """Return what a file gets."""
        cell: Cell = _turned(self.value(row), _CELLS.get(self.kind))
        return cell


def _turned(value: Any, turn: Callable[[Any], Any] | None) -> Any:
    return value if value is None or turn is None else turn(value)


Columns = tuple[Column[T], ...]


def file_of(title: str, columns: Columns[T], rows: Iterable[T]) -> Sheet:
    """Return the rows as a table for a spreadsheet."""
    cells = {each.file or each.heading[:]: each.cell for each in columns if each.file is not None}
    return sheet_of(title, cells, rows)
