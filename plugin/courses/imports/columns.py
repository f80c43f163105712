"""Which column of a file holds which field: proposed by headings and values, decided by the owner; cells read by it.

The best pair of a column and a field is taken first, then the best of the rest, so that no unmatched pair
scores higher than both of their matches. Errors of cells are collected, not raised.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from plugin.core.text import folded, optional
from plugin.courses.imports.cells import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Cell,
    Currency,
    Row,
    Table,
    TwoWays,
    read_amount,
    read_moment,
    shown,
)
from plugin.courses.imports.fields import CALLED, FIELDS, Field, heading_weight
from plugin.courses.imports.values import (
    COUNTS,
    EMAIL,
    PHONE,
    Counts,
    Scores,
    Values,
    count_columns,
    does_count_matter,
    fit,
    read_counts,
    values_of,
)
from plugin.errors import InvalidField
from plugin.wording import _

_NAMES = {Field.NAME, Field.FIRST_NAME, Field.LAST_NAME}
_SOLD = {Field.PACKAGE, Field.PACKAGE_LEFT, Field.TREATMENT}
_COUNTED = {Field.USED, Field.LEFT, Field.PACKAGE_LEFT}


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of each field, and what the file does not contain.

    `is_day_first` is how 03/04/2025 is to be read, None for not known. `sold_on` is the date of purchase of
    rows that have none. `encoding` is what the owner chose for a text file. `doubts` are questions that block
    the import until the owner confirms the columns.
    """

    of: Mapping[Field, tuple[int, ...]]
    is_day_first: bool | None = None
    sold_on: date | None = None
    encoding: str | None = None
    doubts: tuple[str, ...] = ()

    @property
    def field_of(self) -> dict[int, Field]:
        return {column: what for what, columns in self.of.items() for column in columns}

    def to_json(self) -> dict[str, Any]:
        """Return the form stored with the file."""
        return {
            "of": {what.value: list(columns) for what, columns in self.of.items()},
            "day_first": self.is_day_first,
            "sold_on": self.sold_on.isoformat() if self.sold_on else None,
            "encoding": self.encoding,
            "doubts": list(self.doubts),
        }


def columns_from_json(stored: Mapping[str, Any]) -> Columns:
    """Read the stored form."""
    return Columns(
        {Field(name): tuple(columns) for name, columns in stored["of"].items()},
        stored["day_first"],
        date.fromisoformat(stored["sold_on"]) if stored["sold_on"] else None,
        stored["encoding"],
        tuple(stored["doubts"]),
    )


def undecided(columns: Columns) -> str:
    """Return what the owner must state before any row can be read, as a sentence; "" for nothing."""
    present = set(columns.of)
    if columns.doubts:
        return columns.doubts[0]
    if not present & _NAMES:
        return _("Say which column holds the client’s name.")
    if not present & _SOLD:
        return _("Say which column holds the package or the treatment.")
    if not present & _COUNTED:
        return _("Say which column holds the sessions used, or the sessions left.")
    if Field.SOLD_ON not in present and columns.sold_on is None:
        return _("Say which column holds the date of purchase. If this file has none, enter the date to use.")
    return ""


def chosen(names: Mapping[int, str]) -> dict[Field, tuple[int, ...]]:
    """Return the columns of each field from the field chosen for each column.

    Raises InvalidField for a field chosen twice.
    """
    of: dict[Field, tuple[int, ...]] = {}
    for column, name in sorted(names.items()):
        if name == "":
            continue
        if name not in set(Field):
            raise InvalidField(_("Choose from the list what the column holds."), field=f"column-{column}")
        what = Field(name)
        if what in of and not FIELDS[what].is_repeated:
            said = _("Two columns are set to “{called}”. Choose one of them.", called=CALLED[what])
            raise InvalidField(said, field=f"column-{column}")
        of[what] = (*of.get(what, ()), column)
    return of


