"""Eight at once: threads that start together, and a process that a test can start eight times."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from plugin.errors import CoursekeeperError
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

T = TypeVar("T")
RACERS = 8


def race(deed: Callable[[int], T]) -> list[T | str]:
    """Do the deed eight times at once; a refusal answers with its code."""
    start = Barrier(RACERS)

    def run(number: int) -> T | str:
        start.wait(timeout=30)
        try:
            return deed(number)
        except CoursekeeperError as refusal:
            return refusal.code

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def main(url: str, course_id: str, name: str, attempts: str) -> None:
    """Wait for a line on standard input, then use the course so many times; print a word for each attempt."""
    with Store(url) as store:
        desk = Desk(store, HandMovedClock())
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(int(attempts)):
            try:
                desk.use(course_id, key=f"{name}-{number}")
                print("granted")
            except CoursekeeperError as refusal:
                print(refusal.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
