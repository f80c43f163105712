"""Twenty-four iPads using sessions in a clinic of a hundred thousand clients, beside all else that goes on there.

Nothing may fail, and everything that was acknowledged must be in the ledger, once. A use that had to wait because
the one before it was late counts from when it was due.
"""

import http.client
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from sqlalchemy import func, select

from plugin.courses.audit import audit
from plugin.services import wall_clock
from plugin.store import Store
from plugin.store.ledger import Entry
from tests.bench.big import clinic_of
from tests.bench.clinic import Running, running_clinic
from tests.bench.desks import day_of_use, furnish, reopened
from tests.bench.figures import Aim, Figure

IPADS, A_SECOND, P99_MS = 24, 3, 50
USES_OF_A_COURSE, SESSIONS = 10, 60
SALE_EVERY_S, REPORT_EVERY_S, SYNC_EVERY_S = 2.0, 10.0, 60.0
REPORT = "/reports/liability?from=2025-01-01&to=2025-12-31"
WARMING_S = 5.0
_WITHIN_S, _AT_ONCE = 30.0, 500


@dataclass
class LoadRun:
    """What the iPads were told: the milliseconds of each answer, the entries, and what went wrong."""

    waited_ms: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    beside: dict[str, int] = field(default_factory=dict)

    @property
    def p99_ms(self) -> float:
        return quantiles(self.waited_ms, n=100)[98]


def measure(
    folder: Path, _rounds: int, *, clinics: Path, size: int, seconds: float, a_second: float = A_SECOND
) -> Iterator[Figure]:
    """Yield how the iPads fared in a copy of the clinic of `size` thousand clients, at so many uses a second each."""
    path = folder / "clinic.db"
    clinic_of(clinics, size).store.close()
    shutil.copyfile(clinics / f"clinic-{size}.db", path)
    with Store(f"sqlite:///{path}") as store:
        desk, wanted = (
            reopened(store, wall_clock()),
            round(IPADS * a_second * seconds / USES_OF_A_COURSE) + 2 * IPADS,
        )
        tokens, courses = furnish(desk, tokens=IPADS, courses=wanted, sessions=SESSIONS, package="Load")
        entries = count_of(store)
    run, warming = LoadRun(), LoadRun()
    with running_clinic(folder, has_events=True) as clinic, _beside(clinic, run):
        # In the first seconds of a server each statement is built for the first time.
        use_sessions(clinic.port, tokens, courses[-IPADS:], WARMING_S, warming, a_second)
        use_sessions(clinic.port, tokens, courses[:-IPADS], seconds, run, a_second)
    with Store(f"sqlite:///{path}") as store:
        lost, found = lost_in(store, warming.acknowledged + run.acknowledged), audit(store)
    errors = warming.errors + run.errors
    what = f"{IPADS} iPads, {a_second:g} uses a second each, {entries / 1e6:.1f} million entries"
    none, beside = (
        Aim(0, is_at_most=True, of="value"),
        ", ".join(f"{many} {each}" for each, many in run.beside.items()),
    )
    yield Figure(
        what, "uses a second", [len(run.acknowledged) / seconds], aim=Aim(0.99 * IPADS * a_second, of="value")
    )
    yield Figure(
        "slowest 1 %, from when it was due", "ms", [run.p99_ms], aim=Aim(P99_MS, is_at_most=True, of="value")
    )
    yield Figure("half of them", "ms", run.waited_ms[:: max(1, len(run.waited_ms) // 100)], note=beside)
    yield Figure("errors", "of all", [len(errors)], aim=none, note="; ".join(errors[:1]))
    yield Figure("acknowledged and not in the ledger", "uses", [len(lost)], aim=none)
    yield Figure("audit", "findings", [len(found)], aim=none)


def count_of(store: Store) -> int:
    """Count the entries of the ledger."""
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Entry)) or 0


def lost_in(store: Store, acknowledged: Sequence[str]) -> list[str]:
    """Return the acknowledged entries that the ledger does not have, and those that were told twice."""
    with store.reading() as session:
        there: set[str] = set()
        for first in range(0, len(acknowledged), _AT_ONCE):
            some = acknowledged[first : first + _AT_ONCE]
            there |= set(session.scalars(select(Entry.id).where(Entry.id.in_(some))))
    seen: set[str] = set()
    return [each for each in acknowledged if each not in there or each in seen or seen.add(each)]  # type: ignore[func-returns-value]


def use_sessions(
    port: int, tokens: list[str], courses: list[str], seconds: float, run: LoadRun, a_second: float = A_SECOND
) -> None:
    """Let each iPad use sessions of its own courses, so many a second, until the time is over."""
    ipads = len(tokens)
    with ThreadPoolExecutor(ipads) as pool:
        played = [
            pool.submit(_play, port, token, courses[number::ipads], seconds, number / ipads, run, a_second)
            for number, token in enumerate(tokens)
        ]
        for each in played:
            each.result()


def _play(
    port: int,
    token: str,
    courses: list[str],
    seconds: float,
    late: float,
    run: LoadRun,
    a_second: float,
) -> None:
    today, every = datetime.now(UTC).date(), 1 / a_second
    began = time.perf_counter() + late * every
    ipad = _Ipad(port, token)
    for turn in range(int(seconds * a_second)):
        due = began + turn * every
        time.sleep(max(0.0, due - time.perf_counter()))
        if time.perf_counter() > began + seconds:
            break
        day = day_of_use(today, turn // len(courses))
        try:
            run.acknowledged.append(ipad.use(courses[turn % len(courses)], day.isoformat()))
            run.waited_ms.append((time.perf_counter() - due) * 1000)
        except (OSError, ValueError, http.client.HTTPException) as error:
            run.errors.append(str(error))
            ipad.close()
    ipad.close()


class _Ipad:
    """One connection; a use raises ValueError for an answer that is no success."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WITHIN_S)
        self._head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        self._connection.close()

    def use(self, course_id: str, day: str) -> str:
        """Use a session and return the entry."""
        path, body = f"/api/v1/courses/{course_id}/redemptions", json.dumps({"visited_on": day})
        self._connection.request("POST", path, body, self._head | {"Idempotency-Key": f"{course_id}-{day}"})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise ValueError(f"{response.status} {answer[:200]!r}")
        return str(json.loads(answer)["entry"]["id"])


def _beside(clinic: Running, run: LoadRun) -> ExitStack:
    """Sell, sync and ask for the owner's report until the stack closes; the worker draws papers meanwhile."""
    sweep = [sys.executable, "-m", "plugin", "sweep"]
    works: dict[str, tuple[float, Callable[[], object]]] = {
        "sales": (SALE_EVERY_S, clinic.sell),
        "reports": (REPORT_EVERY_S, lambda: clinic.browser.get(REPORT).raise_for_status()),
        "syncs": (
            SYNC_EVERY_S,
            lambda: subprocess.run(sweep, env=clinic.environment, capture_output=True, check=True),
        ),
    }
    over, stack = threading.Event(), ExitStack()
    pool = stack.enter_context(ThreadPoolExecutor(len(works)))
    for name, (every_s, work) in works.items():
        pool.submit(_again_and_again, name, every_s, work, over, run)
    stack.callback(over.set)
    return stack


def _again_and_again(
    name: str, every_s: float, work: Callable[[], object], over: threading.Event, run: LoadRun
) -> None:
    run.beside[name] = 0
    while not over.is_set():
        try:
            work()
            run.beside[name] += 1
        except Exception as error:  # whatever it is, it was not to happen
            run.errors.append(f"{name}: {error}")
        over.wait(every_s)
