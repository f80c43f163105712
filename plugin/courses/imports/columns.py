"""Which column of a file holds which field, as the owner decided, and the cells of a row read by it.

The proposal comes from `mapping`. Errors of cells are collected, not raised.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from plugin.core.text import optional
from plugin.courses.imports.amounts import Currency, read_amount
from plugin.courses.imports.counts import Counts, read_counts
from plugin.courses.imports.days import TwoWays, read_moment
from plugin.courses.imports.fields import CALLED, FIELDS, Field
from plugin.courses.imports.table import LONGEST_CELL, Cell, Row, shown
from plugin.errors import InvalidField
from plugin.wording import _

_NAMES = {Field.NAME, Field.FIRST_NAME, Field.LAST_NAME}
_SOLD = {Field.PACKAGE, Field.PACKAGE_LEFT, Field.TREATMENT}
_COUNTED = {Field.USED, Field.LEFT, Field.PACKAGE_LEFT}


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of each field, and what the file does not contain.

    `is_day_first` is how 03/04/2025 is to be read, None for not known. `sold_on` is the date of purchase of
    rows that have none. `encoding` is what the owner chose for a text file. `doubts` are questions that block
    the import until the owner confirms the columns.
    """

    of: Mapping[Field, tuple[int, ...]]
    is_day_first: bool | None = None
    sold_on: date | None = None
    encoding: str | None = None
    doubts: tuple[str, ...] = ()

    @property
    def field_of(self) -> dict[int, Field]:
        return {column: what for what, columns in self.of.items() for column in columns}

    def to_json(self) -> dict[str, Any]:
        """Return the form stored with the file."""
        return {
            "of": {what.value: list(columns) for what, columns in self.of.items()},
            "day_first": self.is_day_first,
            "sold_on": self.sold_on.isoformat() if self.sold_on else None,
            "encoding": self.encoding,
            "doubts": list(self.doubts),
        }


def columns_from_json(stored: Mapping[str, Any]) -> Columns:
    """Read the stored form."""
    return Columns(
        {Field(name): tuple(columns) for name, columns in stored["of"].items()},
        stored["day_first"],
        date.fromisoformat(stored["sold_on"]) if stored["sold_on"] else None,
        stored["encoding"],
        tuple(stored["doubts"]),
    )


def undecided(columns: Columns) -> str:
    """Return what the owner must state before any row can be read, as a sentence; "" for nothing."""
    present = set(columns.of)
    if columns.doubts:
        return columns.doubts[0]
    if not present & _NAMES:
        return _("Say which column holds the client’s name.")
    if not present & _SOLD:
        return _("Say which column holds the package or the treatment.")
    if not present & _COUNTED:
        return _("Say which column holds the sessions used, or the sessions left.")
    if Field.SOLD_ON not in present and columns.sold_on is None:
        return _("Say which column holds the date of purchase. If this file has none, enter the date to use.")
    return ""


def chosen(names: Mapping[int, str]) -> dict[Field, tuple[int, ...]]:
    """Return the columns of each field from the field chosen for each column.

    Raises InvalidField for a field chosen twice.
    """
    of: dict[Field, tuple[int, ...]] = {}
    for column, name in sorted(names.items()):
        if name == "":
            continue
        if name not in set(Field):
            raise InvalidField(_("Choose from the list what the column holds."), field=f"column-{column}")
        what = Field(name)
        if what in of and not FIELDS[what].is_repeated:
            said = _("Two columns are set to “{called}”. Choose one of them.", called=CALLED[what])
            raise InvalidField(said, field=f"column-{column}")
        of[what] = (*of.get(what, ()), column)
    return of


# What people write in an empty cell.
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a row can't be imported: the line, the column's heading ("" for the row as a whole), the reason."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class RowReader:
    """Reads the cells of one row.

    `orders` states for each date column whether the day comes first.
    """

    row: Row
    columns: Columns
    headings: tuple[str, ...]
    orders: Mapping[Field, bool | None]
    wrong: list[Wrong] = field(default_factory=list)

    def refuse(self, what: Field, reason: str) -> None:
        column = self.columns.of.get(what, (len(self.headings),))[0]
        heading = self.headings[column] if column < len(self.headings) else ""
        self.wrong.append(Wrong(self.row.line, heading or CALLED[what], reason))

    def has(self, what: Field) -> bool:
        return what in self.columns.of

    def cell(self, what: Field) -> Cell:
        """Return the first filled cell of the field's columns, "" if none is."""
        cells = (self.row.cell(column) for column in self.columns.of.get(what, ()))
        return next((cell for cell in cells if shown(cell).casefold() not in _NOTHING), "")

    def text(self, what: Field, most: int = LONGEST_CELL) -> str:
        text = shown(self.cell(what))
        if len(text) > most:
            self.refuse(what, _("This cell has {n} characters, at most {most} fit.", n=len(text), most=most))
            return ""
        return text

    def short(self, what: Field, most: int) -> str:
        try:
            return optional(self.text(what), field="", called=CALLED[what], most=most)
        except InvalidField as refusal:
            self.refuse(what, refusal.message)
            return ""

    def counts(self, what: Field) -> Counts:
        of = {Field.SESSIONS: "granted", Field.USED: "used"}.get(what, "left")
        return self._read(what, lambda cell: read_counts(cell, of=of)) or Counts()

    def amount(self, currency: Currency) -> int | None:
        return self._read(Field.PRICE, lambda cell: read_amount(cell, currency))

    def moment(self, what: Field) -> date | datetime | None:
        try:
            return self._read(what, lambda cell: read_moment(cell, is_day_first=self.orders.get(what)))
        except TwoWays as both:
            self.refuse(
                what, _("“{both}” can be read as two days. Say above how this file writes dates.", both=both)
            )
            return None

    def _read(self, what: Field, read: Callable[[Cell], T]) -> T | None:
        if not self.text(what):
            return None
        try:
            return read(self.cell(what))
        except InvalidField as refusal:
            self.refuse(what, refusal.message)
            return None
