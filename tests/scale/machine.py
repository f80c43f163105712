"""A machine with some cores, whose running work shares them evenly: a discrete-event simulation."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Work:
    """Something that arrives at a second of the day and takes so many seconds of one core."""

    at: float
    kind: str
    seconds: float


@dataclass(frozen=True)
class Done:
    """Work, and the seconds from its arrival to its end."""

    work: Work
    took: float


class Machine:
    """`cores` of them are left beside what never ends; one piece of work uses one core at most.

    Processor sharing, as an operating system's scheduler comes close to: with n pieces of work each gets
    min(1, cores / n) of a core. All advance alike, so whoever has the least left at arrival, on the clock of work
    done per piece, ends first.
    """

    def __init__(self, cores: float) -> None:
        self._cores = cores
        self._now = self._done_each = 0.0
        self._running: list[tuple[float, float, int, Work]] = []
        self.busy_s: dict[int, float] = {}

    def run(self, arriving: Iterable[Work]) -> Iterator[Done]:
        """Run what arrives, in order of time, and yield each as it ends."""
        for number, work in enumerate(arriving):
            yield from self._until(work.at)
            heapq.heappush(self._running, (self._done_each + work.seconds, work.at, number, work))
        yield from self._until(float("inf"))

    def _until(self, at: float) -> Iterator[Done]:
        while self._running:
            ends = self._now + (self._running[0][0] - self._done_each) / self._share
            if ends > at:
                break
            self._advance(ends)
            work = heapq.heappop(self._running)[-1]
            yield Done(work, self._now - work.at)
        if at != float("inf"):
            self._advance(at)

    @property
    def _share(self) -> float:
        return min(1.0, self._cores / len(self._running)) if self._running else 1.0

    def _advance(self, to: float) -> None:
        passed = to - self._now
        if self._running:
            self._done_each += passed * self._share
            minute = int(self._now // 60)
            self.busy_s[minute] = self.busy_s.get(minute, 0.0) + passed * self._share * len(self._running)
        self._now = to
