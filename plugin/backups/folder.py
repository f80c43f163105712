"""The backup folder: names of copies, what is beside them, when one is due, which go, and where one is made."""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from plugin.backups.archive import Manifest
from plugin.core.moments import day_at
from plugin.core.opening_hours import OpeningHours
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.backup import drop_left_scratches

HOURLY, DAILY, MONTHLY = 24, 14, 12
WHILE_OPEN, ALWAYS = timedelta(hours=1), timedelta(hours=24)
# A copy made later than now by more than this: the computer's clock was set back since.
CLOCK_MAY_DIFFER = timedelta(minutes=5)


def is_due(now: datetime, last_at: datetime | None, hours: OpeningHours) -> bool:
    """Return whether a copy is due, the last good one being of `last_at`.

    One an hour while open, one after closing, one a day while closed for longer; one at once where there is none
    or the clock was set back.
    """
    if last_at is None or last_at > now + CLOCK_MAY_DIFFER or now - last_at >= ALWAYS:
        return True
    if hours.is_open(now):
        return now - last_at >= WHILE_OPEN
    return hours.open_time(last_at, now) > timedelta()


def kept(times: Iterable[datetime], zone: ZoneInfo) -> set[datetime]:
    """Return which copies are kept: the last of each of the latest 24 hours, 14 days and 12 months that have one.

    Hours are UTC's, days and months the clinic's: an hour that its clock shows twice has two copies.
    """
    newest_first = sorted(times, reverse=True)
    rules: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (HOURLY, lambda at: at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)),
        (DAILY, lambda at: day_at(at, zone)),
        (MONTHLY, lambda at: day_at(at, zone).replace(day=1)),
    )
    return {at for most, period_of in rules for at in _newest_of_each(newest_first, most, period_of)}


def _newest_of_each(
    newest_first: list[datetime], most: int, period_of: Callable[[datetime], object]
) -> list[datetime]:
    newest: dict[object, datetime] = {}
    for at in newest_first:
        newest.setdefault(period_of(at), at)
    return list(newest.values())[:most]


_NAME = re.compile(r"coursekeeper-([0-9]{8}T[0-9]{6}Z)(\.encrypted)?\.tar\Z")
_TIME = "%Y%m%dT%H%M%SZ"
# What programs that send copies elsewhere are told to take.
ENCRYPTED_NAMES = "coursekeeper-*.encrypted.tar"
_LARGEST_NOTE = 64 * 1024


class Note(BaseModel):
    """What is said beside a copy, in a JSON file of its name: what it holds, and how it was checked."""

    manifest: Manifest
    sha256: str
    size: int
    checked_at: datetime
    checked: str


def backup_folder(settings: Settings) -> Path:
    """Return the folder of the copies: `BACKUP_DIR`, or `backups` in the data folder."""
    given = settings.backup_dir
    return Path(given).expanduser() if given else settings.data_folder / "backups"


def make_private(folder: Path) -> Path:
    """Make the folder where it is missing, for its user alone; return it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def name_of(at: datetime, *, is_encrypted: bool) -> str:
    """Return the file name of a copy begun at this time."""
    ending = ".encrypted.tar" if is_encrypted else ".tar"
    return f"coursekeeper-{at.astimezone(UTC).strftime(_TIME)}{ending}"


def time_of(name: str) -> datetime | None:
    """Return the time in a copy's name, None for another name."""
    found = _NAME.match(name)
    try:
        return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def names_to_drop(names: list[str], zone: ZoneInfo) -> list[str]:
    """Return which of these copies are no longer kept; other names are never among them."""
    times = {name: at for name in names if (at := time_of(name)) is not None}
    stay = kept(times.values(), zone)
    return sorted(name for name, at in times.items() if at not in stay)


def names_in(folder: Path) -> list[str]:
    """Return the names of the copies in a folder, newest first; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted((each.name for each in folder.iterdir() if time_of(each.name) is not None), reverse=True)


def last_copy_at(settings: Settings) -> datetime | None:
    """Return when the last good copy was begun; None where there is none."""
    names = names_in(backup_folder(settings))
    return time_of(names[0]) if names else None


def note_beside(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.json")


def read_note(copy: Path) -> Note | None:
    """Return what is said beside a copy; None where nothing is that can be read."""
    try:
        with note_beside(copy).open("rb") as file:
            return Note.model_validate_json(file.read(_LARGEST_NOTE))
    except (OSError, ValidationError):
        return None


_WORK_NAME = "backup-work"


@contextmanager
def work_folder(settings: Settings) -> Iterator[Path]:
    """Open a folder of one's own in the data folder, where the database lies in plain already; it is gone after."""
    place = Path(mkdtemp(dir=make_private(settings.data_folder / _WORK_NAME)))
    # Held as long as it is in use; the system releases it however the process ends.
    lock = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def drop_left_work(settings: Settings, store: Store) -> None:
    """Delete what a killed process has left, for the start of the worker.

    What another process works in stays: a command makes a copy, the set-up restores one, a second worker runs.
    """
    drop_left_scratches(store)
    folders = [each for each in (settings.data_folder / _WORK_NAME).glob("*") if each.is_dir()]
    dropped = [_drop_unless_in_use(each) for each in folders]
    if not all(dropped):
        # An unfinished copy may be the one that is being made.
        return
    for left in backup_folder(settings).glob(".coursekeeper-*.part"):
        left.unlink(missing_ok=True)


def _drop_unless_in_use(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        # Its process has just finished.
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
