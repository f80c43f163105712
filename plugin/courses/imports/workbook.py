"""An Excel workbook as rows of cells. Its unpacked size is measured before anything parses it.

A file of a few kilobytes can unpack to gigabytes, or claim one cell in the far corner of an empty sheet: the
parser allocates every cell between the outermost two, and half a terabyte crashes the whole process.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from xml.parsers import expat

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from plugin.courses.imports.cells import MOST_COLUMNS, MOST_ROWS, Cell
from plugin.errors import InvalidField
from plugin.wording import N_, _

_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_PARTS = 500
_MOST_PLACES = (MOST_ROWS + 100) * MOST_COLUMNS
_MOST_LISTED = 4 * _MOST_PLACES
# Beyond the table there may be a stray cell or two.
_FARTHEST_ROW = 4 * MOST_ROWS
_FARTHEST_COLUMN = 1000
_SKIPPED = ("xl/media/", "xl/drawings/", "xl/charts/", "docProps/", "customXml/")

_UNREADABLE = N_("This Excel file can’t be read. Open it, save it again as .xlsx or as CSV, and send that.")
_TOO_LARGE = N_(
    "This Excel file unpacks to more than a table of clients needs. Save it as CSV and send that."
)

_PLACE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})\Z")

Line = tuple[int, list[Cell]]


def is_workbook(data: bytes) -> bool:
    """Return whether the content is a zip, as every .xlsx is."""
    return data.startswith(b"PK\x03\x04")


def read_workbook(data: bytes) -> tuple[list[Line], str]:
    """Return the rows of the first sheet that is not empty, and how it was read; raises InvalidField."""
    try:
        return _first_sheet(_measured(data))
    except InvalidField:
        raise
    except Exception:
        # Three parsers read a file that may be truncated or altered; whatever fails in any of them, the
        # answer is the same.
        raise InvalidField(_UNREADABLE, field="file") from None


def _first_sheet(data: bytes) -> tuple[list[Line], str]:
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        for sheet in book.sheets_metadata:
            if sheet.visible is not SheetVisibleEnum.Visible:
                continue
            rows = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            lines = [(number, [_cell(value) for value in row]) for number, row in enumerate(rows, 1)]
            said = [(number, cells) for number, cells in lines if any(cell != "" for cell in cells)]
            if said:
                return said, f"Excel, sheet “{sheet.name}”"
    raise InvalidField(_("This Excel file has no rows."), field="file")


def _measured(data: bytes) -> bytes:
    """Return the workbook rebuilt from parts that were unpacked and counted."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        parts = [part for part in packed.infolist() if _is_read(part.filename)]
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
            raise InvalidField(_TOO_LARGE, field="file")
        unpacked = dict(_unpacked(packed, parts))
    if not any(name.startswith("xl/") for name in unpacked):
        raise InvalidField(_UNREADABLE, field="file")
    for part in unpacked.values():
        # The file itself states where its sheets are.
        size = _Size()
        parser = expat.ParserCreate()
        parser.StartElementHandler = size.begin
        parser.EndElementHandler = size.end
        parser.StartDoctypeDeclHandler = _refuse
        parser.Parse(part, True)
        is_far = size.rows > _FARTHEST_ROW or size.columns > _FARTHEST_COLUMN
        if is_far or size.rows * size.columns > _MOST_PLACES:
            said = _(
                "A sheet of this file has cells far outside its table. Copy the table into a new file and send that."
            )
            raise InvalidField(said, field="file")
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as plain:
        for name, part in unpacked.items():
            plain.writestr(name, part)
    return again.getvalue()


def _is_read(name: str) -> bool:
    # Pictures, printer settings and programs are left out: rows are in XML.
    return name.lower().endswith((".xml", ".rels")) and not name.startswith(_SKIPPED)


def _unpacked(packed: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    room = _MOST_UNPACKED
    for part in parts:
        # No more than the part has claimed is read from it, and the claims were added up.
        content = packed.read(part)
        room -= len(content)
        if room < 0:
            raise InvalidField(_TOO_LARGE, field="file")
        yield part.filename, content


class _Size:
    """The outermost row and column that is not empty, computed as the parser does.

    A cell without a position has the next one; the XML prefix does not matter.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0
        self._row = 0
        self._column = 0
        self._cell: tuple[int, int] | None = None

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        # The parser allocates as many as a list claims, before it sees that there are fewer.
        if any(int(attributes.get(count, 0)) > _MOST_LISTED for count in ("count", "uniqueCount")):
            raise ValueError("a list too long")
        if kind == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
        elif kind == "c":
            self._cell = self._place(attributes.get("r"))
        elif self._cell is not None:
            # Only a non-empty cell is stored.
            self.rows, self.columns = max(self.rows, self._cell[0]), max(self.columns, self._cell[1])

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] == "c":
            self._cell = None

    def _place(self, named: str | None) -> tuple[int, int]:
        row = self._row
        self._column += 1
        if named is not None:
            found = _PLACE.match(named)
            if found is None:
                raise ValueError("no place")
            number = 0
            for letter in found[1].upper():
                number = number * 26 + ord(letter) - 64
            row, self._column = max(row, int(found[2])), max(self._column, number)
        return row, self._column


def _refuse(*_: object) -> None:
    raise ValueError("a document type has no business in a sheet")


def _cell(value: object) -> Cell:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool | time | timedelta):
        return str(value)
    if isinstance(value, int | float):
        # As Excel displays it: it stores 15 digits.
        number = Decimal(format(value, ".15g"))
        if not number.is_finite():
            return str(value)
        return number.to_integral_value() if number == number.to_integral_value() else number
    return str(value)
