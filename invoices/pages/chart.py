"""Columns of a chart on paper as plain geometry, in points. Zero is always shown, so that lengths are honest.

Independent of money and words: the caller labels the grid lines.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from invoices.pages.text import width_of

STEPS = 4
LETTER = 6.0
TOP, BOTTOM = 10.0, 15.0
SLOT_FILLED = 0.76


@dataclass(frozen=True)
class Bar:
    """One column of one series, 0 the first of them; below zero it hangs from the zero line."""

    series: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tick:
    """A grid line and its label."""

    y: float
    text: str
    is_zero: bool


@dataclass(frozen=True)
class Label:
    """The label below a group of columns."""

    x: float
    text: str


@dataclass(frozen=True)
class Chart:
    """All that is drawn, and the same numbers in words."""

    width: float
    height: float
    left: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    alt: str


@dataclass(frozen=True)
class _Scale:
    lowest: int
    highest: int
    step: int
    height: float

    def y(self, value: int) -> float:
        return round(
            TOP + (self.height - TOP - BOTTOM) * (self.highest - value) / (self.highest - self.lowest), 2
        )


def columns(
    labels: Sequence[str],
    series: Sequence[Sequence[int]],
    say: Callable[[int], str],
    *,
    width: float,
    height: float,
    alt: str,
) -> Chart:
    """Draw groups side by side, each with a column of every series; `say` writes the label of a grid line."""
    scale = _scale([value for values in series for value in values], height)
    is_empty = not any(value for values in series for value in values)
    across = (0,) if is_empty else range(scale.lowest, scale.highest + 1, scale.step)
    ticks = tuple(Tick(scale.y(value), say(value), value == 0) for value in across)
    left = round(max(width_of(tick.text) for tick in ticks) * LETTER + 8, 2)
    slot = (width - left) / len(labels)
    return Chart(
        width=width,
        height=height,
        left=left,
        bars=tuple(
            bar
            for number, values in enumerate(series)
            for bar in _bars(number, values, len(series), scale, left=left, slot=slot)
        ),
        ticks=ticks,
        labels=tuple(Label(round(left + slot * (place + 0.5), 2), text) for place, text in enumerate(labels)),
        alt=alt,
    )


def _bars(
    number: int, values: Sequence[int], series: int, scale: _Scale, *, left: float, slot: float
) -> list[Bar]:
    width = slot * SLOT_FILLED / series
    start = left + slot * (1 - SLOT_FILLED) / 2 + width * number
    zero = scale.y(0)
    return [
        Bar(
            series=number,
            x=round(start + slot * place, 2),
            y=min(scale.y(value), zero),
            width=round(width - 1, 2),
            height=round(abs(scale.y(value) - zero), 2),
        )
        for place, value in enumerate(values)
        if value
    ]


def _scale(values: Sequence[int], height: float) -> _Scale:
    top, bottom = max(*values, 0), min(*values, 0)
    step = _round_step(top - bottom)
    highest = -(-top // step) * step
    lowest = bottom // step * step
    return _Scale(lowest, highest if highest > lowest else step, step, height)


def _round_step(span: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20 ... that covers the span in four steps."""
    unit = 1
    while True:
        for many in (1, 2, 5):
            if many * unit * STEPS >= span:
                return many * unit
        unit *= 10
