"""A line of the benchmark's table, and how it is measured: turns taken in rounds, medians, the middle eight tenths."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

Rates = dict[str, list[float]]
_WIDTHS = (58, 8, 14, 34, 8, 7, 8)
_HEADS = ("", "median", "middle 80 %", "against", "median", "ratio", "aim")


@dataclass(frozen=True)
class Aim:
    """What is wanted of the ratio, or of the figure itself where `of` says so."""

    limit: float
    is_at_most: bool = False
    of: str = "ratio"

    def is_met_by(self, value: float) -> bool:
        return value <= self.limit if self.is_at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'<=' if self.is_at_most else '>='} {self.limit:g}"


@dataclass(frozen=True)
class Figure:
    """One thing measured, in `unit`, beside what it is held against; `note` says why a value is missing."""

    what: str
    unit: str
    values: Sequence[float]
    against: str = ""
    others: Sequence[float] = ()
    aim: Aim | None = None
    note: str = ""

    @property
    def value(self) -> float | None:
        return median(self.values) if self.values else None

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios, so that what disturbs a whole round cancels."""
        if not self.values or not self.others:
            return None
        if len(self.values) == len(self.others):
            return median(one / other for one, other in zip(self.values, self.others, strict=True))
        return median(self.values) / median(self.others)

    @property
    def is_met(self) -> bool | None:
        judged = self.value if self.aim and self.aim.of == "value" else self.ratio
        return None if self.aim is None or judged is None else self.aim.is_met_by(judged)

    def as_json(self) -> dict[str, Any]:
        """Return everything that is known of it, each round's values included."""
        return {
            "what": self.what,
            "unit": self.unit,
            "median": self.value,
            "middle": middle(self.values),
            "values": [round(each, 3) for each in self.values],
            "against": self.against,
            "others": [round(each, 3) for each in self.others],
            "ratio": self.ratio,
            "aim": None if self.aim is None else f"{self.aim.of} {self.aim}",
            "is_met": self.is_met,
            "note": self.note,
        }

    def cells(self) -> tuple[str, ...]:
        """Return its cells in the order of the table's heads."""
        other = median(self.others) if self.others else None
        met = {True: "met", False: "MISSED", None: ""}[self.is_met]
        low, high = middle(self.values) or (None, None)
        spread = f"{short(low)}-{short(high)}" if len(self.values) > 1 else ""
        against = self.against or self.note
        return (
            f"{self.what}, {self.unit}",
            short(self.value),
            spread,
            against,
            short(other),
            short(self.ratio),
            str(self.aim or ""),
            met,
        )


@dataclass
class Table:
    """Prints each figure as soon as it is known, and keeps all of them."""

    figures: dict[str, list[Figure]] = field(default_factory=dict)

    def add(self, part: str, figure: Figure) -> None:
        if not self.figures:
            self._print((*_HEADS, ""))
        if part not in self.figures:
            print(f"\n{part}", flush=True)
        self.figures.setdefault(part, []).append(figure)
        self._print(figure.cells())

    def _print(self, cells: Sequence[str]) -> None:
        head, *rest = cells
        columns = zip(rest, (*_WIDTHS[1:], 8), strict=True)
        print(f"{head:<{_WIDTHS[0]}}" + "".join(f"{cell:>{width}}" for cell, width in columns), flush=True)


def middle(values: Sequence[float]) -> tuple[float, float] | None:
    """Return between what the middle eight tenths lie."""
    if len(values) < 2:
        return None
    cuts = quantiles(values, n=10, method="inclusive")
    return cuts[0], cuts[-1]


def short(value: float | None) -> str:
    """Write a value with as many digits as mean something."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def in_turns(measures: Mapping[str, Callable[[], float]], rounds: int, *, warm_up: int = 1) -> Rates:
    """Let each measure take its turn in every round, each round in another order; return what they found."""
    names = list(measures)
    found: Rates = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            value = measures[name]()
            if number >= 0:
                found[name].append(value)
    return found


def a_second(work: Callable[[], object], times: int) -> float:
    """Return how often a second `work` is done."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return times / (time.perf_counter() - began)


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes by the clock on the wall."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
