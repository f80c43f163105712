"""A served Coursekeeper under as many requests as it takes: a use and a webhook beside a view that does nothing.

Client and server share the machine, so rates say little; the ratio to the empty view on the same server is what lasts.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.courses.clients.contacts import Buyer
from tests.courses.desk import Desk
from tests.servers import free_port, running
from tests.web.conftest import SIGNATURE_KEY
from tests.web.test_webhooks import signature

CLIENTS, EACH = 8, 25
# A token may make 600 calls a minute: enough of them that no limit is met.
TOKENS, COURSES, SESSIONS, SOLD_DAYS_AGO = 400, 40, 500, 900
# How many a second, as a part of what the empty view answers.
AIMS = {"use over HTTP": 0.10, "webhook accepted": 0.20}

Send = Callable[[http.client.HTTPConnection], int]


def measure_http(desk: Desk, url: str, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Return the requests a second of each round, by name; the empty view is "empty view"."""
    tokens = [
        add_token(desk.store, name=f"Bench {number}", role=Role.DESK, now=desk.clock())
        for number in range(TOKENS)
    ]
    package = desk.package(sessions=SESSIONS)
    courses = [sold_to(desk, package, number) for number in range(COURSES)]
    rates: dict[str, list[float]] = {"empty view": [], **{name: [] for name in AIMS}}
    with _served(url, folder) as (port, webhook):
        work: dict[str, Send] = {
            "empty view": _get("/healthz"),
            "use over HTTP": _use(tokens, courses),
            "webhook accepted": _event(webhook),
        }
        for number in range(rounds + 1):
            for name, send in work.items():
                rate = _rate(port, send)
                # The first round warms up.
                rates[name] += [rate] if number else []
    return rates


def sold_to(desk: Desk, package_id: str, number: int) -> str:
    """Sell a course to a client of its own, long ago; return its id."""
    buyer = Buyer(f"BENCH-{number}", name=f"Bo Li {number}", phone=f"+1415666{number:04d}")
    paid_at = desk.clock() - timedelta(days=SOLD_DAYS_AGO)
    return desk.book(desk.sale(desk.line(package_id), buyer=buyer, paid_at=paid_at)).opened[0]


@contextmanager
def _served(url: str, folder: Path) -> Iterator[tuple[int, str]]:
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "SECRET_KEY": "s" * 48,
        "SQUARE_WEBHOOK_SIGNATURE_KEY": SIGNATURE_KEY,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "plugin", "serve", "--no-worker", "--port", str(port)]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path.cwd()), os.environ.get("PYTHONPATH")]))
    with running(command, f"http://127.0.0.1:{port}/healthz", environment=environment, folder=folder):
        yield port, f"http://127.0.0.1:{port}/square/webhooks"


def _rate(port: int, send: Send) -> float:
    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(EACH):
            status = send(connection)
            assert status < 300, status
        connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for each in [pool.submit(work) for _ in range(CLIENTS)]:
            each.result()
    return CLIENTS * EACH / (time.perf_counter() - began)


def _get(path: str) -> Send:
    return lambda connection: _answer(connection, "GET", path, b"", {})


def _use(tokens: list[str], courses: list[str]) -> Send:
    turn, who, keys = cycle(courses), cycle(tokens), count()
    today = datetime.now(UTC).date()

    def send(connection: http.client.HTTPConnection) -> int:
        number = next(keys)
        # One use of a course a day, as in life.
        day = today - timedelta(days=1 + number // len(courses))
        headers = {
            "Authorization": f"Bearer {next(who)}",
            "Idempotency-Key": f"bench-{number}",
            "Content-Type": "application/json",
        }
        body = json.dumps({"visited_on": day.isoformat()}).encode()
        return _answer(connection, "POST", f"/api/v1/courses/{next(turn)}/redemptions", body, headers)

    return send


def _event(address: str) -> Send:
    numbers = count()

    def send(connection: http.client.HTTPConnection) -> int:
        event = {"event_id": f"bench-{next(numbers)}", "type": "bench.updated", "data": {"id": "p" * 400}}
        body = json.dumps(event).encode()
        headers = {"x-square-hmacsha256-signature": signature(body, address)}
        return _answer(connection, "POST", "/square/webhooks", body, headers)

    return send


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
) -> int:
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    response.read()
    return response.status
