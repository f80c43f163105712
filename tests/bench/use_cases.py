"""Using a session, booking a sale, handling a sale's events, each beside the same rows by sqlite3 alone."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle
from pathlib import Path

from sqlalchemy import text

from plugin.courses.base.read import read_course
from plugin.courses.clients.contacts import Buyer
from plugin.store import Store
from plugin.store.creation import upgrade
from tests.bench.desks import reopened
from tests.bench.events import sale_events
from tests.bench.figures import Aim, Figure, a_second, in_turns
from tests.bench.replay import CoreReplay, SqliteReplay, acts_of, rows_of
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

COURSES, SESSIONS, TOUCH_UPS = 100, 500, 2
A_ROUND, SALES_A_ROUND = 50, 10
RAW = "the same rows, sqlite3 alone"
Work = Callable[[], object]
# Opens a clinic on the database at a path: its store, and the work.
Open = Callable[[ExitStack, Path], tuple[Store, Work]]


@dataclass(frozen=True)
class Case:
    """Work on a clinic, `times` a round, that begins as the database `template`."""

    name: str
    aim: Aim
    template: Path
    open: Open
    times: int = A_ROUND


def measure(folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield how often a second each is done; SQLite as a clinic has it, WAL and FULL."""
    template = folder / "template.db"
    package = _clinic(template)
    yield from beside_raw(Case("use a session", Aim(0.5), template, _using), folder, rounds)
    booking = partial(_booking, package)
    yield from beside_raw(Case("book a sale to a new client", Aim(0.35), template, booking), folder, rounds)
    with ExitStack() as stack:
        told = sale_events(stack, folder, (rounds + 1) * SALES_A_ROUND)
        name = "a sale's events handled, Square answering at once"
        case = Case(name, Aim(0.35), told.template, told.open, SALES_A_ROUND)
        yield from beside_raw(case, folder, rounds)
    yield _reading(template, rounds)


def beside_raw(case: Case, folder: Path, rounds: int) -> Iterator[Figure]:
    """Record on one copy what is written, then do the work on a second and write its rows to two more, in turns."""
    paths = [folder / f"{name}.db" for name in ("recorded", "ours", "raw", "core")]
    for path in paths:
        _copy(case.template, path)
    with ExitStack() as stack:
        store, work = case.open(stack, paths[0])
        acts = acts_of(store.engine, work, (rounds + 1) * case.times)
    with ExitStack() as stack:
        _, work = case.open(stack, paths[1])
        replay = SqliteReplay(paths[2])
        stack.callback(replay.close)
        core = CoreReplay(stack.enter_context(Store(f"sqlite:///{paths[3]}")))
        by_raw, by_core = iter(acts), iter(acts)
        turns = {
            "ours": work,
            "raw": lambda: replay.run(next(by_raw)),
            "core": lambda: core.run(next(by_core)),
        }
        rates = in_turns({name: partial(a_second, each, case.times) for name, each in turns.items()}, rounds)
    assert len({_rows(path) for path in paths}) == 1, "They do not leave the same rows."
    yield Figure(case.name, "a second", rates["ours"], RAW, rates["raw"], case.aim)
    yield Figure("the same rows, SQLAlchemy Core", "a second", rates["core"], RAW, rates["raw"])


def _copy(template: Path, path: Path) -> None:
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    shutil.copyfile(template, path)


def _rows(path: Path) -> tuple[tuple[str, int], ...]:
    with closing(sqlite3.connect(path)) as connection:
        return tuple(sorted(rows_of(connection).items()))


def _clinic(path: Path) -> str:
    """Make a clinic that has sold courses to as many clients; return their package."""
    upgrade(f"sqlite:///{path}")
    with Store(f"sqlite:///{path}") as store:
        desk = Desk(store, HandMovedClock())
        package = desk.package(sessions=SESSIONS, touch_ups=TOUCH_UPS)
        for number in range(COURSES):
            desk.sell(package, buyer=_buyer(number))
    return package


def _buyer(number: int) -> Buyer:
    return Buyer(f"CUSTOMER-{number}", name=f"Bo Li {number}", phone=f"+1415555{number:04d}")


def _courses(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(text("SELECT id FROM course ORDER BY id")))


def _using(stack: ExitStack, path: Path) -> tuple[Store, Work]:
    desk = reopened(stack.enter_context(Store(f"sqlite:///{path}")))
    turn = cycle(_courses(desk.store))

    def use() -> None:
        # So that no course is used twice on one day.
        desk.clock.advance(minutes=15)
        desk.use(next(turn))

    return desk.store, use


def _booking(package: str, stack: ExitStack, path: Path) -> tuple[Store, Work]:
    desk, numbers = reopened(stack.enter_context(Store(f"sqlite:///{path}"))), count(COURSES)
    return desk.store, lambda: desk.sell(package, buyer=_buyer(next(numbers)))


def _reading(template: Path, rounds: int) -> Figure:
    with Store(f"sqlite:///{template}") as store:
        turn, today = cycle(_courses(store)), HandMovedClock()().date()
        rates = in_turns(
            {"ours": partial(a_second, lambda: read_course(store, next(turn), today=today), A_ROUND)}, rounds
        )
    return Figure("read a course", "a second", rates["ours"])
