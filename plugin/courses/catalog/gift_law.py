"""States whose law does not let gift certificates expire, each with its statute, to warn the owner. Pure; no advice.

Whether a course of sessions that is given away is a gift certificate is for the clinic's adviser to say.
"""

import re
from dataclasses import dataclass

from plugin.courses.base.views import ClinicView


@dataclass(frozen=True, slots=True)
class GiftLaw:
    """A state and the statute by which gift certificates sold there have no expiry."""

    state: str
    statute: str


_LAWS = {
    "CA": GiftLaw("California", "Civil Code § 1749.5"),
    "CT": GiftLaw("Connecticut", "General Statutes § 42-460"),
    "FL": GiftLaw("Florida", "Statutes § 501.95"),
    "MN": GiftLaw("Minnesota", "Statutes § 325G.53"),
    "MT": GiftLaw("Montana", "Code Annotated § 30-14-108"),
    "OR": GiftLaw("Oregon", "Revised Statutes § 646A.276"),
    "RI": GiftLaw("Rhode Island", "General Laws § 6-13-12"),
    "WA": GiftLaw("Washington", "Revised Code § 19.240.020"),
}
_STATE_AND_ZIP = re.compile(r"\b([A-Z]{2})[ ,]+\d{5}(?:-\d{4})?\b")


def gift_law_of(clinic: ClinicView) -> GiftLaw | None:
    """Return the law of the state in the clinic's address; None where none is known."""
    states: list[str] = _STATE_AND_ZIP.findall(clinic.address) if clinic.country == "US" else []
    return _LAWS.get(states[-1]) if states else None
