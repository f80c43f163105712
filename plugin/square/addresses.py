"""A postal address of Square's as lines, in the order in which its country writes them. Asks nobody."""

from __future__ import annotations

import re

from plugin.square.parsing import words

_COUNTRY = re.compile("[A-Z]{2}")
# Where the town comes before the region and the code: "Los Angeles, CA 90012". Elsewhere it is "10969 Berlin".
_TOWN_FIRST = frozenset({"", "US", "CA", "AU", "NZ", "GB", "IE", "IN", "PR"})


def postal_address(value: object) -> str:
    """Return the lines of an address, "" for none; what can't be read is left out."""
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
