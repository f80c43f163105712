"""The space a course summary needs in each density, estimated before anything is laid out.

Heights are those of print.css in CSS pixels; the estimate is a little too high rather than too low.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from invoices.pages.cleantext import width_of
from invoices.papers import PageSize

_PAGE = {"letter": 896, "a4": 963}
_LETTERHEAD, _LOGO = 52, 76
_NAME, _PACKAGE = 32, 28
_CLOSING_LEAST = 148
# How many Latin letters fit on a line of each part.
_NAME_LINE, _NOTE_LINE, _TERM_LINE = 46, 92, 106


@dataclass(frozen=True)
class Density:
    """One way to set a summary: the table of visits, the punch card, and the space between the parts."""

    table: str
    is_airy: bool
    # A row of visits: its line, and the space above and below it.
    line: int
    padding: int
    # A row of the punch card, and the gap between two parts of the page.
    card: int
    gap: int
    above: int


DENSITIES = (
    Density("roomy", True, line=20, padding=13, card=84, gap=20, above=44),
    Density("roomy", False, line=20, padding=13, card=72, gap=12, above=0),
    Density("compact", False, line=20, padding=3, card=72, gap=12, above=0),
    Density("tight", False, line=16, padding=4, card=72, gap=12, above=0),
)


@dataclass(frozen=True)
class Filling:
    """The page's content: texts that may take several lines, and how many rows of each kind."""

    size: PageSize
    has_logo: bool
    name: str
    received: str
    note: str
    card_rows: int
    has_key: bool
    visits: Sequence[Sequence[tuple[str, int]]]
    facts: int
    terms: Sequence[str]


def density_for(filling: Filling) -> Density:
    """Return the most generous density in which everything fits on one page; the tightest where none does."""
    fitting = (each for each in DENSITIES if _height(filling, each) <= _PAGE[filling.size])
    return next(fitting, DENSITIES[-1])


def _height(filling: Filling, density: Density) -> int:
    head = (_LOGO if filling.has_logo else _LETTERHEAD) + density.above + _PACKAGE
    head += _NAME * _lines(filling.name, _NAME_LINE)
    head += 24 if filling.received else 0
    head += 6 + 20 * _lines(filling.note, _NOTE_LINE) if filling.note else 0
    card = density.gap + 26 + density.card * filling.card_rows + (16 if filling.has_key else 0)
    rows = sum(density.padding + density.line * _deepest(visit) for visit in filling.visits)
    visits = density.gap + 44 + rows
    closing = density.gap + max(_CLOSING_LEAST, 20 + 25 * filling.facts)
    lines = sum(_lines(term, _TERM_LINE) for term in filling.terms)
    terms = density.gap + 16 + 16 * lines if lines else 0
    return head + card + visits + closing + terms


def _deepest(cells: Sequence[tuple[str, int]]) -> int:
    return max((_lines(text, fits) for text, fits in cells), default=1)


def _lines(text: str, fits: int) -> int:
    return max(1, math.ceil(width_of(text) / fits))
