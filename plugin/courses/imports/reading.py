"""A file that somebody sent, told by its content, as a table with headings. Raises InvalidField with the mend."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from plugin.core.text import clean
from plugin.courses.imports.columns import guess
from plugin.courses.imports.table import LARGEST_FILE, MOST_COLUMNS, MOST_ROWS, Cell, Row, Table
from plugin.courses.imports.text_file import read_text
from plugin.courses.imports.workbook import is_workbook, read_workbook
from plugin.errors import InvalidField

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# Reports of other systems begin with a title and the day they were made.
_LINES_ABOVE = 10
_HEADING_LENGTH = 60
_GUARDED = tuple("=+-@|%")
_SPLIT = "Split it, and import one part after the other."


def read_table(data: bytes) -> Table:
    """Return the table in a CSV or Excel file; raises InvalidField in words for anything else."""
    _refuse(data)
    if is_workbook(data):
        records, read_as = read_workbook(data)
    else:
        records, read_as = _text(data)
    if not records:
        raise InvalidField("This file has no rows.", field="file")
    top = _heading_row(records)
    rows = [Row(line, _trimmed(cells)) for line, cells in records[top:]]
    _refuse_size(max(len(row.cells) for row in rows), len(rows) - 1)
    headings = tuple(clean(str(cell)[: 4 * _HEADING_LENGTH])[:_HEADING_LENGTH] for cell in rows[0].cells)
    return Table(headings, tuple(rows[1:]), read_as)


def _refuse(data: bytes) -> None:
    if not data.strip():
        raise InvalidField("This file is empty. Choose one with rows in it.", field="file")
    if len(data) > LARGEST_FILE:
        said = f"This file is larger than {LARGEST_FILE // 1024 // 1024} MB. {_SPLIT}"
        raise InvalidField(said, field="file")
    if data.startswith(_OLD_EXCEL):
        said = "This is an old or a locked Excel file. Open it and save it as .xlsx without a password, or as CSV."
        raise InvalidField(said, field="file")


def _text(data: bytes) -> tuple[list[tuple[int, list[Cell]]], str]:
    lines, read_as = read_text(data, lambda cells: len(guess(cells)))
    return [(number, [_as_typed(cell) for cell in cells]) for number, cells in lines], read_as


def _as_typed(cell: str) -> str:
    # Our own exports, and careful ones of others, put an apostrophe before what a spreadsheet would run.
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _GUARDED else cell


def _heading_row(records: Sequence[tuple[int, list[Cell]]]) -> int:
    above = [cells for _, cells in islice(records, _LINES_ABOVE)]
    known = [len(guess([str(cell) for cell in cells])) for cells in above]
    return known.index(max(known)) if max(known) > 1 else 0


def _trimmed(cells: list[Cell]) -> tuple[Cell, ...]:
    end = max((number for number, cell in enumerate(cells, 1) if str(cell).strip()), default=0)
    return tuple(cells[:end])


def _refuse_size(widest: int, many: int) -> None:
    if not many:
        raise InvalidField("This file has headings and no rows below them.", field="file")
    if widest > MOST_COLUMNS:
        raise InvalidField(
            f"This file has more than {MOST_COLUMNS} columns. Take out what is not needed.", field="file"
        )
    if many > MOST_ROWS:
        said = f"This file has more than {MOST_ROWS:,} rows. {_SPLIT}"
        raise InvalidField(said, field="file")
