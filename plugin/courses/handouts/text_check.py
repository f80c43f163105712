"""An aftercare text as somebody typed it: cleaned, and tried on a sheet. Knows no table."""

from __future__ import annotations

import unicodedata

from invoices.aftercare import GENERAL, read_text, starting_text
from invoices.pages.fit import fit
from invoices.papers import AftercareSheet, PaperRefused
from plugin.courses.handouts.example import example_sheet
from plugin.errors import InvalidField

_NOBODY_TYPES = ("Cc", "Cs", "Cn", "Co")


def checked_markdown(markdown: str, language: str) -> str:
    """Return the text as it is kept; raises InvalidField in the words of the paper that can't be made of it."""
    cleaned = clean_markdown(markdown)
    sheet_with(cleaned, language)
    return cleaned


def sheet_with(markdown: str, language: str) -> AftercareSheet:
    """Put the text on an invented client's sheet, which alone decides whether it is too long; raises InvalidField."""
    try:
        sheet = example_sheet(read_text(markdown), language)
        fit(sheet)
    except PaperRefused as error:
        raise InvalidField(str(error), field="markdown") from None
    return sheet


def missing_step(markdown: str, language: str) -> str:
    """Say which step of help a text lacks between a call to the clinic and an ambulance, "" where it has it.

    Texts written before there was one keep working, and may send somebody with a fever to 911.
    """
    try:
        roles = {section.role for section in read_text(markdown).sections}
    except PaperRefused:
        return ""
    if "see_doctor" in roles or "get_help" not in roles:
        return ""
    sections = starting_text(GENERAL, language).sections
    heading = next(section.heading for section in sections if section.role == "see_doctor")
    return (
        f"It has no part “## {heading}”. Infection, fever and bleeding that does not stop belong there, "
        "and emergencies alone under 911."
    )


def clean_markdown(markdown: str) -> str:
    """Return the text in composed form, its lines ended as ours, without characters that nobody types."""
    composed = unicodedata.normalize("NFC", markdown).replace("\t", "    ")
    kept = ("".join(ch for ch in line if _keeps(ch)).rstrip() for line in composed.splitlines())
    return "\n".join(kept).strip() + "\n"


def _keeps(ch: str) -> bool:
    return unicodedata.category(ch) not in _NOBODY_TYPES
