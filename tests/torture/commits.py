"""Kill the program right before each of its commits and after the last, and start it again.

A day of a clinic is played with the same idempotency keys each time: what was recorded before the kill answers again.
"""

import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Engine, event, select

from plugin.core.money import Money
from plugin.courses.audit import audit
from plugin.courses.sales.sales import Came, Sale
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from tests.clock import HandMovedClock
from tests.courses.desk import Desk, back
from tests.torture.databases import Fresh

# The shape of the ledger: who killed the program when must not show in it.
Rows = list[tuple[Any, ...]]
# Plays a day in the clinic of this database.
Play = Callable[[str], None]


@dataclass(frozen=True)
class CommitRun:
    """How often the program was killed, and where the ledger came out otherwise than without a kill."""

    kills: int
    wrong: tuple[str, ...]


def kill_at_every_commit(
    fresh: Fresh, *, every: int = 1, play: Play | None = None, ends_at: float = math.inf
) -> CommitRun:
    """Kill at each `every`-th point, one database each, and compare with a day on which nothing was killed.

    `ends_at`, of the monotonic clock: no kill after it.
    """
    play = play or play_a_day
    expected = _after(fresh(), play)
    wrong: list[str] = []
    kills = 0
    for point in count(0, every):
        if time.monotonic() > ends_at:
            break
        url = fresh()
        if _exit_code(url, play, point) != -signal.SIGKILL:
            break
        kills += 1
        if (found := _after(url, play)) != expected:
            wrong.append(f"killed at point {point}: {found}")
    return CommitRun(kills, tuple(wrong))


def _after(url: str, play: Play) -> Rows:
    """Play the day in a process of its own, and return the ledger's rows and what the audit found."""
    if _exit_code(url, play, None) != 0:
        return [("the day could not be played to its end",)]
    with Store(url) as store, store.reading() as session:
        rows = [
            tuple(row)
            for row in session.execute(
                select(Entry.kind, Entry.seq, Entry.sessions_after, Entry.value_after, Entry.granted_after)
                .join(Allowance, Allowance.id == Entry.allowance_id)
                .order_by(Entry.kind, Entry.seq, Entry.sessions_after, Entry.value_after)
            )
        ]
        return [*rows, *((each.check, each.row) for each in audit(store))]


def _exit_code(url: str, play: Play, point: int | None) -> int:
    """Play the day in a process of its own, killed at this point; return its exit code, below 0 for a signal."""
    # Forked from a process without threads, which has the program imported already.
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    child = context.Process(target=_play, args=(url, play, point))
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def _play(url: str, play: Play, point: int | None) -> None:
    passed = _kill_at(point)
    play(url)
    passed()


def _kill_at(point: int | None) -> Callable[..., None]:
    points = count()

    def passed(*_told: object) -> None:
        if next(points) == point:
            os.kill(os.getpid(), signal.SIGKILL)

    # Killed before a commit, the database holds what it held right after the one before.
    event.listen(Engine, "commit", passed)
    return passed


def play_a_day(url: str) -> None:
    """Sell, use, undo, pay the rest and refund, each under a key that is the same in each playing."""
    with Store(url) as store:
        desk = Desk(store, HandMovedClock())
        package = desk.package(sessions=12, touch_ups=2)
        ana = _course_of(store, desk.sale(desk.line(package), order="ORDER-ANA"), desk)
        paid = desk.sale(desk.line(package), order="ORDER-BO")
        deposit = replace(paid, came=(Came(Money(50_000, "USD"), paid.paid_at),))
        bo = _course_of(store, deposit, desk)
        first = desk.use(ana)
        for _ in range(3):
            desk.use(bo)
        desk.undo(first.entry.id)
        desk.use(ana)
        for _ in range(2):
            desk.book(paid)
        desk.refund("ORDER-ANA", 198_000, back())


def _course_of(store: Store, sale: Sale, desk: Desk) -> str:
    """Book the sale; return its course, also where it was booked before."""
    desk.book(sale)
    with store.reading() as session:
        return session.scalars(select(Course.id).where(Course.square_order_id == sale.square_order_id)).one()
