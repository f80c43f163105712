"""How far the cells of a sheet lie apart, reckoned from its XML before anything makes room for them.

The reader of workbooks keeps a place for every cell between the outermost two: one cell in the far corner of an
otherwise empty sheet asks it for half a terabyte, and it takes the whole process with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat

_PLACE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})\Z")


class UnreadableXml(ValueError):
    """The part is no XML, or XML that no spreadsheet program writes."""


@dataclass(frozen=True, slots=True)
class Size:
    """The outermost row and column in which something stands."""

    rows: int
    columns: int


def size_of(part: bytes) -> Size:
    """Return how large a sheet is; nothing for a part that is none. Raises UnreadableXml."""
    measure = _Measure()
    parser = expat.ParserCreate()
    parser.StartElementHandler = measure.begin
    parser.EndElementHandler = measure.end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, ValueError) as error:
        raise UnreadableXml(str(error)) from None
    return Size(measure.rows, measure.columns)


class _Measure:
    """Walks through rows and cells as the reader does, whatever their prefix; a cell without a place has the next."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0
        self._row = 0
        self._column = 0
        self._cell: tuple[int, int] | None = None

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
        elif kind == "c":
            self._cell = self._place(attributes.get("r"))
        elif self._cell is not None:
            # Only a cell with something in it is kept.
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
                raise ValueError(f"no place: {named[:20]}")
            row, self._column = max(row, int(found[2])), max(self._column, _number(found[1]))
        return row, self._column


def _number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _refuse(*_: object) -> None:
    raise ValueError("a document type has no business in a sheet")
