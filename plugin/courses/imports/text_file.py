"""A text file as rows of cells: its encoding and its delimiter are found out. Knows no column's meaning."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence

from plugin.courses.imports.table import LARGEST_FILE, MOST_ROWS
from plugin.errors import InvalidField

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOKED_AT = 20
_LOOKED_AT_CHARACTERS = 20_000
_NO_TABLE = "This is no table. Send a CSV or an Excel file (.xlsx)."

Score = Callable[[Sequence[str]], int]
Line = tuple[int, list[str]]


def read_text(data: bytes, score: Score) -> tuple[list[Line], str]:
    """Return the records with the line each begins on, and how they were read; raises InvalidField.

    `score` says how many of a record's cells look like headings: it decides between delimiters.
    """
    text, encoding = _decoded(data)
    text, named = _named_delimiter(text)
    lines = text.splitlines(keepends=True)
    delimiter = named or max(_DELIMITERS, key=lambda each: _fit(lines, each, score))
    records = list(_records(lines, delimiter, first_line=2 if named else 1))
    return records, f"{encoding}, separated by {_DELIMITERS[delimiter]}"


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(data, "utf-16"), "UTF-16"
    if (guess := _wide(data)) is not None:
        return _strictly(data, guess), "UTF-16"
    try:
        return _readable(data.decode("utf-8-sig")), "UTF-8"
    except UnicodeDecodeError:
        return _strictly(data, "cp1252"), "Windows (cp1252)"


def _wide(data: bytes) -> str | None:
    """Tell UTF-16 without its mark: every other byte of plain headings is zero."""
    start = data[:200]
    odd, even = start[1::2].count(0), start[::2].count(0)
    if max(odd, even) * 4 < len(start) or min(odd, even):
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return _readable(data.decode(encoding))
    except UnicodeDecodeError:
        raise InvalidField(_NO_TABLE, field="file") from None


def _readable(text: str) -> str:
    start = text[:4000]
    if any(ch < " " and ch not in "\t\r\n\x0b\x0c" for ch in start) or "\0" in text:
        raise InvalidField(_NO_TABLE, field="file")
    return text


def _named_delimiter(text: str) -> tuple[str, str | None]:
    """Read the first line by which Excel names the delimiter: `sep=;`."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and first.strip()[4:] in _DELIMITERS:
        return rest, first.strip()[4:]
    return text, None


def _fit(lines: Sequence[str], delimiter: str, score: Score) -> tuple[int, int]:
    try:
        records = list(
            csv.reader([line[:_LOOKED_AT_CHARACTERS] for line in lines[:_LOOKED_AT]], delimiter=delimiter)
        )
    except csv.Error:
        return (0, 0)
    widths = [len(record) for record in records if record]
    return max(map(score, records), default=0), max(set(widths), key=widths.count, default=0)


def _records(lines: Sequence[str], delimiter: str, *, first_line: int) -> list[Line]:
    csv.field_size_limit(LARGEST_FILE)
    reader = csv.reader(lines, delimiter=delimiter)
    records: list[Line] = []
    line = first_line
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((line, cells))
            line = reader.line_num + first_line
            if len(records) > MOST_ROWS + 20:
                break
    except csv.Error as error:
        raise InvalidField(f"Line {line} can't be read: {error}.", field="file") from None
    return records
