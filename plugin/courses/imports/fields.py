"""The fields that a column of an imported file can hold, and how strongly a heading names each.

The table of fields is `fields.toml`. A heading names a field as strongly as its strongest phrase; anything else in it
makes it weaker or rules the field out.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any

from plugin.core.text import folded
from plugin.courses.imports.cells import MOST_COLUMNS
from plugin.wording import N_

# Longer than any heading; protects the regular expressions from hostile input.
_LONGEST = 60
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[^\w]+|_+")
_FILL = "of|the|a|in|for|and|de|del|la|el|los|las|y|e"
# A heading with one of these words is about something or someone else, whatever else it contains.
_OTHER = re.compile(
    r"\b(?:birth\w*|dob|address|street|city|state|zip|postal|postcode|country|gender|sex|discount|tip|tips|staff|provider"
    r"|practitioner|therapist|instructor|teacher|trainer|coach|employee|technician|esthetician|stylist|location|branch"
    r"|studio|salon|shop|store|site|center|centre|clinic|room|emergency|referr\w+|ids?|uuid|sku|barcode|url|link|photo"
    r"|tags?|status|code|category|reason|per|each|y n|auto|renew\w*|recurring|sent|opt|consent|subscribed|marketing"
    r"|parent|guardian|spouse|responsible|by|nacimiento|direccion|ciudad|estado|geburtstag|invoice|order|key)\b"
)


class Field(StrEnum):
    """What a column can contain."""

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


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of the table, as `fields.toml` explains it."""

    values: str
    is_repeated: bool
    is_strict: bool
    is_in_template: bool
    exported_as: str | None
    words: tuple[tuple[float, re.Pattern[str]], ...]
    beside: re.Pattern[str]
    never: re.Pattern[str]


def _specs() -> dict[Field, FieldSpec]:
    table = tomllib.loads(files(__package__).joinpath("fields.toml").read_text(encoding="utf-8"))
    parts: dict[str, str] = {}
    for name, alternatives in table["parts"].items():
        parts[name] = alternatives.format(**parts)
    return {what: _spec(table["fields"][what.value], parts) for what in Field}


def _spec(row: Mapping[str, Any], parts: Mapping[str, str]) -> FieldSpec:
    def whole(words: str) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{words.format(**parts)})\b" if words else r"(?!)")

    return FieldSpec(
        values=row.get("values", "text"),
        is_repeated=row.get("is_repeated", False),
        is_strict=row.get("is_strict", False),
        is_in_template=row.get("is_in_template", False),
        exported_as=row.get("exported_as"),
        words=tuple((weight, whole(words)) for weight, words in row.get("words", ())),
        beside=whole(f"{_FILL}|{row.get('beside', '')}"),
        never=whole(row.get("never", "")),
    )


FIELDS: Mapping[Field, FieldSpec] = _specs()
CALLED: Mapping[Field, str] = {
    Field.NAME: N_("Client"),
    Field.FIRST_NAME: N_("First name"),
    Field.LAST_NAME: N_("Last name"),
    Field.PHONE: N_("Phone"),
    Field.EMAIL: N_("E-mail"),
    Field.PACKAGE: N_("Package"),
    Field.PACKAGE_LEFT: N_("Package with sessions left"),
    Field.TREATMENT: N_("Treatment"),
    Field.SESSIONS: N_("Sessions bought"),
    Field.USED: N_("Sessions used"),
    Field.BOOKED: N_("Sessions booked, not used yet"),
    Field.LEFT: N_("Sessions left"),
    Field.TOUCH_UPS_LEFT: N_("Touch-ups left"),
    Field.PRICE: N_("Price paid"),
    Field.SOLD_ON: N_("Sold on"),
    Field.EXPIRES_ON: N_("Expires on"),
    Field.NOTE: N_("Note"),
    Field.RECORD: N_("Coursekeeper record"),
}


def _plain(heading: str) -> str:
    """Return a heading normalized for comparing words; "" for one that is too long."""
    if len(heading) > _LONGEST:
        return ""
    return " ".join(_BETWEEN.sub(" ", folded(_CAMEL.sub(" ", heading))).split())


_EXACTLY = {_plain(called): what for what, called in CALLED.items()}


@lru_cache(maxsize=4096)
def heading_weight(heading: str, what: Field) -> float | None:
    """Return how strongly a heading names a field, 0 to 1; None where it is about something else."""
    text, spec = _plain(heading), FIELDS[what]
    if _EXACTLY.get(text) is what:
        return 1.0
    if not spec.words:
        return 0.0
    weight, rest = _matched(text, spec)
    if _OTHER.search(rest) or spec.never.search(rest):
        return None
    strange = len(spec.beside.sub(" ", rest).split())
    if not weight or (strange and spec.is_strict):
        return 0.0
    return weight * (1 - 0.5 * strange / len(text.split()))


def _matched(text: str, spec: FieldSpec) -> tuple[float, str]:
    """Return the highest weight of the phrases found, longest first, and the rest of the heading."""
    found = [(match, weight) for weight, words in spec.words for match in words.finditer(text)]
    found.sort(key=lambda each: each[0].start() - each[0].end())
    taken: list[tuple[re.Match[str], float]] = []
    for match, weight in found:
        if all(match.end() <= other.start() or other.end() <= match.start() for other, _ in taken):
            taken.append((match, weight))
    rest = list(text)
    for match, _ in taken:
        rest[match.start() : match.end()] = " " * (match.end() - match.start())
    return max((weight for _, weight in taken), default=0.0), "".join(rest)


def count_known_headings(cells: Sequence[object]) -> int:
    """Return how many fields the cells of a row name; a row of headings names several, a row of clients none."""
    fields = set()
    for cell in cells[:MOST_COLUMNS]:
        weights = {what: heading_weight(str(cell), what) or 0.0 for what in Field}
        best = max(weights, key=lambda what: weights[what])
        if weights[best] >= 0.5:
            fields.add(best)
    return len(fields)
