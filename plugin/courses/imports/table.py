"""A file as a table of cells, independent of its format. Pure; the columns have no meaning here."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# A workbook has typed numbers and dates; a text file has only text.
Cell = str | Decimal | date

LARGEST_FILE = 5 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row and its line number, as shown to a person who opens the file."""

    line: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """Return the cell, "" if the row is shorter."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to decode a text file: Python's name of the encoding, ours, and some words decoded with it."""

    encoding: str
    called: str
    sample: str


@dataclass(frozen=True, slots=True)
class Table:
    """The headings and the rows below them; `read_as` describes how the file was read.

    `readings` contains this way and the others where the bytes alone don't decide which is right, else
    nothing.
    """

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    read_as: str
    readings: tuple[Reading, ...] = ()

    @property
    def sha256(self) -> str:
        """Return a digest of the cells, independent of how the file was saved."""
        cells = [self.headings, *([str(cell) for cell in row.cells] for row in self.rows)]
        written = json.dumps(cells, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()

    def values(self, column: int, most: int = 200) -> list[Cell]:
        """Return the first filled cells below a heading."""
        filled = (cell for row in self.rows if shown(cell := row.cell(column)))
        return [cell for cell, _ in zip(filled, range(most), strict=False)]

    def examples(self, column: int) -> list[str]:
        """Return a few different values of a column, shortened, to show what it contains."""
        texts = dict.fromkeys(shown(cell)[:60] for cell in self.values(column, 50))
        return list(texts)[:3]


def shown(cell: Cell) -> str:
    """Format a cell for people."""
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
