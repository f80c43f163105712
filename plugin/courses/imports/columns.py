"""What the columns of a file mean: guessed from their headings, in the words of other systems; the owner decides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plugin.core.text import folded
from plugin.courses.imports.table import MOST_COLUMNS
from plugin.errors import InvalidField


class Field(StrEnum):
    """What a column can tell."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    PHONE = "phone"
    EMAIL = "email"
    PACKAGE = "package"
    TREATMENT = "treatment"
    SESSIONS = "sessions"
    USED = "used"
    LEFT = "left"
    TOUCH_UPS_LEFT = "touch_ups_left"
    PRICE = "price"
    SOLD_ON = "sold_on"
    EXPIRES_ON = "expires_on"
    NOTE = "note"


CALLED: Mapping[Field, str] = {
    Field.NAME: "Client",
    Field.FIRST_NAME: "First name",
    Field.LAST_NAME: "Last name",
    Field.PHONE: "Phone",
    Field.EMAIL: "E-mail",
    Field.PACKAGE: "Package",
    Field.TREATMENT: "Treatment",
    Field.SESSIONS: "Sessions bought",
    Field.USED: "Sessions used",
    Field.LEFT: "Sessions left",
    Field.TOUCH_UPS_LEFT: "Touch-ups left",
    Field.PRICE: "Price paid",
    Field.SOLD_ON: "Sold on",
    Field.EXPIRES_ON: "Expires on",
    Field.NOTE: "Note",
}

# In this order: what is more particular is asked first, so that "Client phone" is a phone.
_WORDS: Mapping[Field, str] = {
    Field.EMAIL: "email|e mail|mail|correo|courriel",
    Field.PHONE: "phone|mobile|cell|telephone|tel|telefono|telefon|movil|celular|handy|portable|telemovel",
    Field.EXPIRES_ON: "expir|valid until|valid to|valid till|end date|caduc|vence|vencimiento|ablauf|gultig bis",
    Field.TOUCH_UPS_LEFT: "touch ups left|touch up left|touchups left|touch ups remaining|touch up remaining|touch ups",
    Field.LEFT: "remaining|left|balance|unused|available|outstanding|restantes|quedan|ubrig|verbleibend|restant",
    Field.USED: "used|redeemed|taken|completed|consumed|attended|usadas|utilizadas|consumidas|verbraucht|utilise",
    Field.SOLD_ON: "sold|sale date|purchase date|purchased on|date of purchase|bought on|date purchased|"
    "start date|activation|activated|created|issued|fecha|kaufdatum|verkauft|date",
    Field.PRICE: "price|paid|amount|cost|value|revenue|precio|importe|pagado|preis|betrag|bezahlt|prix|montant",
    Field.SESSIONS: "sessions|bought|purchased|granted|visits|quantity|qty|credits|units|count|total|sesiones|"
    "sitzungen|anzahl|seances|number",
    Field.PACKAGE: "package|series|bundle|plan|course|membership|contract|paquete|bono|paket|abo|forfait",
    Field.TREATMENT: "treatment|service|item|product|tratamiento|servicio|behandlung|soin|prestation",
    Field.FIRST_NAME: "first name|given name|forename|firstname|vorname|prenom",
    Field.LAST_NAME: "last name|surname|family name|lastname|nachname|apellido|apellidos",
    Field.NOTE: "note|notes|reference|comment|comments|memo|ref|invoice|receipt|nota|notas|bemerkung|remarque",
    Field.NAME: "client|customer|patient|name|guest|member|owner|cliente|clienta|paciente|nombre|kunde|kundin|"
    "patientin|nom",
}
# Headings that hold one of those words and mean something else.
_NOT_MEANT = re.compile(
    r"\b(birth|dob|id|per|each|address|city|state|zip|discount|tax|status|staff|by|expired|type)\b"
)
_PLAIN = re.compile(r"[^\w]+|_+")
# Enough of a heading to tell what it means, whatever else is sent in its place.
_LONGEST = 40


def _plain(heading: str) -> str:
    return _PLAIN.sub(" ", folded(heading)).strip()


def _any_of(words: str) -> re.Pattern[str]:
    whole = "|".join(word if word in ("expir", "caduc") else rf"{word}\b" for word in words.split("|"))
    return re.compile(rf"\b(?:{whole})")


_EXACTLY = {_plain(called): field for field, called in CALLED.items()}
_MEANT = {field: _any_of(words) for field, words in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column tells what; `is_day_first` says how 03/04/2025 is meant, None where nobody has said."""

    of: Mapping[Field, int]
    is_day_first: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the shape that is kept with the file."""
        return {
            "of": {field.value: column for field, column in self.of.items()},
            "day_first": self.is_day_first,
        }


def columns_from_json(kept: Mapping[str, Any]) -> Columns:
    """Read them back."""
    return Columns({Field(name): column for name, column in kept["of"].items()}, kept["day_first"])


def guess(headings: Sequence[str]) -> dict[Field, int]:
    """Return which column seems to tell what; each column tells one thing, and each thing is told once."""
    found: dict[Field, int] = {}
    for column, heading in enumerate(headings[:MOST_COLUMNS]):
        field = _meant(heading)
        if field is not None and field not in found:
            found[field] = column
    return found


def _meant(heading: str) -> Field | None:
    plain = _plain(heading[: _LONGEST + 1])
    if not plain or len(plain) > _LONGEST:
        return None
    if plain in _EXACTLY:
        return _EXACTLY[plain]
    if _NOT_MEANT.search(plain):
        return None
    return next((field for field, words in _MEANT.items() if words.search(plain)), None)


def missing(columns: Columns) -> str:
    """Return what no column tells and no course can do without, as a sentence; "" where all is there."""
    told = set(columns.of)
    if not told & {Field.NAME, Field.FIRST_NAME, Field.LAST_NAME}:
        return "Say which column holds the client's name."
    if not told & {Field.PACKAGE, Field.TREATMENT}:
        return "Say which column holds the package or the treatment."
    if not told & {Field.USED, Field.LEFT}:
        return "Say which column holds the sessions used, or the sessions left."
    # A package of ours tells how many it has.
    if not told & {Field.PACKAGE, Field.SESSIONS} and not told >= {Field.USED, Field.LEFT}:
        return "Say which column holds the sessions bought."
    return ""


def chosen(names: Mapping[int, str], is_day_first: bool | None) -> Columns:
    """Return what the owner has chosen for each column; raises InvalidField where two say the same."""
    of: dict[Field, int] = {}
    for column, name in sorted(names.items()):
        if name == "":
            continue
        field = Field(name) if name in set(Field) else None
        if field is None:
            raise InvalidField("Choose from the list what the column holds.", field=f"column-{column}")
        if field in of:
            raise InvalidField(
                f"Two columns are set to “{CALLED[field]}”. Choose one of them.", field=f"column-{column}"
            )
        of[field] = column
    return Columns(of, is_day_first)
