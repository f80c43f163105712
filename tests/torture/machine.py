"""Faults of the machine: a full disk, a database that can only be read, a lost log, a backup under writes.

Each: a clear answer and state while it lasts, everything acknowledged still there after it, and work goes on by itself.
"""

import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event

from plugin import create_app
from plugin.alarms.condition import State
from plugin.alarms.machine_checks import disk_has_room
from plugin.backups.make import make_copy
from plugin.backups.restore import restore
from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.courses.audit import audit
from plugin.services import Services
from plugin.store import Store
from plugin.store.write_failures import TRIED_AFTER_S
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.square.clinic import house_of, settings_for
from tests.torture.crash import entries

# Sessions used before, during and after the fault.
USES = 12
_SESSIONS = 100
_LITTLE = 30_000

Fault = Callable[[Services], AbstractContextManager[None]]


@dataclass
class MachineRun:
    """What was acknowledged and refused, what the program said of itself meanwhile, and what is wrong."""

    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    said: str = ""
    wrong: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return bool(self.acknowledged) and not self.wrong


class MachineClinic:
    """The real application on this database, and a course that an API client uses sessions of."""

    def __init__(self, url: str, folder: Path) -> None:
        self.store, clock = Store(url), HandMovedClock()
        given = settings_for(
            "http://127.0.0.1:9", SECRET_KEY="s" * 48, DATA_DIR=str(folder), DATABASE_URL=url
        )
        self.services = house_of(given, self.store, clock)
        self.desk = Desk(self.store, clock)
        self.course = self.desk.sell(self.desk.package(sessions=_SESSIONS))
        self.began = entries(self.store)
        self._token = add_token(self.store, name="Tablet", role=Role.DESK, now=clock())
        self._client = create_app(services=self.services).test_client()

    def close(self) -> None:
        self.services.close()
        self.store.close()

    def use(self, key: str) -> tuple[int, Any]:
        """Use a session; return the status, and the entry's id or the error's sentence."""
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": key}
        address = f"/api/v1/courses/{self.course}/redemptions"
        answer = self._client.post(address, json={}, headers=headers)
        said = answer.get_json()
        is_done = answer.status_code < 300
        return answer.status_code, said["entry"]["id"] if is_done else said["error"]["message"]

    def ready(self) -> tuple[int, str]:
        """Return what whoever watches the machine is told."""
        answer = self._client.get("/readyz")
        return answer.status_code, answer.get_json().get("message", "")


def under_fault(url: str, folder: Path, fault: Fault) -> MachineRun:
    """Use sessions before, during and after the fault, each refused one again under its key, and compare."""
    run, clinic = MachineRun(), MachineClinic(url, folder)
    try:
        refused = uses(clinic, run, "before")
        with fault(clinic.services):
            refused += uses(clinic, run, "during")
            status, run.said = clinic.ready()
            look = disk_has_room(clinic.services, clinic.services.clock())
            answers = clinic.store.failure() is None
        run.refused = len(refused)
        if not refused:
            run.wrong.append("nothing was refused: the fault did not happen")
        # Of a database that can't even be opened nothing keeps alarms.
        is_alarming = look.state is State.WRONG or not answers
        if refused and (status != 503 or not run.said or not is_alarming):
            run.wrong.append(f"writes were refused, and it says {status} {run.said!r}, {look}")
        left = [key for key in refused if not _is_used(clinic, run, key)]
        left += uses(clinic, run, "after")
        clinic.store.write_failures.monotonic = lambda: time.monotonic() + TRIED_AFTER_S
        if left or clinic.ready()[0] != 200:
            run.wrong.append(f"after it, not used: {left}; ready: {clinic.ready()}")
        run.wrong += compared(clinic.store, clinic.began, run.acknowledged)
    finally:
        clinic.close()
    return run


def uses(clinic: MachineClinic, run: MachineRun, when: str, *, times: int = USES) -> list[str]:
    """Use some sessions; return the keys that were refused."""
    return [key for key in (f"{when}-{number}" for number in range(times)) if not _is_used(clinic, run, key)]


