"""Fields of Square's answers, read strictly: the SDK accepts any shape, and the ledger depends on them."""

import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from plugin.core.money import Money
from plugin.core.text import clean
from plugin.errors import InvalidField, SquareFailed

Json = dict[str, Any]
T = TypeVar("T")

log = logging.getLogger(__name__)

# Visible ASCII without what would change the meaning of a path: an id is part of a request's address.
_ID = re.compile(r"[!-~]{1,192}\Z")
_PATH = re.compile(r"[/?#%\\]|\A\.{1,2}\Z")
# JSON can spell a NUL and half of a surrogate pair; no database accepts them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
UNREADABLE = "square_unreadable"
_COUNTRY = re.compile("[A-Z]{2}")
# Where the town precedes the region and the code: "Los Angeles, CA 90012". Elsewhere it is "10969 Berlin".
_TOWN_FIRST = frozenset({"", "US", "CA", "AU", "NZ", "GB", "IE", "IN", "PR"})
_WHOLE = re.compile(r"[1-9][0-9]{0,2}\Z")


def unreadable(what: str) -> SquareFailed:
    """Return the error for an answer that lacks a required field; a retry may help."""
    reason = f"Square’s answer can’t be read ({what}). It is retried automatically."
    return SquareFailed(reason, permanent=False, code=UNREADABLE)


def record(value: object, what: str) -> Json:
    """Return a JSON object; raises SquareFailed for anything else."""
    if not isinstance(value, dict):
        raise unreadable(f"{what} is no object")
    return value


def records(value: object, what: str) -> list[Json]:
    """Return a list of JSON objects, empty where Square left it out."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise unreadable(f"{what} is no list")
    return [record(one, what) for one in value]


def listed(value: object, what: str) -> list[Json]:
    """Return the JSON objects of a list; anything else in it is left out."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise unreadable(f"{what} is no list")
    found = [one for one in value if isinstance(one, dict)]
    if len(found) < len(value):
        log.warning("%s of the %s in Square’s answer are no objects: left out", len(value) - len(found), what)
    return found


def readable(read: Callable[[Json], T], answers: Iterable[Json], what: str) -> list[T]:
    """Read each of a list's objects; one that can't be read is left out and logged by its id."""
    found = list[T]()
    for answer in answers:
        try:
            found.append(read(answer))
        except SquareFailed as error:
            if error.code != UNREADABLE:
                raise
            log.warning(
                "%s %s left out: %s", what, text(answer.get("id"))[:192] or "without an id", error.message
            )
    return found


def text(value: object) -> str:
    """Return the text as it can be stored, "" where there is none or it is something else."""
    return _UNSTORABLE.sub("", value) if isinstance(value, str) else ""


def words(value: object, most: int) -> str:
    """Return text a person typed into Square, cleaned, at most so many characters of it."""
    return clean(text(value)[: 4 * most])[:most]


def square_id(value: object, what: str) -> str:
    """Return an id; raises SquareFailed for what is no id or would change the path of a request."""
    if not isinstance(value, str) or not _ID.match(value) or _PATH.search(value):
        raise unreadable(f"{what} is no id")
    return value


def optional_id(value: object, what: str) -> str | None:
    """Return an id, None where there is none; "" is none too."""
    return None if value is None or value == "" else square_id(value, what)


def money(value: object, what: str) -> Money:
    """Return the amount; raises SquareFailed unless it is whole, with a currency of three capitals."""
    fields = record(value, what)
    try:
        return Money(fields["amount"], fields["currency"])
    except (InvalidField, KeyError):
        raise unreadable(f"{what} is no amount of money") from None


def optional_money(value: object, what: str) -> Money | None:
    """Return the amount, None where Square left it out."""
    return None if value is None else money(value, what)


def moment(value: object, what: str) -> datetime:
    """Return an RFC 3339 time as aware UTC; raises SquareFailed."""
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        raise unreadable(f"{what} is no time") from None
    if found.tzinfo is None:
        raise unreadable(f"{what} has no time zone")
    return found.astimezone(UTC)


def optional_moment(value: object, what: str) -> datetime | None:
    """Return the time, None where Square left it out."""
    return None if value is None or value == "" else moment(value, what)


def rfc3339(value: datetime) -> str:
    """Write a time as Square reads it."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def whole_quantity(value: object) -> int | None:
    """Return how many packages a line sells: "2" is 2; "0", "1.5", "abc" and over 999 are None."""
    return int(value) if isinstance(value, str) and _WHOLE.match(value) else None


def version_of(answer: Json) -> int:
    """Return the version of a catalog object or a profile; raises SquareFailed."""
    version = answer.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise unreadable("version")
    return version


def postal_address(value: object) -> str:
    """Return a Square address as lines in the order of its country, "" for none; unreadable parts are left out."""
    parts = value if isinstance(value, dict) else {}
    streets = [words(parts.get(f"address_line_{line}"), 120) for line in (1, 2, 3)]
    return "\n".join(line for line in (*streets, _town(parts)) if line)


def country_of(value: object) -> str:
    """Return the country of an address as two capitals, "" where it has none."""
    country = value.get("country") if isinstance(value, dict) else None
    return country if isinstance(country, str) and _COUNTRY.fullmatch(country) else ""


def _town(parts: dict[str, object]) -> str:
    town, region = words(parts.get("locality"), 60), words(parts.get("administrative_district_level_1"), 60)
    code = words(parts.get("postal_code"), 20)
    if country_of(parts) in _TOWN_FIRST:
        return ", ".join(part for part in (town, " ".join(part for part in (region, code) if part)) if part)
    place = " ".join(part for part in (code, town) if part)
    return ", ".join(part for part in (place, region if region != town else "") if part)
