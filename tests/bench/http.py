"""A served Coursekeeper under as many requests as it takes, beside a view that does nothing on the same server."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count, cycle
from pathlib import Path

import psutil

from plugin.services import wall_clock
from plugin.store import Store
from plugin.store.creation import upgrade
from tests.bench.client import Next, request, saturate
from tests.bench.desks import day_of_use, furnish
from tests.bench.figures import Aim, Figure, in_turns
from tests.bench.served import EMPTY, ONE_ROW
from tests.bench.usage import processor_s
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.servers import environment_of, free_port, running
from tests.web.conftest import SIGNATURE_KEY
from tests.web.test_webhooks import signature

CONNECTIONS, A_ROUND = 8, 160
# Each token of an iPad's; together they make fewer calls in a minute than each may alone.
TOKENS, COURSES, SESSIONS = 24, 40, 500
AIMS = {"use a session, over HTTP": Aim(0.35), "webhook accepted": Aim(0.5)}
EMPTY_VIEW = "an empty view, same server"
ROW_VIEW = "an empty view that commits a row"


def measure(folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield the requests a second, and the processor's milliseconds for each, with eight connections kept busy."""
    url = f"sqlite:///{folder / 'served.db'}"
    upgrade(url)
    with Store(url) as store:
        desk = Desk(store, HandMovedClock(wall_clock()))
        tokens, courses = furnish(desk, tokens=TOKENS, courses=COURSES, sessions=SESSIONS)
    with served(url, folder) as (port, process):
        sources: dict[str, Next] = {
            EMPTY_VIEW: partial(request, "GET", EMPTY),
            ROW_VIEW: partial(request, "POST", ONE_ROW, b"p" * 400),
            "alive check, the whole application": partial(request, "GET", "/healthz"),
            "use a session, over HTTP": _use(tokens, courses),
            "webhook accepted": _event(f"http://127.0.0.1:{port}/square/webhooks"),
            "a course read, over the API": _read(tokens, courses),
        }
        busy: dict[str, list[float]] = {name: [] for name in sources}
        measures = {name: partial(_rate, port, process, each, busy[name]) for name, each in sources.items()}
        rates = in_turns(measures, rounds)
    empty, row = EMPTY_VIEW, ROW_VIEW
    for name in sources:
        if name != empty:
            yield Figure(name, "a second", rates[name], empty, rates[empty], AIMS.get(name))
            yield Figure(name, "ms of processor", busy[name][1:], empty, busy[empty][1:])
        if name in AIMS:
            yield Figure(name, "a second", rates[name], row, rates[row])


@contextmanager
def served(url: str, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Serve the web alone; give its port and its process, which answers."""
    port = free_port()
    environment = environment_of(url, port=port, SQUARE_WEBHOOK_SIGNATURE_KEY=SIGNATURE_KEY)
    command = [sys.executable, "-m", "tests.bench.served", str(port)]
    address = f"http://127.0.0.1:{port}/healthz"
    with running(command, address, environment=environment, folder=folder) as process:
        yield port, psutil.Process(process.pid)


def _rate(port: int, process: psutil.Process, source: Next, busy: list[float]) -> float:
    before = processor_s([process])
    rate, _ = saturate(port, source, connections=CONNECTIONS, requests=A_ROUND)
    busy.append((processor_s([process]) - before) * 1000 / A_ROUND)
    return rate


def _use(tokens: list[str], courses: list[str]) -> Next:
    turn, who, keys = cycle(courses), cycle(tokens), count()
    today = datetime.now(UTC).date()

    def source() -> bytes:
        number = next(keys)
        body = json.dumps({"visited_on": str(day_of_use(today, number // len(courses)))}).encode()
        return request(
            "POST",
            f"/api/v1/courses/{next(turn)}/redemptions",
            body,
            Authorization=f"Bearer {next(who)}",
            Idempotency_Key=f"bench-{number}",
            Content_Type="application/json",
        )

    return source


def _read(tokens: list[str], courses: list[str]) -> Next:
    turn, who = cycle(courses), cycle(tokens)
    return lambda: request("GET", f"/api/v1/courses/{next(turn)}", Authorization=f"Bearer {next(who)}")


def _event(address: str) -> Next:
    numbers = count()

    def source() -> bytes:
        event = {"event_id": f"bench-{next(numbers)}", "type": "bench.updated", "data": {"id": "p" * 400}}
        body = json.dumps(event).encode()
        return request(
            "POST", "/square/webhooks", body, x_square_hmacsha256_signature=signature(body, address)
        )

    return source
