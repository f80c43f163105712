"""Eight at once: threads that start together, and a program of eight processes."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier as ProcessBarrier
from threading import Barrier
from typing import TypeVar

from plugin.errors import CoursekeeperError
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

T = TypeVar("T")
RACERS = 8


def race(deed: Callable[[int], T]) -> list[T | str]:
    """Run the act eight times at once; a refusal returns its code."""
    start = Barrier(RACERS)

    def run(number: int) -> T | str:
        start.wait(timeout=30)
        try:
            return deed(number)
        except CoursekeeperError as refusal:
            return refusal.code

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def main(url: str, *races: str) -> None:
    """Have eight processes use each course (COURSE=ATTEMPTS) so many times; print course and outcome of each attempt.

    They are forked from one that has imported everything and opened nothing: eight interpreters would take
    eight seconds to start.
    """
    fork = get_context("fork")
    start = fork.Barrier(RACERS)
    racers = [fork.Process(target=_run, args=(url, races, number, start)) for number in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    sys.exit(sum(racer.exitcode != 0 for racer in racers))


def _run(url: str, races: tuple[str, ...], number: int, start: ProcessBarrier) -> None:
    said = []
    with Store(url) as store:
        desk = Desk(store, HandMovedClock())
        for each in races:
            course_id, attempts = each.split("=")
            start.wait(timeout=30)
            said += [_use(desk, course_id, f"process-{number}-{attempt}") for attempt in range(int(attempts))]
    # In one go, for all of them write to one pipe.
    os.write(sys.stdout.fileno(), "".join(said).encode())


def _use(desk: Desk, course_id: str, key: str) -> str:
    try:
        desk.use(course_id, key=f"{course_id}-{key}")
    except CoursekeeperError as refusal:
        return f"{course_id} {refusal.code}\n"
    return f"{course_id} granted\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
