"""Columns of a chart as the numbers of an SVG: across in percent, down in pixels.

So a chart is as wide as its place, and its words stay as large as all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 200
_FLOOR = 176
_CEILING = 24
_LEFT = 7.0
_GAP = 0.28
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `x` and `width` in percent."""

    series: str
    x: float
    width: float
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across, and the number it stands for."""

    y: int
    label: int


@dataclass(frozen=True, slots=True)
class Label:
    """What stands below a group of columns; a minor one may be left out where it is narrow."""

    x: float
    text: str
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn."""

    height: int
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]


def columns(labels: Sequence[str], series: dict[str, Sequence[int]]) -> Chart:
    """Return the chart of groups side by side, each with a column of every series; below zero is drawn as zero."""
    top = _round_up(max((value for values in series.values() for value in values), default=0))
    slot = (100 - _LEFT) / len(labels)
    width = slot * (1 - _GAP) / len(series)
    drawn = [
        _column(name, _LEFT + slot * place + slot * _GAP / 2 + width * number, width, value, top)
        for number, (name, values) in enumerate(series.items())
        for place, value in enumerate(values)
    ]
    return Chart(
        height=HEIGHT,
        columns=tuple(drawn),
        ticks=tuple(
            Tick(_down(top * step // _STEPS, top), top * step // _STEPS) for step in range(_STEPS + 1)
        ),
        labels=tuple(
            Label(round(_LEFT + slot * (place + 0.5), 2), text, is_minor=(len(labels) - place) % 2 == 0)
            for place, text in enumerate(labels)
        ),
    )


def share(part: int, whole: int) -> float:
    """Return how long a bar is, in percent of the longest."""
    return round(100 * max(part, 0) / whole, 2) if whole > 0 else 0.0


def _column(name: str, x: float, width: float, value: int, top: int) -> Column:
    y = _down(max(value, 0), top)
    return Column(name, round(x, 2), round(width * 0.86, 2), y, _FLOOR - y)


def _down(value: int, top: int) -> int:
    return _FLOOR - (_FLOOR - _CEILING) * value // top


def _round_up(value: int) -> int:
    """Return the next number that splits into four round parts."""
    unit = 1
    while True:
        for many in (4, 8, 12, 20, 40):
            if value <= many * unit:
                return many * unit
        unit *= 10
