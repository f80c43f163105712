"""Whether a clinic can issue electronic invoices, and its tax number. Makes no XML."""

import re
from functools import cache
from typing import Literal

from babel import Locale

from invoices.papers import Clinic, PaperRefused

# The XML's file name inside the PDF, and the norm it follows.
FILE_NAME = "factur-x.xml"
NORM = "EN 16931"

# Of a tax registration: a VAT identifier of the kind known all over Europe, or a number of the country's own.
Scheme = Literal["VA", "FC"]

# Greece writes its VAT identifiers so.
_PREFIXES = {"GR": "EL"}
_COUNTRY = re.compile("[A-Z]{2}")
# Unions, and the code for an unknown region.
_NO_COUNTRIES = {"EU", "EZ", "UN", "ZZ"}
_VAT_ID = re.compile("[A-Z]{2}(?=[0-9A-Z]*[0-9])[0-9A-Z]{2,16}")


def why_not(clinic: Clinic) -> PaperRefused | None:
    """Return what a clinic lacks for electronic invoices; None where nothing."""
    if clinic.country not in _countries():
        return PaperRefused("An electronic invoice needs the clinic’s country: say it under Documents first.")
    if not (clinic.legal_name or clinic.name).strip():
        return PaperRefused(
            "An electronic invoice needs the clinic’s legal name: say it under Documents first."
        )
    if not any(line.strip() for line in clinic.address_lines):
        return PaperRefused("An electronic invoice needs the clinic’s address: say it under Documents first.")
    if not clinic.tax_id.strip():
        return PaperRefused(
            "An electronic invoice needs the clinic’s tax number: say it under Documents first."
        )
    return None


def registration(clinic: Clinic) -> tuple[Scheme, str]:
    """Return the clinic's tax number and what kind it is."""
    written = re.sub(r"[\s./-]", "", clinic.tax_id).upper()
    prefix = _PREFIXES.get(clinic.country, clinic.country)
    if written.startswith(prefix) and _VAT_ID.fullmatch(written):
        return "VA", written
    return "FC", clinic.tax_id.strip()


@cache
def _countries() -> frozenset[str]:
    known = map(str, Locale("en").territories)
    return frozenset(code for code in known if _COUNTRY.fullmatch(code)) - _NO_COUNTRIES
