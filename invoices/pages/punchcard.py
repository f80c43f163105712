"""The punch card as plain geometry: a mark per session, in rows of six; the template only draws it."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from invoices.language import Language
from invoices.papers import Allowance, Stamp, StampState

Line = tuple[float, float, float, float]


@dataclass(frozen=True)
class Measure:
    """Distances of one card, in points: `row` marks side by side, a `gap` after each six."""

    row: int
    step: float
    radius: float
    line_height: float
    has_labels: bool
    gap: float = 0


ROW = 6
ROOMY = Measure(row=ROW, step=60, radius=18, line_height=54, has_labels=True)
DENSE = Measure(row=12, step=26, radius=9, line_height=24, has_labels=False, gap=10)
TOUCH_UP = Measure(row=ROW, step=22, radius=7.5, line_height=20, has_labels=False)
PROGRESS = Measure(row=12, step=14, radius=4.5, line_height=14, has_labels=False, gap=4)
ROOMY_SESSIONS = 24


@dataclass(frozen=True)
class Mark:
    """One session: its centre, its state, the word beneath it, the lines of its hatching."""

    x: float
    y: float
    state: StampState
    is_held: bool
    label: str
    hatching: tuple[Line, ...]


@dataclass(frozen=True)
class Card:
    """All marks of an allowance, and the same in words for readers who can't see them."""

    width: float
    height: float
    radius: float
    marks: tuple[Mark, ...]
    alt: str


def session_card(allowance: Allowance, language: Language, *, is_held: bool) -> Card:
    """Draw the circles of a treatment; beyond 24 sessions small ones, twelve to a row."""
    alt = language.sentences(*_said(allowance, language, is_held=is_held))
    return _laid_out(allowance.stamps, measure_of(allowance), language, alt=alt, is_held=is_held)


def measure_of(allowance: Allowance) -> Measure:
    """Return the distances of a treatment's card."""
    return DENSE if len(allowance.stamps) > ROOMY_SESSIONS else ROOMY


def touch_up_card(allowance: Allowance, language: Language, *, is_held: bool) -> Card:
    """Draw the small diamonds of the touch-ups."""
    count = language.ngettext(
        "Touch-ups: {used} of {n} used, {left} left.",
        "Touch-ups: {used} of {n} used, {left} left.",
        allowance.granted,
        used=allowance.used,
        left=allowance.left,
    )
    alt = language.sentences(count, *_states(allowance, language, is_held=is_held))
    return _laid_out(allowance.stamps, TOUCH_UP, language, alt=alt, is_held=is_held)


def progress_card(session_number: int, sessions_total: int, language: Language) -> Card:
    """Draw this visit's place in the course, without dates."""
    stamps = (Stamp("used"),) * session_number + (Stamp("left"),) * (sessions_total - session_number)
    alt = language.gettext("Session {n} of {total}", n=session_number, total=sessions_total)
    return _laid_out(stamps, PROGRESS, language, alt=alt, is_held=False)


def _laid_out(
    stamps: Sequence[Stamp], measure: Measure, language: Language, *, alt: str, is_held: bool
) -> Card:
    marks = tuple(
        _mark(stamp, place, measure, language, is_held=is_held) for place, stamp in enumerate(stamps)
    )
    rows = math.ceil(len(stamps) / measure.row)
    width = _offset(min(len(stamps), measure.row) - 1, measure) + 2 * measure.radius + 4
    return Card(width, rows * measure.line_height, measure.radius, marks, alt)


def _mark(stamp: Stamp, place: int, measure: Measure, language: Language, *, is_held: bool) -> Mark:
    row, column = divmod(place, measure.row)
    x = measure.radius + 2 + _offset(column, measure)
    y = measure.radius + 2 + row * measure.line_height
    is_kept = is_held and stamp.state in ("left", "locked")
    hatching: tuple[Line, ...] = ()
    if is_kept:
        hatching = tuple(_lines_across(x, y, measure.radius))
    elif stamp.state == "expired":
        hatching = tuple(_chords(x, y, measure.radius))
    label = (language.day_and_month(stamp.on) if stamp.on else str(place + 1)) if measure.has_labels else ""
    return Mark(x, y, "left" if is_kept else stamp.state, is_kept, label, hatching)


def _offset(column: int, measure: Measure) -> float:
    return column * measure.step + (column // 6) * measure.gap


def _lines_across(x: float, y: float, radius: float) -> Iterator[Line]:
    """Cut the circle by level lines: in black and white, on hold differs from expired."""
    gap, reach = max(3.0, radius / 3), radius - 1.5
    for k in range(-int(reach // gap), int(reach // gap) + 1):
        half = math.sqrt(reach * reach - (k * gap) ** 2)
        yield (round(x - half, 2), round(y + k * gap, 2), round(x + half, 2), round(y + k * gap, 2))


def _chords(x: float, y: float, radius: float) -> Iterator[Line]:
    """Cut the circle by parallel lines at 45 degrees, a few points apart."""
    gap = max(3.0, radius / 4)
    reach = radius - 1.5
    for k in range(-int(reach // gap), int(reach // gap) + 1):
        offset = k * gap
        half = math.sqrt(reach * reach - offset * offset) / math.sqrt(2)
        middle_x, middle_y = x + offset / math.sqrt(2), y + offset / math.sqrt(2)
        yield (
            round(middle_x - half, 2),
            round(middle_y + half, 2),
            round(middle_x + half, 2),
            round(middle_y - half, 2),
        )


def _said(allowance: Allowance, language: Language, *, is_held: bool) -> Iterator[str]:
    yield language.ngettext(
        "Punch card: {used} of {n} session used, {left} left.",
        "Punch card: {used} of {n} sessions used, {left} left.",
        allowance.granted,
        used=allowance.used,
        left=allowance.left,
    )
    days = [language.day_and_month(stamp.on) for stamp in allowance.stamps if stamp.on]
    if days:
        yield language.gettext("Used on {dates}.", dates=language.listed(days))
    yield from _states(allowance, language, is_held=is_held)


def _states(allowance: Allowance, language: Language, *, is_held: bool) -> Iterator[str]:
    """Say of the marks that are neither used nor free what the hatching and the dashes show."""
    count = Counter(stamp.state for stamp in allowance.stamps)
    if held := is_held * (count["left"] + count["locked"]):
        yield language.ngettext("{n} of them is on hold.", "{n} of them are on hold.", held)
    if count["locked"]:
        yield language.ngettext(
            "{n} of them is not paid yet.", "{n} of them are not paid yet.", count["locked"]
        )
    if count["expired"]:
        yield language.ngettext("{n} expired.", "{n} expired.", count["expired"])
    if count["gone"]:
        yield language.ngettext(
            "{n} no longer on this course.", "{n} no longer on this course.", count["gone"]
        )
