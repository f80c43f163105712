"""How an attack went: what was tried, and what should not have been possible."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

_SHOWN = 20


@dataclass
class Tally:
    """What one attack tried, by kind, and what it found wrong; `note`: what could not be done, and why."""

    name: str
    tried: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    note: str = ""
    seconds: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def check(self, kind: str, is_right: bool, what: object) -> None:
        """Count one try, and keep what was wrong about it."""
        self.tried[kind] += 1
        if not is_right:
            self.wrong.append(f"{kind}: {what}")

    def done(self) -> Tally:
        """Return it with the time it took."""
        self.seconds = time.monotonic() - self._began
        return self


def is_broken(status: int) -> bool:
    """Return whether an answer is an error of the program; 501 to 504 say in words that something is away."""
    return status == HTTPStatus.INTERNAL_SERVER_ERROR or status > HTTPStatus.GATEWAY_TIMEOUT


def table(tallies: Sequence[Tally]) -> str:
    """Return one line for each attack, and below what was wrong."""
    rows = [("attack", "tried", "wrong", "seconds", "")]
    rows += [
        (each.name, f"{each.tried.total():,}", str(len(each.wrong)), f"{each.seconds:.0f}", each.note)
        for each in tallies
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    lines = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
    lines += [f"WRONG  {each.name}: {what}" for each in tallies for what in each.wrong[:_SHOWN]]
    return "\n".join(lines)
