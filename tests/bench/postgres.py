"""Eight clients using sessions on PostgreSQL at once, beside the same rows by psycopg and pgledger's transfers."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg

from plugin.store import Store
from plugin.store.creation import upgrade
from tests.bench.desks import day_of_use, reopened, sold_to
from tests.bench.figures import Aim, Figure, in_turns
from tests.bench.pgledger import install, pgledger
from tests.bench.replay import PostgresReplay, Transaction, acts_of
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.postgres import DURABLE, PostgresServer

CLIENTS, EACH, SESSIONS = 8, 20, 999
WITHIN_S = 180
# Plays its part in so many rounds, each begun and ended at the barrier.
Client = Callable[[Barrier, int], None]
WHAT = "use a session, 8 clients, PostgreSQL"


def measure(_folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield the uses a second of eight processes; what is committed is on the disk, as a clinic has it."""
    server = PostgresServer(DURABLE)
    try:
        yield from _measured(server, rounds)
    finally:
        server.stop()


def _measured(server: PostgresServer, rounds: int) -> Iterator[Figure]:
    acts = _prepare(server, (rounds + 1) * EACH)
    ours, raw = server.url_of("ours"), server.url_of("raw")
    works: list[list[Client]] = [
        [partial(_play_ours, ours, number) for number in range(CLIENTS)],
        [partial(_play_raw, raw, each) for each in acts],
    ]
    found = pgledger()
    if found is not None:
        server.create("pgledger")
        with server.connect("pgledger") as connection:
            accounts = install(connection, found, 2 * CLIENTS)
        pairs = zip(accounts[::2], accounts[1::2], strict=True)
        works.append([partial(_play_transfers, server.url_of("pgledger"), *pair) for pair in pairs])
    rates = _rates(works, rounds)
    yield Figure(WHAT, "a second", rates[0], "the same rows, psycopg alone", rates[1], Aim(0.5))
    if found is None:
        note = "pgledger's transfer: not reachable"
        yield Figure(WHAT, "a second", rates[0], aim=Aim(0.5), note=note)
    else:
        yield Figure(WHAT, "a second", rates[0], "pgledger's transfer, same server", rates[2], Aim(0.5))


def _prepare(server: PostgresServer, uses: int) -> list[list[list[Transaction]]]:
    """Make three equal databases, use sessions in one of them, and return what each client wrote there."""
    server.create("recorded")
    upgrade(server.url_of("recorded"))
    with Store(server.url_of("recorded")) as store:
        desk = Desk(store, HandMovedClock())
        package = desk.package(sessions=SESSIONS)
        for number in range(CLIENTS):
            sold_to(desk, package, number)
    for name in ("ours", "raw"):
        server.create(name, template="recorded")
    with Store(server.url_of("recorded")) as store:
        return [acts_of(store.engine, _using(store, number), uses) for number in range(CLIENTS)]


def _using(store: Store, number: int) -> Callable[[], object]:
    with store.reading() as session:
        query = "SELECT id FROM course ORDER BY square_order_id, id"
        course_id = session.connection().exec_driver_sql(query).scalars().all()[number]
    desk, days = reopened(store), count()
    today = desk.today

    def use() -> None:
        day = day_of_use(today, next(days))
        desk.use(course_id, key=f"{course_id}-{day}", visited_on=day)

    return use


def _rates(works: list[list[Client]], rounds: int) -> list[list[float]]:
    """Start a process for each client of each work; let the works take turns, all clients of one at once."""
    context = get_context("forkserver")
    # Loaded once, for all of them.
    context.set_forkserver_preload([__name__])
    barriers = [context.Barrier(len(clients) + 1) for clients in works]
    processes = [
        context.Process(target=work, args=(barrier, rounds + 1), daemon=True)
        for barrier, clients in zip(barriers, works, strict=True)
        for work in clients
    ]
    for process in processes:
        process.start()
    measures = {str(number): partial(_round, barrier) for number, barrier in enumerate(barriers)}
    found = in_turns(measures, rounds)
    for process in processes:
        process.join(WITHIN_S)
        assert process.exitcode == 0
    return [found[name] for name in measures]


def _round(barrier: Barrier) -> float:
    barrier.wait(WITHIN_S)
    began = time.perf_counter()
    barrier.wait(WITHIN_S)
    return CLIENTS * EACH / (time.perf_counter() - began)


def _in_rounds(barrier: Barrier, rounds: int, work: Callable[[], object]) -> None:
    for _ in range(rounds):
        barrier.wait(WITHIN_S)
        for _ in range(EACH):
            work()
        barrier.wait(WITHIN_S)


def _play_ours(url: str, number: int, barrier: Barrier, rounds: int) -> None:
    with Store(url) as store:
        _in_rounds(barrier, rounds, _using(store, number))


def _play_raw(url: str, acts: Sequence[Sequence[Transaction]], barrier: Barrier, rounds: int) -> None:
    replay, left = PostgresReplay(url), iter(acts)
    _in_rounds(barrier, rounds, lambda: replay.run(next(left)))
    replay.close()


def _play_transfers(url: str, source: str, target: str, barrier: Barrier, rounds: int) -> None:
    address = url.replace("postgresql+psycopg://", "postgresql://")
    transfer = "SELECT id FROM pgledger_create_transfer(%s, %s, 1)"
    with psycopg.connect(address, autocommit=True) as connection:
        _in_rounds(barrier, rounds, lambda: connection.execute(transfer, (source, target)).fetchone())
