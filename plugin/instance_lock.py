"""One instance on a SQLite file: locks in its folder, which the system releases however a process ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plugin.errors import ConfigurationError

WEB, WORKER = "web", "worker"
# A killed web process leaves one that serves, which notices within a second.
_WAIT_S = 3.0
# Locks end with the process: they are never closed.
_held: list[int] = []


class AlreadyRunning(ConfigurationError):
    """Another instance uses this database."""

    code = "already_running"


def hold(database_url: str, folder: Path, role: str) -> None:
    """Hold the lock of this role until the process ends; raises AlreadyRunning where another one holds it.

    PostgreSQL needs none: several may run side by side.
    """
    if database_url.startswith("sqlite"):
        _held.append(_locked(folder, role))


@contextmanager
def nobody_running(database_url: str, folder: Path) -> Iterator[None]:
    """Keep others from starting meanwhile; raises AlreadyRunning where web or worker run."""
    numbers = list[int]()
    try:
        if database_url.startswith("sqlite"):
            numbers += [_locked(folder, role) for role in (WEB, WORKER)]
        yield
    finally:
        for number in numbers:
            os.close(number)


def _locked(folder: Path, role: str) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    number = os.open(folder / f"{role}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < until:
                time.sleep(0.1)
                continue
            holder = os.pread(number, 20, 0).decode("ascii", "replace").strip()
            os.close(number)
            raise AlreadyRunning(_sentence(folder, role, holder)) from None
        os.ftruncate(number, 0)
        os.pwrite(number, f"{os.getpid()}\n".encode(), 0)
        return number


def _sentence(folder: Path, role: str, holder: str) -> str:
    with suppress(OSError):
        folder = folder.resolve()
    called = "Coursekeeper" if role == WEB else "A worker of Coursekeeper"
    process = f", process {holder}" if holder.isdigit() else ""
    return (
        f"{called} is running on the database in {folder} already{process}. SQLite takes one instance: stop that one"
        " first, or use PostgreSQL."
    )
