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
class Table:
    """The headings and the rows below them; `read_as` says how the file was read, for people."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    read_as: str

    @property
    def sha256(self) -> str:
        """Return what is the same for the same cells, however the file was saved."""
        cells = [self.headings, *([str(cell) for cell in row.cells] for row in self.rows)]
        written = json.dumps(cells, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()

    def sample(self, column: int) -> str:
        """Return the first cell below the heading that says something."""
        said = (shown(row.cell(column)) for row in self.rows[:50])
        return next((text for text in said if text), "")[:60]


def shown(cell: Cell) -> str:
    """Write a cell as people read it."""
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
