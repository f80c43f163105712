"""An uploaded file, recognized by its content, as a table with headings. Errors state how to fix the file."""

import csv
from collections.abc import Sequence
from itertools import islice

from plugin.core.text import clean
from plugin.courses.base.sheet import FORMULA_SIGNS
from plugin.courses.imports.encoding import decode
from plugin.courses.imports.fields import count_known_headings
from plugin.courses.imports.table import LARGEST_FILE, MOST_COLUMNS, MOST_ROWS, Cell, Reading, Row, Table
from plugin.courses.imports.workbook import is_workbook, read_workbook
from plugin.errors import InvalidField
from plugin.wording import N_, _

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# Reports of other systems begin with a title and the date of the report.
_LINES_ABOVE = 10
_HEADING_LENGTH = 60
_SPLIT = N_("Split it, and import one part after the other.")
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOKED_AT = 20
_LOOKED_AT_CHARACTERS = 20_000

Line = tuple[int, list[Cell]]


def read_table(data: bytes, encoding: str | None = None) -> Table:
    """Return the table in a CSV or Excel file; `encoding` is the owner's choice for a text file.

    Raises InvalidField, with a readable reason, for anything else.
    """
    _refuse(data)
    readings: tuple[Reading, ...] = ()
    if is_workbook(data):
        cells, read_as = read_workbook(data)
        records = [(line, [_as_typed(each) for each in row]) for line, row in cells]
    else:
        text, called, readings = decode(data, encoding)
        records, delimiter = _records(text)
        read_as = _("{called}, separated by {delimiters}", called=called, delimiters=_DELIMITERS[delimiter])
    if not records:
        raise InvalidField(_("This file has no rows."), field="file")
    top = _heading_row(records)
    rows = [Row(line, _trimmed(cells)) for line, cells in records[top:]]
    _refuse_size(max(len(row.cells) for row in rows), len(rows) - 1)
    headings = tuple(clean(str(cell)[: 4 * _HEADING_LENGTH])[:_HEADING_LENGTH] for cell in rows[0].cells)
    return Table(headings, tuple(rows[1:]), read_as, readings)


def _refuse(data: bytes) -> None:
    if not data.strip():
        raise InvalidField(_("This file is empty. Choose one with rows in it."), field="file")
    if len(data) > LARGEST_FILE:
        said = _(
            "This file is larger than {largest_file} MB. {split}",
            largest_file=LARGEST_FILE // 1024 // 1024,
            split=_SPLIT,
        )
        raise InvalidField(said, field="file")
    if data.startswith(_OLD_EXCEL):
        said = _(
            "This is an old or a locked Excel file. Open it and save it as .xlsx without a password, or as CSV."
        )
        raise InvalidField(said, field="file")


def _records(text: str) -> tuple[list[Line], str]:
    """Return the rows with the line each begins on, and the delimiter."""
    text, named = _named_delimiter(text)
    lines = text.splitlines(keepends=True)
    delimiter = named or max(_DELIMITERS, key=lambda each: _fit(lines, each))
    return _parsed(lines, delimiter, first_line=2 if named else 1), delimiter


def _named_delimiter(text: str) -> tuple[str, str | None]:
    """Read the first line by which Excel names the delimiter: `sep=;`."""
    first, _other, rest = text.partition("\n")
    if first.lower().startswith("sep=") and first.strip()[4:] in _DELIMITERS:
        return rest, first.strip()[4:]
    return text, None


def _fit(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Return how many known headings a delimiter gives, and how wide its rows are."""
    some = [line[:_LOOKED_AT_CHARACTERS] for line in lines[:_LOOKED_AT]]
    try:
        records = list(csv.reader(some, delimiter=delimiter))
    except csv.Error:
        return (0, 0)
    widths = [len(record) for record in records if record]
    return max(map(count_known_headings, records), default=0), max(set(widths), key=widths.count, default=0)


def _parsed(lines: Sequence[str], delimiter: str, *, first_line: int) -> list[Line]:
    csv.field_size_limit(LARGEST_FILE)
    reader = csv.reader(lines, delimiter=delimiter)
    records: list[Line] = []
    line = first_line
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((line, [_as_typed(cell) for cell in cells]))
            line = reader.line_num + first_line
            if len(records) > MOST_ROWS + 20:
                break
    except csv.Error as error:
        raise InvalidField(
            _("Line {line} can’t be read: {error}.", line=line, error=error), field="file"
        ) from None
    return records


def _as_typed(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    # Our own exports, and careful ones of others, put an apostrophe before what a spreadsheet would execute.
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip().startswith(FORMULA_SIGNS) else cell


def _heading_row(records: Sequence[Line]) -> int:
    above = [cells for _other, cells in islice(records, _LINES_ABOVE)]
    known = [count_known_headings([str(cell) for cell in cells]) for cells in above]
    return known.index(max(known)) if max(known) > 1 else 0


def _trimmed(cells: list[Cell]) -> tuple[Cell, ...]:
    end = max((number for number, cell in enumerate(cells, 1) if str(cell).strip()), default=0)
    return tuple(cells[:end])


def _refuse_size(widest: int, many: int) -> None:
    if not many:
        raise InvalidField(_("This file has headings and no rows below them."), field="file")
    if widest > MOST_COLUMNS:
        raise InvalidField(
            _(
                "This file has more than {most_columns} columns. Take out what is not needed.",
                most_columns=MOST_COLUMNS,
            ),
            field="file",
        )
    if many > MOST_ROWS:
        said = _(
            "This file has more than {most_rows} rows. {split}", most_rows=f"{MOST_ROWS:,}", split=_SPLIT
        )
        raise InvalidField(said, field="file")
