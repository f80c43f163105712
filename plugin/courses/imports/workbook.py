"""An Excel workbook as rows of cells. What it unpacks to is measured before anything reads it.

A file of a few kilobytes can claim cells at the far corner of a sheet, or unpack to gigabytes.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from plugin.courses.imports.sheet_size import UnreadableXml, size_of
from plugin.courses.imports.table import MOST_COLUMNS, MOST_ROWS, Cell
from plugin.errors import InvalidField

_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_PARTS = 500
_MOST_PLACES = (MOST_ROWS + 100) * MOST_COLUMNS
# Beyond the table there may be a stray cell or two.
_FARTHEST_ROW = 4 * MOST_ROWS
_FARTHEST_COLUMN = 1000
_SKIPPED = ("xl/media/", "xl/drawings/", "xl/charts/", "docProps/", "customXml/")

_UNREADABLE = "This Excel file can't be read. Open it, save it again as .xlsx or as CSV, and send that."
_TOO_LARGE = "This Excel file unpacks to more than a table of clients needs. Save it as CSV and send that."

Line = tuple[int, list[Cell]]


def is_workbook(data: bytes) -> bool:
    """Say whether the content is a zip, as every .xlsx is."""
    return data.startswith(b"PK\x03\x04")


def read_workbook(data: bytes) -> tuple[list[Line], str]:
    """Return the rows of the first sheet with something in it, and how it was read; raises InvalidField."""
    measured = _measured(data)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(measured)) as book:
            for sheet in book.sheets_metadata:
                if sheet.visible is not SheetVisibleEnum.Visible:
                    continue
                rows = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                lines = [(number, [_cell(value) for value in row]) for number, row in enumerate(rows, 1)]
                said = [(number, cells) for number, cells in lines if any(cell != "" for cell in cells)]
                if said:
                    return said, f"Excel, sheet “{sheet.name}”"
    except (CalamineError, ValueError, OverflowError):
        raise InvalidField(_UNREADABLE, field="file") from None
    raise InvalidField("This Excel file has no rows.", field="file")


def _measured(data: bytes) -> bytes:
    """Return the workbook anew from parts that were unpacked and counted; raises InvalidField."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = [part for part in packed.infolist() if _is_read(part.filename)]
            _refuse_claims(parts)
            unpacked = dict(_unpacked(packed, parts))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise InvalidField(_UNREADABLE, field="file") from None
    if not any(name.startswith("xl/") for name in unpacked):
        raise InvalidField(_UNREADABLE, field="file")
    for part in unpacked.values():
        # Where its sheets lie the file itself says.
        _refuse_far_cells(part)
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as plain:
        for name, part in unpacked.items():
            plain.writestr(name, part)
    return again.getvalue()


def _is_read(name: str) -> bool:
    # Pictures, printers' settings and programs stay behind: what tells of rows is XML.
    return name.lower().endswith((".xml", ".rels")) and not name.startswith(_SKIPPED)


def _refuse_claims(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise InvalidField(_TOO_LARGE, field="file")


def _unpacked(packed: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    room = _MOST_UNPACKED
    for part in parts:
        # No more than the part has claimed comes out of it, and the claims were added up.
        content = packed.read(part)
        room -= len(content)
        if room < 0:
            raise InvalidField(_TOO_LARGE, field="file")
        yield part.filename, content


def _refuse_far_cells(part: bytes) -> None:
    try:
        size = size_of(part)
    except UnreadableXml:
        raise InvalidField(_UNREADABLE, field="file") from None
    is_far = size.rows > _FARTHEST_ROW or size.columns > _FARTHEST_COLUMN
    if is_far or size.rows * size.columns > _MOST_PLACES:
        said = "A sheet of this file has cells far outside its table. Copy the table into a new file and send that."
        raise InvalidField(said, field="file")


def _cell(value: object) -> Cell:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool | time | timedelta):
        return str(value)
    if isinstance(value, int | float):
        return _number(value)
    return str(value)


def _number(value: float) -> Cell:
    # What Excel shows: it keeps 15 digits.
    number = Decimal(format(value, ".15g"))
    if not number.is_finite():
        return str(value)
    return number.to_integral_value() if number == number.to_integral_value() else number
