"""Kill web, worker, both and the database at random while tablets use sessions: nothing is lost or doubled."""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zlib import crc32

from sqlalchemy import select

from plugin.courses.audit import audit
from plugin.store import Store
from plugin.store.ledger import Entry
from tests.bench.desks import furnish
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.postgres import PostgresServer
from tests.processes import Process
from tests.servers import environment_of, fetch, free_port

TABLETS, COURSES_EACH, SESSIONS, TOKENS = 8, 4, 500, 64
_ANSWER_WITHIN_S, _ANSWERED_AT_LAST_S, _START_WITHIN_S = 10.0, 180.0, 60.0
# Of what is used, the part that is undone again, and the part that is sent once more though it was answered.
_UNDONE, _SENT_AGAIN = 0.2, 0.2


@dataclass
class CrashRun:
    """What was acknowledged, what the ledger holds of it, and how often what was killed.

    `lost` are entries that were acknowledged and are not there; `doubled` are entries nobody was told of, and keys
    that were answered with two entries; `audit` is what the audit of the ledger found.
    """

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[str, str] = field(default_factory=dict)
    # When each was acknowledged, in seconds of the monotonic clock.
    answered_at: list[float] = field(default_factory=list)
    answers_lost: int = 0
    # Answers that ask for another try, by their status.
    refused: Counter[int] = field(default_factory=Counter)
    tokens: list[str] = field(default_factory=list)
    courses: list[str] = field(default_factory=list)
    # The entries that were there before the load.
    before: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    audit: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return bool(self.acknowledged) and not (self.lost or self.doubled or self.audit)

    def furnish(self, store: Store) -> None:
        """Give the clinic what the tablets use, and note the entries that are there before the load."""
        desk, courses = Desk(store, HandMovedClock()), TABLETS * COURSES_EACH
        self.tokens, self.courses = furnish(desk, tokens=TOKENS, courses=courses, sessions=SESSIONS)
        self.before = entries(store)

    def examine(self, store: Store) -> None:
        """Compare what was acknowledged with the ledger, and audit it."""
        self.compare(entries(store))
        self.audit = tuple(f"{each.check}: {each.row}" for each in audit(store))

    def compare(self, there: set[str]) -> None:
        """Compare what was acknowledged with the entries that are there."""
        told = set(self.acknowledged.values())
        self.lost |= told - there
        self.doubled |= there - self.before - told


def crash_under_load(
    url: str, folder: Path, *, seed: int, seconds: float, server: PostgresServer | None = None
) -> CrashRun:
    """Use sessions over HTTP for so many seconds while processes are killed with SIGKILL, then compare the ledger."""
    run = CrashRun()
    with Store(url) as store:
        run.furnish(store)
    port = free_port()
    with _Program(url, folder, port) as program, tablets_at(port, run, seed):
        _kill_now_and_then(program, server, random.Random(seed), seconds, run)
    with Store(url) as store:
        run.examine(store)
    return run


@contextmanager
def tablets_at(port: int, run: CrashRun, seed: int, *, pause_s: float = 0.0) -> Iterator[None]:
    """Have the tablets use sessions until the block ends; raises what any of them raised."""
    over = threading.Event()
    with ThreadPoolExecutor(TABLETS) as pool:
        played = []
        for number in range(TABLETS):
            chance = random.Random(f"{seed} {number}")
            courses = run.courses[number::TABLETS]
            tablet = Tablet(port, run.tokens, courses, chance, run, number, pause_s=pause_s)
            played.append(pool.submit(tablet.play, over))
        try:
            yield
        finally:
            over.set()
        for each in played:
            each.result()


def entries(store: Store) -> set[str]:
    """Return the ids of all entries."""
    with store.reading() as session:
        return set(session.scalars(select(Entry.id)))


