"""`make torture`: break what can be broken, on both engines, and print what the ledger holds afterwards.

`python -m tests.torture SEED SECONDS EVENTS DAYS MINUTES`: seconds of load per engine, events of the storm, days of
the year, and the time for all of it on two quiet cores, of which each part has its share (tests/torture/parts.py).
Exits with 1 when anything acknowledged is lost or doubled, or a ledger differs.
"""

import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.commit import commit_in_short
from tests.torture import parts
from tests.torture.parts import Attempt, Told
from tests.torture.year.run import Year

LANES = 2
SECONDS, EVENTS, DAYS, MINUTES = 60, 10_000, 365, 15


def main(seed: int, seconds: float, events: int, days: int, minutes: float) -> int:
    """Run everything, print a line for each attempt, and return the exit code."""
    print(f"seed {seed}, commit {commit_in_short()}, {minutes:.0f} minutes on {LANES} cores", flush=True)
    is_right, began = True, time.monotonic()
    with TemporaryDirectory(prefix="coursekeeper-torture-", dir=Path.cwd()) as name:
        attempt = Attempt(Path(name), seed, seconds, events, days, minutes)
        for line, held in _told(attempt):
            print(f"{'held ' if held else 'WRONG'} {time.monotonic() - began:5.0f} s  {line}", flush=True)
            is_right = is_right and held
    print(f"{'everything held' if is_right else 'NOT everything held'} in {time.monotonic() - began:.0f} s")
    return 0 if is_right else 1


def _told(attempt: Attempt) -> Iterator[Told]:
    # Spawned: what a part leaves behind in its process is no part of the next one.
    context = get_context("spawn")
    with ProcessPoolExecutor(LANES, mp_context=context, max_tasks_per_child=1) as lanes:
        quiet = lanes.submit(parts.quiet_year, attempt)
        first = [lanes.submit(parts.webhooks, attempt), lanes.submit(parts.kills, attempt, "sqlite")]
        yield from _quiet(quiet.result(), attempt)
        years = [
            lanes.submit(parts.stormy_year, attempt, engine, quiet.result())
            for engine in ("postgresql", "sqlite")
        ]
        last: list[Future[Any]] = [*first, *years, lanes.submit(parts.kills, attempt, "postgresql")]
        for done in as_completed(last):
            yield from done.result()


def _quiet(year: Year, attempt: Attempt) -> Iterator[Told]:
    yield f"{year.days} of {attempt.days} days of a quiet year, {year.entries} entries", not year.wrong


if __name__ == "__main__":
    words = [*sys.argv[1:], "", "", "", "", ""]
    sys.exit(
        main(
            seed=int(words[0] or random.SystemRandom().randrange(10**6)),
            seconds=float(words[1] or SECONDS),
            events=int(words[2] or EVENTS),
            days=int(words[3] or DAYS),
            minutes=float(words[4] or MINUTES),
        )
    )
