"""The balance in one line, as the clinic reads it on a client's Square profile. Asks nobody, knows no Square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# Square takes 1,000 characters in such a field; this many are kept of what was written.
LONGEST = 500
NOTHING_LEFT = "No sessions left"


@dataclass(frozen=True, slots=True)
class Part:
    """What is left of one treatment in one course."""

    treatment: str
    left: int
    granted: int
    expires_on: date | None


def profile_text(parts: Sequence[Part]) -> str:
    """Return "Facial acupuncture: 7 of 12 left, until 2027-03-01; …", as many courses as fit."""
    said = [_said(part) for part in parts if part.left]
    if not said:
        return NOTHING_LEFT
    whole = "; ".join(said)
    fits = len(said)
    while len(whole) > LONGEST:
        fits -= 1
        whole = "; ".join([*said[:fits], f"and {len(said) - fits} more"])
    return whole


def _said(part: Part) -> str:
    # "Facial acupuncture, 60 min": how long it takes is of no use on a profile.
    name = part.treatment.split(",")[0].strip() or part.treatment
    until = f", until {part.expires_on.isoformat()}" if part.expires_on else ""
    return f"{name}: {part.left} of {part.granted} left{until}"