# What people write in an empty cell.
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a row can't be imported: the line, the column's heading ("" for the row as a whole), the reason."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class RowReader:
    """Reads the cells of one row. `orders` states for each date column whether the day comes first."""

    row: Row
    columns: Columns
    headings: tuple[str, ...]
    orders: Mapping[Field, bool | None]
    wrong: list[Wrong] = field(default_factory=list)

    def refuse(self, what: Field, reason: str) -> None:
        column = self.columns.of.get(what, (len(self.headings),))[0]
        heading = self.headings[column] if column < len(self.headings) else ""
        self.wrong.append(Wrong(self.row.line, heading or CALLED[what], reason))

    def has(self, what: Field) -> bool:
        return what in self.columns.of

    def cell(self, what: Field) -> Cell:
        """Return the first filled cell of the field's columns, "" if none is."""
        cells = (self.row.cell(column) for column in self.columns.of.get(what, ()))
        return next((cell for cell in cells if shown(cell).casefold() not in _NOTHING), "")

    def text(self, what: Field, most: int = LONGEST_CELL) -> str:
        text = shown(self.cell(what))
        if len(text) > most:
            self.refuse(what, _("This cell has {n} characters, at most {most} fit.", n=len(text), most=most))
            return ""
        return text

    def short(self, what: Field, most: int) -> str:
        try:
            return optional(self.text(what), field="", called=CALLED[what], most=most)
        except InvalidField as refusal:
            self.refuse(what, refusal.message)
            return ""

    def counts(self, what: Field) -> Counts:
        of = {Field.SESSIONS: "granted", Field.USED: "used"}.get(what, "left")
        return self._read(what, lambda cell: read_counts(cell, of=of)) or Counts()

    def amount(self, currency: Currency) -> int | None:
        return self._read(Field.PRICE, lambda cell: read_amount(cell, currency))

    def moment(self, what: Field) -> date | datetime | None:
        try:
            return self._read(what, lambda cell: read_moment(cell, is_day_first=self.orders.get(what)))
        except TwoWays as both:
            self.refuse(
                what, _("“{both}” can be read as two days. Say above how this file writes dates.", both=both)
            )
            return None

    def _read(self, what: Field, read: Callable[[Cell], T]) -> T | None:
        if not self.text(what):
            return None
        try:
            return read(self.cell(what))
        except InvalidField as refusal:
            self.refuse(what, refusal.message)
            return None


_ENOUGH = 0.5
# Scores closer than this are tied: only the owner can decide.
_EVEN = 0.02
_ASKED = (Field.NAME, Field.PACKAGE, Field.TREATMENT, Field.SOLD_ON, Field.EXPIRES_ON, *COUNTS)
# The headings of Coursekeeper's own export.
_EXPORTED = {spec.exported_as: what for what, spec in FIELDS.items() if spec.exported_as}