class Tablet:
    """Uses sessions of its own courses, each under a key it keeps until it was answered, with pauses in between."""

    def __init__(
        self,
        port: int,
        tokens: list[str],
        courses: list[str],
        chance: random.Random,
        run: CrashRun,
        number: int,
        *,
        pause_s: float = 0.0,
    ) -> None:
        self._pause_s = pause_s
        self._port, self._tokens, self._courses = port, tokens, courses
        self._chance, self._run, self._number = chance, run, number

    def play(self, over: threading.Event) -> None:
        today = datetime.now(UTC).date()
        for turn in count():
            if over.is_set():
                return
            # One use of a course a day, as in life.
            day = today - timedelta(days=1 + turn // len(self._courses))
            course = self._courses[turn % len(self._courses)]
            key = f"tablet-{self._number}-{turn}"
            time.sleep(self._pause_s)
            entry = self._answered(key, f"/courses/{course}/redemptions", {"visited_on": day.isoformat()})
            if entry and self._chance.random() < _UNDONE:
                self._answered(f"{key}-undo", f"/entries/{entry}/reversal", {"reason": "Wrong client"})

    def _answered(self, key: str, path: str, body: dict[str, str]) -> str:
        """Return the entry, "" where what the path names is gone."""
        entry = self._until_answered(key, path, body)
        if not entry:
            return ""
        if self._chance.random() < _SENT_AGAIN and self._until_answered(key, path, body) != entry:
            self._run.doubled.add(key)
        self._run.acknowledged[key] = entry
        self._run.answered_at.append(time.monotonic())
        return entry

    def _until_answered(self, key: str, path: str, body: dict[str, str]) -> str:
        deadline = time.monotonic() + _ANSWERED_AT_LAST_S
        while time.monotonic() < deadline:
            try:
                status, answer = self._send(key, path, body)
            except (OSError, http.client.HTTPException):
                # Perhaps it was recorded, perhaps not: the same key asks.
                self._run.answers_lost += 1
            else:
                if status < 300:
                    return str(json.loads(answer)["entry"]["id"])
                if status == 404:
                    # What was acknowledged is gone already.
                    self._run.lost.add(path)
                    return ""
                assert status in {429, 500, 502, 503, 504}, (status, answer)
                self._run.refused[status] += 1
            time.sleep(0.05)
        raise AssertionError(f"{key} was not answered within {_ANSWERED_AT_LAST_S:.0f} s")

    def _send(self, key: str, path: str, body: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_WITHIN_S)
        headers = {
            # A key is its token's own; and a token may make only so many calls a minute.
            "Authorization": f"Bearer {self._tokens[crc32(key.encode()) % len(self._tokens)]}",
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        try:
            connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class _Program:
    """Web and worker as a clinic runs them, each in a process group of its own."""

    def __init__(self, url: str, folder: Path, port: int) -> None:
        self._port = port
        environment = environment_of(url, port=port)
        commands = {"web": ["serve", "--no-worker", "--port", str(port)], "worker": ["worker"]}
        self.processes = {
            name: Process(name, [sys.executable, "-m", "plugin", *words], folder, environment=environment)
            for name, words in commands.items()
        }

    def __enter__(self) -> _Program:
        for process in self.processes.values():
            process.start()
        self.wait()
        return self

    def __exit__(self, *_failed: object) -> None:
        for process in self.processes.values():
            process.kill()

    def wait(self) -> None:
        deadline = time.monotonic() + _START_WITHIN_S
        while not self._answers():
            assert time.monotonic() < deadline, self.processes["web"].log.read_text()[-2000:]
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return fetch(f"http://127.0.0.1:{self._port}/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def _kill_now_and_then(
    program: _Program, server: PostgresServer | None, chance: random.Random, seconds: float, run: CrashRun
) -> None:
    """Kill one of them after half a second to two seconds, start it again, and go on until the time is over."""
    kinds: dict[str, Callable[[], None]] = {
        "web": lambda: _restart(program, "web"),
        "worker": lambda: _restart(program, "worker"),
        "web and worker": lambda: _restart(program, "web", "worker"),
    }
    if server is not None:
        kinds["database"] = lambda: _restart_database(server)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(0.5, 2.0))
        kind = chance.choice(sorted(kinds))
        kinds[kind]()
        run.kills[kind] += 1
        program.wait()


def _restart(program: _Program, *names: str) -> None:
    for name in names:
        program.processes[name].kill()
    for name in names:
        program.processes[name].start()


def _restart_database(server: PostgresServer) -> None:
    server.kill()
    server.start()
