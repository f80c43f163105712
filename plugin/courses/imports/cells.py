"""Read the cells of one row by the field of their column. Errors are collected, not raised."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from plugin.core.text import optional
from plugin.courses.imports.amounts import Currency, read_amount
from plugin.courses.imports.columns import Columns
from plugin.courses.imports.counts import Counts, read_counts
from plugin.courses.imports.days import TwoWays, read_moment
from plugin.courses.imports.fields import CALLED, Field
from plugin.courses.imports.table import LONGEST_CELL, Cell, Row, shown
from plugin.errors import InvalidField
from plugin.wording import _

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
