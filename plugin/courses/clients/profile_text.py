"""The balance in one line, as the clinic reads it on a client's Square profile. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# Square takes 1,000 characters in such a field; this many are kept of what was written.
LONGEST = 500
NOTHING_LEFT = "No sessions left"


@dataclass(frozen=True, slots=True)
class Part:
    """What is left of one treatment in one course, and what keeps it from being used; `due` in words, "" for none."""

    treatment: str
    left: int
    granted: int
    expires_on: date | None
    locked: int = 0
    due: str = ""
    on_hold_since: date | None = None
    is_expired: bool = False
    waits_for: str = ""


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
    return f"{name}: {_standing(part)}"


def _standing(part: Part) -> str:
    if part.waits_for:
        return f"not usable, waits as a gift for {part.waits_for}"
    if part.is_expired:
        return f"{part.left} not used, expired {part.expires_on}"
    if part.on_hold_since:
        return f"{part.left} of {part.granted} left, on hold since {part.on_hold_since}"
    until = f", until {part.expires_on}" if part.expires_on else ""
    if part.locked:
        paid = f" until {part.due} is paid" if part.due else ""
        return f"{part.left - part.locked} usable now, {part.locked} locked{paid}{until}"
    return f"{part.left} of {part.granted} left{until}"
