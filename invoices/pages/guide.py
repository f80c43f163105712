"""A guide in words: its day; the sections are laid out as they stand."""

from dataclasses import dataclass

from invoices.language import Language
from invoices.papers import Guide


@dataclass(frozen=True)
class GuidePage:
    """`day`: when it was printed."""

    day: str


def guide_page(paper: Guide, language: Language) -> GuidePage:
    """Return the page of a guide."""
    return GuidePage(language.long_date(paper.issued_on))