@dataclass(frozen=True, slots=True)
class Known:
    """The names of the clinic's packages and treatments, folded. Matching values are evidence for their column."""

    packages: frozenset[str] = frozenset()
    treatments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Note:
    """Why a column is mapped as it is, or skipped; `score` is 0 to 100, 0 for a skipped one."""

    score: int
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed field of each column, and a note on each column."""

    columns: Columns
    notes: tuple[Note, ...]


def propose(table: Table, known: Known | None = None) -> Proposal:
    """Score all columns against all fields."""
    headings, known = table.headings[:MOST_COLUMNS], known or Known()
    if set(_EXPORTED) <= set(headings):
        own = {what: (headings.index(heading),) for heading, what in _EXPORTED.items()}
        return Proposal(Columns(own), tuple(_own_note(heading) for heading in headings))
    values = [values_of(table.values(column)) for column in range(len(headings))]
    scores = {
        (column, what): score
        for column, heading in enumerate(headings)
        for what in Field
        if (score := _score(heading, values[column], what, known)) >= _ENOUGH
    }
    of = _strongest(scores, count_columns(table, scores))
    of = _whole_names(table, _repeated(scores, of))
    doubts = tuple(_doubts(table, scores, of))
    notes = tuple(_note(table, values[column], scores, of, column) for column in range(len(headings)))
    return Proposal(Columns({what: of[what] for what in Field if what in of}, doubts=doubts), notes)


def _score(heading: str, values: Values, what: Field, known: Known) -> float:
    if what in (Field.RECORD, Field.PACKAGE_LEFT):
        return _package_left(heading, values) if what is Field.PACKAGE_LEFT else 0.0
    weight = heading_weight(heading, what)
    if weight is None:
        return 0.0
    return max(weight * fit(values, what), _by_values(heading, values, what, known))


def _package_left(heading: str, values: Values) -> float:
    """Score “10 Pack - 7 remaining”: a package and what is left of it in one cell."""
    weight = max(heading_weight(heading, what) or 0.0 for what in (Field.PACKAGE, Field.TREATMENT))
    return weight + 0.01 if weight and max(values.says_left, values.says_used) >= 0.5 else 0.0


def _by_values(heading: str, values: Values, what: Field, known: Known) -> float:
    """Return the score of the values alone for a field, whatever the heading."""
    if what is Field.EMAIL:
        return 0.6 if values.share(EMAIL) >= 0.8 else 0.0
    if what is Field.PHONE:
        return 0.55 if values.share(PHONE) > 0.8 else 0.0
    if what in (Field.PACKAGE, Field.TREATMENT):
        names = known.packages if what is Field.PACKAGE else known.treatments
        met = sum(folded(text) in names for text in values.folded)
        return (0.95 if what is Field.PACKAGE else 0.9) if met and 2 * met >= len(values.folded) else 0.0
    if what is Field.LEFT and values.says_left >= 0.5 and not _names_package(heading):
        return 0.9
    if what is Field.USED and values.says_used >= 0.5 and not _names_package(heading):
        return 0.8
    return 0.0


def _names_package(heading: str) -> bool:
    return max(heading_weight(heading, what) or 0.0 for what in (Field.PACKAGE, Field.TREATMENT)) >= _ENOUGH


def _strongest(scores: Scores, counts: Mapping[Field, tuple[int, ...]]) -> dict[Field, tuple[int, ...]]:
    of = dict(counts)
    taken = {column for columns in of.values() for column in columns}
    for column, what in sorted(scores, key=lambda each: -scores[each]):
        if column in taken or what in of or what in COUNTS or _is_settled(what, of):
            continue
        of[what] = (column,)
        taken.add(column)
    return of


def _is_settled(what: Field, of: Mapping[Field, tuple[int, ...]]) -> bool:
    packages = {Field.PACKAGE, Field.PACKAGE_LEFT}
    return what in packages and bool(packages & set(of))


def _repeated(scores: Scores, of: Mapping[Field, tuple[int, ...]]) -> dict[Field, tuple[int, ...]]:
    """Return the mapping with every column of a field that may have several."""
    taken = {column for columns in of.values() for column in columns}
    return {
        what: tuple(
            sorted({*columns, *(c for c, field in scores if field is what and c not in taken)})
            if FIELDS[what].is_repeated
            else columns
        )
        for what, columns in of.items()
    }


# Names, doubts, notes ----------------------------------------------------------------------------------------------


def _whole_names(table: Table, of: dict[Field, tuple[int, ...]]) -> dict[Field, tuple[int, ...]]:
    """Map “Name” beside a last name to the first name, unless it contains both."""
    if Field.LAST_NAME not in of or Field.FIRST_NAME in of or Field.NAME not in of:
        return of
    (name,), (last,) = of[Field.NAME], of[Field.LAST_NAME]
    rows = [(str(row.cell(name)), str(row.cell(last))) for row in table.rows[:50]]
    is_whole = sum(bool(family) and folded(family) in folded(whole) for whole, family in rows) * 2 > len(rows)
    if is_whole:
        return of
    return {Field.FIRST_NAME if what is Field.NAME else what: columns for what, columns in of.items()}


def _doubts(table: Table, scores: Scores, of: Mapping[Field, tuple[int, ...]]) -> Iterable[str]:
    """Return a question where two columns score alike for a field, and it makes a difference."""
    taken = {column for columns in of.values() for column in columns}
    for what in _ASKED:
        mine = of.get(what, (0,))[0]
        for column, fitted in scores:
            is_even = fitted is what in of and scores[column, what] >= scores.get((mine, what), 0.0) - _EVEN
            if is_even and column not in taken and _makes_a_difference(table, of, what, column):
                one, other = (
                    table.headings[each] or _("Column {number}", number=each + 1) for each in (mine, column)
                )
                yield _(
                    "Both “{one}” and “{other}” may hold {what}. Choose one, and set the other to Skip.",
                    one=one,
                    other=other,
                    what=_spoken(what),
                )
                break


def _makes_a_difference(table: Table, of: Mapping[Field, tuple[int, ...]], what: Field, column: int) -> bool:
    mine = of[what][0]
    if all(str(row.cell(mine)).strip() == str(row.cell(column)).strip() for row in table.rows):
        return False
    if what not in COUNTS:
        return True
    return does_count_matter(table, of, what, column)


def _spoken(what: Field) -> str:
    called = CALLED[what]
    return {"Client": _("the client’s name"), "Sold on": _("the date of purchase")}.get(called, f"“{called}”")


def _note(
    table: Table, values: Values, scores: Scores, of: Mapping[Field, tuple[int, ...]], column: int
) -> Note:
    heading = table.headings[column]
    for what, columns in of.items():
        if column in columns:
            score = scores.get((column, what)) or scores.get((column, Field.NAME)) or _ENOUGH
            return Note(min(100, round(100 * score)), _why(heading, values, what))
    wanted = {what: weight for what in Field if (weight := heading_weight(heading, what) or 0.0) >= _ENOUGH}
    if not wanted:
        return Note(0, _("Not needed, or not understood"))
    likely = max(wanted, key=lambda what: wanted[what])
    if (column, likely) in scores and likely in of:
        return Note(
            0,
            _(
                "“{heading}” fits “{called}” better",
                heading=table.headings[of[likely][0]],
                called=CALLED[likely],
            ),
        )
    if (column, likely) in scores:
        return Note(0, _("Its numbers don’t go with the other columns as “{called}”", called=CALLED[likely]))
    return Note(0, _("Its values are {kind}, not “{called}”", kind=values.kind, called=CALLED[likely]))


def _why(heading: str, values: Values, what: Field) -> str:
    if not values.count:
        return _("By its heading; no row has a value")
    if (heading_weight(heading, what) or 0.0) < _ENOUGH and what is not Field.PACKAGE_LEFT:
        return _("By its values")
    return (
        _("By heading and values") if fit(values, what) > 0.85 else _("By its heading; some values don’t fit")
    )


def _own_note(heading: str) -> Note:
    if heading in _EXPORTED:
        return Note(100, _("Exported from Coursekeeper"))
    return Note(0, _("Kept in “record”"))
