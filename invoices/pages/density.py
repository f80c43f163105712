"""How densely a paper is set: the most generous way in which it fits on one page is found by laying it out.

What certainly takes more than a page is not tried: the text is measured first, too narrow rather than too wide.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from invoices import papers
from invoices.pages.fit import pieces_of
from invoices.pages.punchcard import measure_of

# The last two of one page shorten the notes of the visits; a long paper takes several pages.
Density = Literal["airy", "roomy", "compact", "tight", "tight two-lines", "tight one-line", "compact long"]
ONE_PAGE: tuple[Density, ...] = ("airy", "roomy", "compact", "tight", "tight two-lines", "tight one-line")
_MADE_FOR_SEVERAL_PAGES = (papers.GiftVoucher, papers.OwnersMonth, papers.Guide)
_WITHOUT_NOTES = ONE_PAGE[:4]

# In points, as in print.css: the page between its margins, and all of a summary but its visits, at the least.
_PAGE = {"letter": 673, "a4": 723}
_WIDTH = {"letter": 510, "a4": 493}
_REST, _TERMS, _NOTE, _NEXT, _HINT = 264, 21, 20, 15, 26
_SHEET_HEAD = 120
_SMALL, _TEXT = (10, 13), (12, 16)
# The narrowest that letters of Inter come, in parts of their size.
_NARROW, _OTHERS, _WIDE = 0.23, 0.5, 0.95
_NARROW_ONES = frozenset("iljtfrI.,:;'|!()[] /-·1")


@dataclass(frozen=True)
class _Rows:
    """How the visits are set in a density, in points.

    `letters`: their size and the height of a line; `padding`: of each row; `gaps`: between all parts of the page;
    `beside`: the width of the other columns; `most_lines`: of a visit’s notes.
    """

    letters: tuple[int, int]
    padding: float
    gaps: int
    beside: int
    most_lines: int = 99


_VISITS: dict[Density, _Rows] = {
    "airy": _Rows(_TEXT, 8.75, 77, 172),
    "roomy": _Rows(_TEXT, 8.75, 53, 172),
    "compact": _Rows(_TEXT, 2.75, 53, 172),
    "tight": _Rows(_SMALL, 1.75, 26, 144),
    "tight two-lines": _Rows(_SMALL, 1.75, 26, 144, most_lines=2),
    "tight one-line": _Rows(_SMALL, 1.75, 26, 144, most_lines=1),
}


def densities_of(paper: papers.Paper) -> tuple[Density, ...]:
    """Return the densities in which the paper may fit on one page, the most generous first."""
    if isinstance(paper, _MADE_FOR_SEVERAL_PAGES):
        return ()
    if paper.clinic.large_print or getattr(paper, "form", "") == "card":
        return ("roomy",)
    if isinstance(paper, papers.CourseAgreement):
        # Nothing of a contract is set in small letters.
        return ("roomy", "compact")
    if isinstance(paper, papers.AftercareSheet):
        return ("compact", "tight") if _is_full(paper) else ("roomy", "compact", "tight")
    if not isinstance(paper, papers.CourseSummary):
        return _WITHOUT_NOTES
    room = _PAGE[paper.clinic.page_size]
    return tuple(density for density in ONE_PAGE if _least_height(paper, _VISITS[density]) <= room)


def of_several_pages(paper: papers.Paper) -> Density:
    """Return the density of a paper that takes more than a page. The two sides of a card bear no numbers."""
    return "compact" if isinstance(paper, papers.GiftVoucher) else "compact long"


def _is_full(paper: papers.AftercareSheet) -> bool:
    """Return whether a text is too long for the roomy way, as lists and tables of the usual shape are set."""
    lines = sum(12 * sum(map(_em, piece)) for piece in pieces_of(paper.text)) / _WIDTH[paper.clinic.page_size]
    return _SHEET_HEAD + 3 * 16 * lines > _PAGE[paper.clinic.page_size]


def _least_height(paper: papers.CourseSummary, rows: _Rows) -> float:
    card = sum(_card_heights(paper.allowances))
    visits = sum(rows.padding + rows.letters[1] * _lines(visit, paper, rows) for visit in paper.visits)
    terms = 13 * sum(_wrapped(term, _SMALL, _WIDTH[paper.clinic.page_size]) for term in paper.terms)
    return _REST + card + visits + rows.gaps + terms + sum(_parts(paper, rows))


def _parts(paper: papers.CourseSummary, rows: _Rows) -> Iterator[int]:
    """Return what the parts take that not every summary has."""
    yield _TERMS if paper.terms else 0
    if paper.next_visit and rows.letters == _TEXT:
        yield _NEXT + (_HINT if paper.suggested_interval else 0)
    yield _NOTE if paper.status not in ("open", "part_paid") else 0


def _card_heights(allowances: Iterable[papers.Allowance]) -> Iterator[float]:
    for each in allowances:
        if each.kind == "main" and each.stamps:
            measure = measure_of(each)
            yield measure.line_height * math.ceil(len(each.stamps) / measure.row)


def _lines(visit: papers.SummaryVisit, paper: papers.CourseSummary, rows: _Rows) -> int:
    return min(
        rows.most_lines, _wrapped(visit.focus, rows.letters, _WIDTH[paper.clinic.page_size] - rows.beside)
    )


def _wrapped(text: str, letters: tuple[int, int], width: float) -> int:
    """Return on how many lines the text is at the least."""
    return max(1, math.ceil(letters[0] * sum(map(_em, text)) / width))


def _em(character: str) -> float:
    if character in _NARROW_ONES:
        return _NARROW
    return _WIDE if "\u2e80" <= character <= "\uffdc" else _OTHERS
