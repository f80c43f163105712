"""Faults of the disk: no right to write, no room on a small file system, power lost in the middle of a write."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from plugin.courses.audit import audit
from plugin.services import Services
from plugin.store import Store
from tests.torture.crash import entries
from tests.torture.machine import MachineClinic, MachineRun, under_fault, uses

# Power is lost at each multiple of it within what was written last: disks write whole sectors.
SECTOR = 512
_WAL_HEADER = 32
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1 << 1, 1 << 2
_CAPABILITY_VERSION = 0x20080522
# The program wants some megabytes of room beside its database.
_SMALL_DISK = 32_000_000


class Impossible(Exception):
    """This machine can't be broken so; the sentence says why."""


@contextmanager
def no_rights(services: Services) -> Iterator[None]:
    """Take away the right to write to the database, its log and its folder, as after a restore by another user."""
    database = Path(services.store.url.database or "")
    services.store.checkpoint()
    services.store.close()
    places = [database.parent, *database.parent.glob(f"{database.name}*")]
    modes = [(each, each.stat().st_mode) for each in places]
    try:
        for each in places:
            each.chmod(0o555 if each.is_dir() else 0o444)
        with _rights_of_files_count():
            yield
    finally:
        services.store.close()
        for each, mode in modes:
            each.chmod(mode)


@contextmanager
def _rights_of_files_count() -> Iterator[None]:
    """Let them count for this thread, if it is root's; raises Impossible where that can't be had."""
    if os.geteuid() != 0:
        yield
        return
    if not sys.platform.startswith("linux"):
        raise Impossible("root may write everything on this system")
    libc = ctypes.CDLL(None, use_errno=True)
    header, kept = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(header, kept) != 0:
        raise Impossible("the capabilities of root can’t be read")
    fewer = (ctypes.c_uint32 * 6)(*kept)
    # The first word is what takes effect now; it may be taken back from what is permitted.
    fewer[0] &= ~(_DAC_OVERRIDE | _DAC_READ_SEARCH)
    if libc.capset(header, fewer) != 0:
        raise Impossible("the capabilities of root can’t be dropped")
    try:
        yield
    finally:
        libc.capset(header, kept)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small file system in memory; raises Impossible where that is not allowed."""
    place = folder / "small-disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK}", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Impossible("mounting a file system needs root and Linux") from None
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def no_room(services: Services) -> Iterator[None]:
    """Fill the file system of the database to its last byte."""
    filler = Path(services.store.url.database or "").parent / "filler"
    with filler.open("wb", buffering=0) as opened:
        for size in (1 << 16, 1 << 12, 1 << 9, 1):
            try:
                while opened.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


def under_fault_on_small_disk(url: str, folder: Path) -> MachineRun:
    """Use sessions while the file system of the database is full; raises Impossible where none can be mounted."""
    with small_disk(folder) as place:
        moved = shutil.copyfile(url.removeprefix("sqlite:///"), place / "clinic.db")
        return under_fault(f"sqlite:///{moved}", folder, no_room)


def power_loss(
    url: str, folder: Path, *, transactions: int = 3, every: int = SECTOR, forgets: int = 0
) -> MachineRun:
    """Lose power at each sector that the last transactions wrote, with nothing and with garbage after it.

    SQLite's log is cut there, as a disk has it that lost what was not synced yet. Everything acknowledged while the
    log was no longer must be there, and what is there must add up. (That the log was synced before it was acknowledged
    is the pragma `synchronous`, which is checked.) `forgets`: bytes that the disk had said were synced.
    """
    run, clinic = MachineRun(), MachineClinic(url, folder)
    try:
        with clinic.store.reading() as session:
            if session.scalar(text("PRAGMA synchronous")) != 2:
                run.wrong.append("commits are not synced: PRAGMA synchronous is not FULL")
        # The last connection that is closed takes the log along: the next one begins it anew.
        clinic.store.close()
        database = Path(clinic.store.url.database or "")
        log = Path(f"{database}-wal")
        shutil.copyfile(database, folder / "before.db")
        acknowledged_at = [(0, set(run.acknowledged))]
        for number in range(transactions):
            uses(clinic, run, f"use-{number}", times=1)
            acknowledged_at.append((log.stat().st_size, set(run.acknowledged)))
        whole = log.read_bytes()
    finally:
        clinic.close()
    cuts = sorted({*range(_WAL_HEADER, len(whole), every), *(size for size, _ in acknowledged_at)})
    for cut in cuts:
        must = max((of for size, of in acknowledged_at if size <= cut), key=len, default=set())
        for garbage in (b"", os.urandom(len(whole) - cut)):
            left = whole[: max(0, cut - forgets)] + garbage
            run.wrong += _after_the_cut(folder, left, clinic.began, must, run.acknowledged)
    run.said = f"power lost at {len(cuts)} places of {len(whole)} bytes"
    return run


def _after_the_cut(folder: Path, log: bytes, began: set[str], must: set[str], may: set[str]) -> Iterator[str]:
    """Yield what is wrong with the database that has this log."""
    copy = shutil.copyfile(folder / "before.db", folder / "cut.db")
    Path(f"{copy}-wal").write_bytes(log)
    Path(f"{copy}-shm").unlink(missing_ok=True)
    with Store(f"sqlite:///{copy}") as store:
        there = entries(store) - began
        with store.reading() as session:
            if (said := session.scalar(text("PRAGMA quick_check"))) != "ok":
                yield f"log of {len(log)} bytes: {said}"
        yield from (f"log of {len(log)} bytes: {each} was acknowledged and is lost" for each in must - there)
        yield from (f"log of {len(log)} bytes: {each} is there and nobody was told" for each in there - may)
        yield from (f"log of {len(log)} bytes: audit: {each.check}: {each.row}" for each in audit(store))
