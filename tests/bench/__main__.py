"""`make bench`: times using, booking and reading beside the same rows by sqlite3 alone, in interleaved rounds.

Prints tables and writes them as JSON: what lasts is the ratio, not the rate. With a size, also pages of a clinic of
that size beside those of a small one, and a served one under load. `python -m tests.bench [ROUNDS] [FILE] [SIZE]`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count, cycle
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import select

from plugin.courses.base.read import read_course
from plugin.courses.clients.contacts import Buyer
from plugin.store import Store
from plugin.store.ledger import Allowance, Course
from plugin.store.migrate import upgrade
from tests.bench.at_size import at_size
from tests.bench.raw import Content, Raw
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

ROUNDS, A_ROUND = 6, 100
COURSES, SESSIONS = 200, 500


@dataclass(frozen=True)
class Case:
    """One piece of work, by the product and by the driver alone; `aim` is the ratio of the rates that is wanted."""

    name: str
    aim: float
    ours: Callable[[], object]
    raw: Callable[[], object]


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds: how many a second, and the ratio of them."""

    name: str
    ours: float
    raw: float
    ratio: float
    aim: float


def main(rounds: int, file: Path, size: int) -> None:
    """Measure, print and write. Without a `size`, only the use cases beside sqlite3 alone."""
    with tempfile.TemporaryDirectory(prefix="coursekeeper-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        measured = [_measure(case, rounds) for case in _cases(folder)]
        print(f"{'':28}{'a second':>10}{'raw':>10}{'ratio':>8}{'aim':>7}")
        for one in measured:
            print(f"{one.name:28}{one.ours:10.0f}{one.raw:10.0f}{one.ratio:8.2f}{one.aim:7.2f}")
        found: dict[str, Any] = {"rounds": rounds, "cases": [asdict(one) for one in measured]}
        if size:
            found |= at_size(folder, size, rounds)
    file.write_text(json.dumps(found, indent=2) + "\n")


def _measure(case: Case, rounds: int) -> Measured:
    _rate(case.ours), _rate(case.raw)
    rates = [(_rate(case.ours), _rate(case.raw)) for _ in range(rounds)]
    ours, raw = (median(each) for each in zip(*rates, strict=True))
    return Measured(case.name, ours, raw, median(one / other for one, other in rates), case.aim)


def _rate(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(A_ROUND):
        work()
    return A_ROUND / (time.perf_counter() - began)


def _cases(folder: Path) -> Iterator[Case]:
    clock = HandMovedClock()
    url = f"sqlite:///{folder / 'ours.db'}"
    upgrade(url)
    store = Store(url)
    desk = Desk(store, clock)
    package = desk.package(sessions=SESSIONS, touch_ups=2)
    buyers = count(1)

    def book() -> str:
        number = next(buyers)
        buyer = Buyer(f"CUSTOMER-{number}", name=f"Bo Li {number}", phone=f"+1415555{number:04d}")
        return desk.sell(package, buyer=buyer)

    courses = [book() for _ in range(COURSES)]
    store.close()
    raw_path = folder / "raw.db"
    raw_path.write_bytes((folder / "ours.db").read_bytes())
    store = desk.store = Store(url)
    raw = _raw(store, raw_path, courses[0])
    taken = raw.courses()
    our_turn, raw_turn = cycle(courses), cycle(taken)

    def use() -> None:
        # So that no course is used twice on one day.
        clock.advance(minutes=10)
        desk.use(next(our_turn))

    yield Case("use a session", 0.5, use, lambda: raw.use(*next(raw_turn)))
    yield Case("book a sale, a new client", 0.35, book, raw.book)
    today = desk.today
    yield Case(
        "read a course",
        0.2,
        lambda: read_course(store, next(our_turn), today=today),
        lambda: raw.read(next(raw_turn)[0]),
    )
    raw.close()
    store.close()


def _raw(store: Store, path: Path, course_id: str) -> Raw:
    with store.reading() as session:
        course = session.get_one(Course, course_id)
        rows = session.scalars(
            select(Allowance).where(Allowance.course_id == course_id).order_by(Allowance.position)
        )
        sessions = {"main": SESSIONS}
        contents = [
            Content(
                row.treatment_id,
                row.treatment,
                row.kind,
                sessions.get(row.kind, 2),
                row.price,
                row.usable_from_session,
            )
            for row in rows
        ]
        return Raw(str(path), course.package_id, json.dumps(course.terms), contents)


if __name__ == "__main__":
    given = dict(zip(("rounds", "file", "size"), sys.argv[1:], strict=False))
    main(int(given.get("rounds", ROUNDS)), Path(given.get("file", "bench.json")), int(given.get("size", 0)))
