"""Eight clients using sessions on PostgreSQL at once, beside the same rows by psycopg alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg

from plugin.store import Store
from plugin.store.migrate import upgrade
from tests.bench import raw
from tests.bench.http import sold_to
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.postgres import PostgresServer

CLIENTS, EACH, SESSIONS = 8, 40, 999
AIM = 0.25


def measure_postgres(rounds: int) -> tuple[list[float], list[float]]:
    """Return the uses a second of each round, by the product and by psycopg alone."""
    server = PostgresServer()
    try:
        upgrade(server.url)
        with Store(server.url) as store:
            desk = Desk(store, HandMovedClock())
            package = desk.package(sessions=SESSIONS)
            courses = [sold_to(desk, package, number) for number in range(2 * CLIENTS)]
            heads = [_names(store, course) for course in courses[CLIENTS:]]
        ours = _rates(rounds, _ours, [(server.url, course) for course in courses[:CLIENTS]])
        plain = _rates(rounds, _raw, [(server.url, *names) for names in heads])
        return ours, plain
    finally:
        server.stop()


def _names(store: Store, course_id: str) -> tuple[str, str, str]:
    with store.reading() as session:
        connection = session.connection()
        row = connection.exec_driver_sql(
            "SELECT course.client_id, allowance.id FROM course JOIN allowance ON allowance.course_id = course.id"
            " WHERE course.id = %(id)s",
            {"id": course_id},
        ).one()
        return course_id, row[0], row[1]


def _rates(rounds: int, work: Callable[..., None], each: list[tuple[str, ...]]) -> list[float]:
    """Start a process for each client, and time every round from the first start to the last end."""
    context = get_context("spawn")
    barrier = context.Barrier(CLIENTS + 1)
    processes = [context.Process(target=work, args=(barrier, rounds, *names)) for names in each]
    for process in processes:
        process.start()
    rates = []
    for _ in range(rounds + 1):
        barrier.wait(120)
        began = time.perf_counter()
        barrier.wait(120)
        rates.append(CLIENTS * EACH / (time.perf_counter() - began))
    for process in processes:
        process.join()
    return rates[1:]


def _in_rounds(barrier: Barrier, rounds: int, use: Callable[[], object]) -> None:
    for _ in range(rounds + 1):
        barrier.wait(120)
        for _ in range(EACH):
            use()
        barrier.wait(120)


def _ours(barrier: Barrier, rounds: int, url: str, course_id: str) -> None:
    clock = HandMovedClock()
    with Store(url) as store:
        desk = Desk.__new__(Desk)
        desk.store, desk.clock, desk._numbers = store, clock, count()

        def use() -> None:
            number = next(desk._numbers)
            # One use of a course a day, as in life.
            day = desk.today - timedelta(days=number)
            desk.use(course_id, key=f"{course_id}-{number}", visited_on=day)

        _in_rounds(barrier, rounds, use)


def _raw(barrier: Barrier, rounds: int, url: str, course_id: str, client_id: str, allowance_id: str) -> None:
    address = url.replace("postgresql+psycopg://", "postgresql://")
    numbers = count()
    with psycopg.connect(address, autocommit=True) as connection:

        def use() -> None:
            name = f"{course_id}-{next(numbers)}"
            with connection.transaction():
                _write(connection, name, course_id, client_id, allowance_id)

        _in_rounds(barrier, rounds, use)


def _write(connection: Any, name: str, course_id: str, client_id: str, allowance_id: str) -> None:
    def run(statement: str, *values: object) -> Any:
        return connection.execute(statement.replace("?", "%s"), values)

    run("SELECT id FROM course WHERE id = ? FOR UPDATE", course_id)
    seq, sessions, value, granted = run(raw.HEAD, allowance_id).fetchone()
    earned, visit_id = value // sessions, f"v-{name}"[-40:]
    run(raw.VISIT, visit_id, client_id, course_id, raw.DAY, raw.NOW)
    entry = (f"e-{name}"[-40:], allowance_id, seq + 1, "used", sessions, -1, sessions - 1, value, -earned)
    run(
        raw.ENTRY, *entry, value - earned, granted, granted, raw.NOW, raw.NOW, "desk", visit_id, f"use:{name}"
    )
    for kind, subject in (("papers", course_id), ("profile", client_id)):
        run(raw.JOB, f"{kind[0]}-{name}"[-40:], kind, subject, raw.NOW, raw.NOW, subject, kind)
    run(raw.OPERATION, name, "0" * 64, '{"entry_id": ""}', raw.NOW)
