"""A client's own ratings as a small line: one series, 0 to 10 always shown whole, and a gap drawn as a gap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from invoices.language import Language
from invoices.papers import CourseSummary, RatedConcern, RatingMark

WIDTH, HEIGHT = 272.0, 64.0
LEFT, RIGHT, TOP, BOTTOM = 24.0, 12.0, 12.0, 12.0
WIDEST_STEP = 44.0
HIGHEST = 10


@dataclass(frozen=True)
class Dot:
    """A rating at its place."""

    x: float
    y: float
    value: int


@dataclass(frozen=True)
class RatingLine:
    """The dots, the lines between neighbors, and where nothing was rated; in CSS pixels."""

    width: float
    height: float
    dots: tuple[Dot, ...]
    lines: tuple[tuple[Dot, Dot], ...]
    gaps: tuple[float, ...]
    ticks: tuple[tuple[float, int], ...]


@dataclass(frozen=True)
class RatingRow:
    """A concern on paper: its words, its line, the same in numbers, and in words for those who listen."""

    words: str
    line: RatingLine
    numbers: str
    first: str
    alt: str


def rating_line(values: Sequence[int | None]) -> RatingLine:
    """Return the line of the ratings before visits; None is a gap, over which nothing is drawn."""
    step = min(WIDEST_STEP, (WIDTH - LEFT - RIGHT) / max(len(values) - 1, 1))
    places = [round(LEFT + 8 + step * place, 2) for place in range(len(values))]
    dots = [
        None if value is None else Dot(x, _y(value), value) for x, value in zip(places, values, strict=True)
    ]
    return RatingLine(
        width=WIDTH,
        height=HEIGHT,
        dots=tuple(dot for dot in dots if dot is not None),
        lines=tuple(
            (one, next_one) for one, next_one in pairwise(dots) if one is not None and next_one is not None
        ),
        gaps=tuple(x for x, dot in zip(places, dots, strict=True) if dot is None),
        ticks=tuple((_y(value), value) for value in (0, 5, HIGHEST)),
    )


def rating_rows(paper: CourseSummary, language: Language) -> Iterator[RatingRow]:
    """Yield the concerns with a rating."""
    for concern in paper.ratings:
        yield RatingRow(
            words=concern.words,
            line=rating_line([mark.value for mark in concern.marks]),
            numbers="  ".join("–" if mark.value is None else str(mark.value) for mark in concern.marks),
            first=_first(concern, language),
            alt=_alt(concern, language),
        )


def _y(value: int) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (HIGHEST - value) / HIGHEST, 2)


def _first(concern: RatedConcern, language: Language) -> str:
    if not concern.visits_before:
        return ""
    return language.ngettext(
        "First rated after {n} visit.", "First rated after {n} visits.", concern.visits_before
    )


def _alt(concern: RatedConcern, language: Language) -> str:
    said = (_mark(mark, language) for mark in concern.marks)
    return language.gettext("Ratings of {concern}: {ratings}", concern=concern.words, ratings="; ".join(said))


def _mark(mark: RatingMark, language: Language) -> str:
    value = language.gettext("not rated") if mark.value is None else str(mark.value)
    if mark.on is None:
        return language.gettext("before the next visit {value}", value=value)
    return language.gettext("before {date} {value}", date=language.medium_date(mark.on), value=value)
