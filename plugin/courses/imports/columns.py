"""What the columns of a file hold, as the owner has settled it. The proposal comes from `mapping`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from plugin.errors import InvalidField


class Field(StrEnum):
    """What a column can hold."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    PHONE = "phone"
    EMAIL = "email"
    PACKAGE = "package"
    PACKAGE_LEFT = "package_left"
    TREATMENT = "treatment"
    SESSIONS = "sessions"
    USED = "used"
    BOOKED = "booked"
    LEFT = "left"
    TOUCH_UPS_LEFT = "touch_ups_left"
    PRICE = "price"
    SOLD_ON = "sold_on"
    EXPIRES_ON = "expires_on"
    NOTE = "note"
    RECORD = "record"


CALLED: Mapping[Field, str] = {
    Field.NAME: "Client",
    Field.FIRST_NAME: "First name",
    Field.LAST_NAME: "Last name",
    Field.PHONE: "Phone",
    Field.EMAIL: "E-mail",
    Field.PACKAGE: "Package",
    Field.PACKAGE_LEFT: "Package with sessions left",
    Field.TREATMENT: "Treatment",
    Field.SESSIONS: "Sessions bought",
    Field.USED: "Sessions used",
    Field.BOOKED: "Sessions booked, not used yet",
    Field.LEFT: "Sessions left",
    Field.TOUCH_UPS_LEFT: "Touch-ups left",
    Field.PRICE: "Price paid",
    Field.SOLD_ON: "Sold on",
    Field.EXPIRES_ON: "Expires on",
    Field.NOTE: "Note",
    Field.RECORD: "Coursekeeper record",
}
# Of these a file may have several columns; the first filled one counts.
REPEATED = frozenset({Field.PHONE, Field.EMAIL})
_NAMES = {Field.NAME, Field.FIRST_NAME, Field.LAST_NAME}
_WHAT = {Field.PACKAGE, Field.PACKAGE_LEFT, Field.TREATMENT}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what, and what the file itself does not tell.

    `is_day_first` says how 03/04/2025 is meant, None where nobody has said. `sold_on` is the date of purchase of rows
    that have none. `encoding` is what the owner said of a text file. `doubts` are questions that keep it from being
    imported until the owner has settled the columns.
    """

    of: Mapping[Field, tuple[int, ...]]
    is_day_first: bool | None = None
    sold_on: date | None = None
    encoding: str | None = None
    doubts: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the shape that is kept with the file."""
        return {
            "of": {what.value: list(columns) for what, columns in self.of.items()},
            "day_first": self.is_day_first,
            "sold_on": self.sold_on.isoformat() if self.sold_on else None,
            "encoding": self.encoding,
            "doubts": list(self.doubts),
        }


def columns_from_json(kept: Mapping[str, Any]) -> Columns:
    """Read them back; a file that has waited since an earlier version names one column for each."""
    of = {Field(name): _several(columns) for name, columns in kept["of"].items()}
    sold_on = kept.get("sold_on")
    return Columns(
        of,
        kept["day_first"],
        date.fromisoformat(sold_on) if sold_on else None,
        kept.get("encoding"),
        tuple(kept.get("doubts", ())),
    )


def _several(columns: int | Sequence[int]) -> tuple[int, ...]:
    return (columns,) if isinstance(columns, int) else tuple(columns)


def undecided(columns: Columns) -> str:
    """Return what has to be said before any row can be read, as a sentence; "" where all is there."""
    held = set(columns.of)
    if columns.doubts:
        return columns.doubts[0]
    if not held & _NAMES:
        return "Say which column holds the client's name."
    if not held & _WHAT:
        return "Say which column holds the package or the treatment."
    if not held & {Field.USED, Field.LEFT, Field.PACKAGE_LEFT}:
        return "Say which column holds the sessions used, or the sessions left."
    if Field.SOLD_ON not in held and columns.sold_on is None:
        return "Say which column holds the date of purchase. If this file has none, enter the date to use."
    return ""


def chosen(names: Mapping[int, str]) -> dict[Field, tuple[int, ...]]:
    """Return what the owner has chosen for each column; raises InvalidField where two say the same."""
    of: dict[Field, tuple[int, ...]] = {}
    for column, name in sorted(names.items()):
        if name == "":
            continue
        if name not in set(Field):
            raise InvalidField("Choose from the list what the column holds.", field=f"column-{column}")
        what = Field(name)
        if what in of and what not in REPEATED:
            raise InvalidField(
                f"Two columns are set to “{CALLED[what]}”. Choose one of them.", field=f"column-{column}"
            )
        of[what] = (*of.get(what, ()), column)
    return of
