"""A spreadsheet table, as CSV or XLSX. Text typed by a person can't run in it as a formula."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any, TypeVar

from plugin.core.money import Money, minor_digits

Cell = str | int | Decimal | date | None
T = TypeVar("T")
# A heading, and how to get a row's cell below it.
Columns = Mapping[str, Callable[[T], Cell]]

# Spreadsheets treat a cell that begins so as a formula; the wide ones are typed on East Asian keyboards.
FORMULA_SIGNS = tuple("=+-@|%＝＋－＠")
_SHEET_NAME_LENGTH = 31
_WIDTH = 18


class Format(StrEnum):
    """The file formats; each is also the file extension."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; its rows may be read only once, so that a long table is never fully in memory."""

    title: str
    headings: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]


def sheet_of(title: str, columns: Columns[T], rows: Iterable[T]) -> Sheet:
    """Return the table with one cell per heading for every row."""
    return Sheet(title, tuple(columns), ([cell(row) for cell in columns.values()] for row in rows))


def tenths(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.1f}")


def major(money: Money) -> Decimal:
    """Return the amount in major units, without its currency: 1650.00."""
    return Decimal(money.amount).scaleb(-minor_digits(money.currency))


def harmless(text: str) -> str:
    """Return the text with an apostrophe before what a spreadsheet would run as a formula."""
    begins = text.lstrip()
    return f"'{text}" if begins.startswith(FORMULA_SIGNS) or text[:1] in ("\t", "\r", "\n") else text


def write(sheet: Sheet, form: Format, out: IO[bytes], *, for_people: bool) -> None:
    """Write the table; only a CSV `for_people` begins with the BOM by which Excel detects UTF-8."""
    if form is Format.XLSX:
        _write_xlsx(sheet, out)
    else:
        text = io.TextIOWrapper(
            out, encoding="utf-8-sig" if for_people else "utf-8", newline="", write_through=True
        )
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(sheet.headings)
        writer.writerows([_plain(cell) for cell in row] for row in sheet.rows)
        text.detach()


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return "" if cell is None else str(cell)


def _write_xlsx(sheet: Sheet, out: IO[bytes]) -> None:
    # Imported where it is needed: a clinic downloads few of these, and it takes 2 MB.
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # ships no types

    # Only one row at a time is in memory; every text is written as text, whatever it looks like.
    with Workbook(out, {"constant_memory": True}) as book:
        page = book.add_worksheet(sheet.title[:_SHEET_NAME_LENGTH])
        looks = _Looks(book)
        page.freeze_panes(1, 0)
        page.set_column(0, len(sheet.headings) - 1, _WIDTH)
        for column, heading in enumerate(sheet.headings):
            page.write_string(0, column, heading, looks.heading)
        for line, row in enumerate(sheet.rows, start=1):
            for column, cell in enumerate(row):
                _put(page, line, column, cell, looks)


class _Looks:
    """Cell formats: a bold heading, days, and amounts with the decimals of their currency."""

    def __init__(self, book: Any) -> None:
        self.heading = book.add_format({"bold": True})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._amounts = {
            digits: book.add_format({"num_format": f"#,##0.{'0' * digits}".rstrip(".")})
            for digits in (0, 2, 3)
        }

    def amount(self, value: Decimal) -> Any:
        return self._amounts[-int(value.as_tuple().exponent)]


def _put(page: Any, line: int, column: int, cell: Cell, looks: _Looks) -> None:
    if isinstance(cell, str):
        page.write_string(line, column, harmless(cell))
    elif isinstance(cell, Decimal):
        page.write_number(line, column, cell, looks.amount(cell))
    elif isinstance(cell, date):
        page.write_datetime(line, column, cell, looks.day)
    elif cell is not None:
        page.write_number(line, column, cell)
