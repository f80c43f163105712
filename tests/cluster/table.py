"""What one fault cost, from the times at which uses were acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_HEAD = (
    "| what | acknowledged | failed tries | longest without an answer, s | everything back after, s |",
    "|---|---|---|---|---|",
)


@dataclass(frozen=True)
class FaultRow:
    """A fault, and from its start: uses acknowledged, failed tries, the longest wait for one, when all ran again."""

    what: str
    acknowledged: int
    failed: int
    without_s: float
    # None: not within the time that was given.
    whole_after_s: float | None

    @property
    def line(self) -> str:
        """Return the row of the table."""
        whole = "not" if self.whole_after_s is None else f"{self.whole_after_s:.0f}"
        seconds = f"{self.without_s:.1f} | {whole}"
        return f"| {self.what} | {self.acknowledged} | {self.failed} | {seconds} |"


def row_of(
    what: str, answered_at: Sequence[float], began: float, whole: float | None, ended: float, failed: int
) -> FaultRow:
    """Return the row of the time between `began` and `ended`, in seconds of one clock; everything ran at `whole`."""
    within = [each for each in answered_at if began <= each <= ended]
    gaps = (after - before for before, after in pairwise((began, *sorted(within), ended)))
    return FaultRow(what, len(within), failed, max(gaps), None if whole is None else whole - began)


def table(rows: Sequence[FaultRow]) -> str:
    """Return the table in Markdown."""
    return "\n".join((*_HEAD, *(row.line for row in rows)))
