"""An aftercare text as somebody typed it: cleaned, and tried on a sheet. Knows no table."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from invoices.aftercare import read_text
from invoices.pages.fit import fit
from invoices.papers import AftercareSheet, PaperRefused
from invoices.samples import aftercare
from plugin.errors import InvalidField

_NOBODY_TYPES = ("Cc", "Cs", "Cn", "Co")


def checked_markdown(markdown: str, language: str) -> str:
    """Return the text as it is kept; raises InvalidField in the words of the paper that can't be made of it."""
    cleaned = clean_markdown(markdown)
    sheet_with(cleaned, language)
    return cleaned


def sheet_with(markdown: str, language: str) -> AftercareSheet:
    """Put the text on a sample's sheet, which alone decides whether there is too much of it; raises InvalidField."""
    try:
        sheet = replace(aftercare(), language=language, text=read_text(markdown, language))
        fit(sheet)
    except PaperRefused as error:
        raise InvalidField(str(error), field="markdown") from None
    return sheet


def clean_markdown(markdown: str) -> str:
    """Return the text in composed form, its lines ended as ours, without characters that nobody types."""
    composed = unicodedata.normalize("NFC", markdown).replace("\t", "    ")
    kept = ("".join(ch for ch in line if _keeps(ch)).rstrip() for line in composed.splitlines())
    return "\n".join(kept).strip() + "\n"


def _keeps(ch: str) -> bool:
    return unicodedata.category(ch) not in _NOBODY_TYPES
