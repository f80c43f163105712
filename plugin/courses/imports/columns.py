"""Which column of a file holds which field, as the owner decided. The proposal comes from `mapping`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from plugin.courses.imports.fields import CALLED, FIELDS, Field
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
        """Return the field of each column that has one."""
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
    """Read the stored form; a file stored by an earlier version names one column for each field."""
    sold_on = stored.get("sold_on")
    return Columns(
        {
            Field(name): (columns,) if isinstance(columns, int) else tuple(columns)
            for name, columns in stored["of"].items()
        },
        stored["day_first"],
        date.fromisoformat(sold_on) if sold_on else None,
        stored.get("encoding"),
        tuple(stored.get("doubts", ())),
    )


def undecided(columns: Columns) -> str:
    """Return what the owner must state before any row can be read, as a sentence; "" for nothing."""
    present = set(columns.of)
    if columns.doubts:
        return columns.doubts[0]
    if not present & _NAMES:
        return _("Say which column holds the client's name.")
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