def _is_used(clinic: MachineClinic, run: MachineRun, key: str) -> bool:
    status, said = clinic.use(key)
    if status < 300:
        run.acknowledged.add(said)
    elif status != 503:
        run.wrong.append(f"{key} was answered {status}: {said}")
    return status < 300


def compared(store: Store, began: set[str], acknowledged: set[str]) -> list[str]:
    there = entries(store) - began
    return [
        *(f"{each} was acknowledged and is lost" for each in acknowledged - there),
        *(f"{each} is there and nobody was told" for each in there - acknowledged),
        *(f"audit: {each.check}: {each.row}" for each in audit(store)),
    ]


def backup_under_writes(url: str, other_url: str, folder: Path) -> MachineRun:
    """Copy the database while sessions are used, restore the copy elsewhere, and compare with what was acknowledged."""
    run, clinic, over = MachineRun(), MachineClinic(url, folder), threading.Event()
    try:
        uses(clinic, run, "before")
        first = set(run.acknowledged)

        def use_on() -> None:
            for number in range(_SESSIONS - USES):
                if over.is_set():
                    return
                _is_used(clinic, run, f"meanwhile-{number}")

        writer = threading.Thread(target=use_on)
        writer.start()
        try:
            made = make_copy(clinic.services)
        finally:
            over.set()
            writer.join()
        with Store(other_url) as other:
            restored = restore(clinic.services.settings, other, made.file, now=clinic.services.clock())
            run.wrong += [f"audit of the copy: {each.check}: {each.row}" for each in restored.findings]
            run.wrong += _copied(entries(other) - clinic.began, first, run.acknowledged)
        run.wrong += compared(clinic.store, clinic.began, run.acknowledged)
        run.said = f"{len(run.acknowledged - first)} sessions used meanwhile"
    finally:
        clinic.close()
    return run


def _copied(copied: set[str], first: set[str], all_: set[str]) -> list[str]:
    return [
        *(f"{each} was acknowledged before the copy and is not in it" for each in first - copied),
        *(f"{each} is in the copy and nobody was told" for each in copied - all_),
    ]


def lost_log(url: str, folder: Path) -> MachineRun:
    """Take SQLite's log away after a kill: what was committed before the last checkpoint is there, and adds up."""
    run, clinic = MachineRun(), MachineClinic(url, folder)
    try:
        uses(clinic, run, "before")
        clinic.store.checkpoint()
        kept = set(run.acknowledged)
        uses(clinic, run, "after")
        # As the disk is after a kill and the loss: the file alone.
        alone = shutil.copyfile(str(clinic.store.url.database), folder / "without-log.db")
        with Store(f"sqlite:///{alone}") as other:
            there = entries(other) - clinic.began
            run.wrong += [f"{each} was there before the checkpoint and is lost" for each in kept - there]
            run.wrong += [f"audit: {each.check}: {each.row}" for each in audit(other)]
        run.said = f"{len(run.acknowledged - there)} sessions used since the checkpoint are lost with the log"
    finally:
        clinic.close()
    return run


@contextmanager
def full_disk(services: Services) -> Iterator[None]:
    """Let no file of this process grow much: as on a full disk, or past a quota. Needs no rights."""
    database = Path(services.store.url.database or "")
    largest = max(each.stat().st_size for each in database.parent.glob(f"{database.name}*"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + _LITTLE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(services: Services) -> Iterator[None]:
    """Let the database be read only, as by the rights of its file, or on PostgreSQL by a standby's rule."""
    store = services.store
    if store.is_sqlite:
        with _of_each_connection(store, "PRAGMA query_only = ON"):
            yield
        return
    with _of_each_connection(store, "SET default_transaction_read_only = on"):
        yield


@contextmanager
def _of_each_connection(store: Store, statement: str) -> Iterator[None]:
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        if not store.is_sqlite:
            connection.commit()

    store.close()
    event.listen(store.engine, "connect", prepare)
    try:
        yield
    finally:
        event.remove(store.engine, "connect", prepare)
        store.close()
