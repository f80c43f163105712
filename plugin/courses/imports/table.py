"""A file as a table of cells, whatever it was before. Knows no column's meaning."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# A workbook knows its numbers and dates; a text file knows only text.
Cell = str | Decimal | date

LARGEST_FILE = 5 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row and the line it stands on, as the person sees it who opens the file."""

    line: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """Return the cell, "" where the row ends before it."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way the letters of a text file can be read: Python's name of the encoding, ours, and some words of it."""

    encoding: str
    called: str
    sample: str


@dataclass(frozen=True, slots=True)
class Table:
    """The headings and the rows below them; `read_as` says how the file was read, for people.

    `readings` holds this way and the others where the bytes alone don't decide which is right, else nothing.
    """

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    read_as: str
    readings: tuple[Reading, ...] = ()

    @property
    def sha256(self) -> str:
        """Return what is the same for the same cells, however the file was saved."""
        cells = [self.headings, *([str(cell) for cell in row.cells] for row in self.rows)]
        written = json.dumps(cells, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()

    def values(self, column: int, most: int = 200) -> list[Cell]:
        """Return the first filled cells below a heading."""
        filled = (cell for row in self.rows if shown(cell := row.cell(column)))
        return [cell for cell, _ in zip(filled, range(most), strict=False)]

    def examples(self, column: int) -> list[str]:
        """Return a few different values of a column, shortened, for people to see what it holds."""
        texts = dict.fromkeys(shown(cell)[:60] for cell in self.values(column, 50))
        return list(texts)[:3]


def shown(cell: Cell) -> str:
    """Write a cell as people read it."""
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
