"""How backups stand now, for the owner's page and the alarms, and the outbox job that makes one."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from plugin.backups import records
from plugin.backups.archive import error_in_words, size_in_words
from plugin.backups.folder import backup_folder, is_due, last_copy_at, names_in, read_note, time_of
from plugin.backups.make import run_backup
from plugin.backups.remote import where_to
from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.core.opening_hours import OpeningHours
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import read_hours
from plugin.courses.base.outbox import Job, count_jobs, enqueue
from plugin.courses.base.work import Work, transact
from plugin.errors import NotFound
from plugin.services import Services
from plugin.store.upkeep import BackupRun, BackupState
from plugin.wording import N_n, _

# How old the last good copy may be: in hours of being open, and at all. One is made each hour and each day.
OLD_WHILE_OPEN, OLD = timedelta(hours=3), timedelta(hours=30)


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """A copy in the backup folder. `checked`: how it was checked, "" where nothing says so beside it."""

    name: str
    made_at: datetime
    size: int
    is_encrypted: bool
    checked: str
    version: str

    @property
    def size_in_words(self) -> str:
        return size_in_words(self.size)


@dataclass(frozen=True, slots=True)
class BackupStanding:
    """The copies, newest first, the run under way or last, the passphrase, and the target elsewhere.

    `remote` is "" where copies are sent nowhere; `problem` is "" where all is well.
    """

    copies: tuple[KeptCopy, ...]
    run: BackupRun | None
    is_asked: bool
    state: BackupState
    folder: Path
    remote: str
    hours: OpeningHours
    problem: str
    send_problem: str

    @property
    def last(self) -> KeptCopy | None:
        return self.copies[0] if self.copies else None

    @property
    def is_running(self) -> bool:
        """Return whether a copy is being made, or about to be."""
        return self.is_asked or (self.run is not None and _is_running(self.run))


def backup_standing(services: Services) -> BackupStanding:
    """Return how backups stand; makes no network call."""
    store, settings = services.store, services.settings
    return BackupStanding(
        copies=list_kept(backup_folder(settings)),
        run=records.last_run(store),
        is_asked=count_jobs(store, of=(BACKUP,)) > 0,
        state=records.read_state(store),
        folder=backup_folder(settings),
        remote=where_to(settings) if settings.backup_remote else "",
        hours=read_hours(store),
        problem=backup_problem(services, services.clock()),
        send_problem=send_problem(services, services.clock()),
    )


def list_kept(folder: Path) -> tuple[KeptCopy, ...]:
    """Return the copies in a folder, newest first, also of another installation, as for restoring one.

    None where it can't be read: `backup_problem` says why.
    """
    try:
        names = names_in(folder)
    except OSError:
        return ()
    return tuple(copy for name in names if (copy := _kept(folder / name)) is not None)


def copy_named(services: Services, name: str) -> Path:
    """Return the file of a copy; raises NotFound for any name but that of a copy in the folder."""
    path = backup_folder(services.settings) / name
    if time_of(name) is None or not path.is_file():
        raise NotFound(_("There is no such backup."))
    return path


def backup_problem(services: Services, now: datetime) -> str:
    """Return what is wrong with the copies on this machine, in a sentence or two; "" where all is well."""
    try:
        return _problem_seen(services, now)
    except OSError as error:
        # The folder can't be read, such as that of a network drive that is gone.
        return error_in_words(error)


def _problem_seen(services: Services, now: datetime) -> str:
    made_at, run = last_copy_at(services.settings), records.last_run(services.store)
    failed = run is not None and run.state == "failed"
    is_old = made_at is not None and _is_old(made_at, now, read_hours(services.store))
    told = [
        _("The last backup failed: {problem}", problem=run.problem) if run is not None and failed else "",
        _("The last good backup is {hours} old.", hours=_hours(now - made_at))
        if made_at is not None and is_old
        else "",
        # The first one is made within a minute of the worker's start.
        _("There is no backup.") if made_at is None and run is not None and not _is_running(run) else "",
    ]
    return " ".join(filter(None, told)) or (_space_problem(services) if made_at else "")


def send_problem(services: Services, now: datetime) -> str:
    """Return why copies do not get where `BACKUP_REMOTE` says, in a sentence or two; "" where they do."""
    settings = services.settings
    if not settings.backup_remote:
        return ""
    state = records.read_state(services.store)
    if state.key_file is None:
        return _(
            "Copies are not sent: they are sent encrypted only. Make a passphrase under Settings, Backups."
        )
    if state.send_failed_at is None:
        return ""
    last = (
        _(" The last one that arrived is {hours} old.", hours=_hours(now - state.sent_at))
        if state.sent_at
        else ""
    )
    return _(
        "Copies can’t be sent to {where_to}.{last} {send_problem}",
        where_to=where_to(settings),
        last=last,
        send_problem=state.send_problem,
    )


def _is_old(last_at: datetime, now: datetime, hours: OpeningHours) -> bool:
    return now - last_at >= OLD or hours.open_time(last_at, now) >= OLD_WHILE_OPEN


def _is_running(run: BackupRun) -> bool:
    return run.state == "running"


def _space_problem(services: Services) -> str:
    folder = backup_folder(services.settings)
    newest = folder / names_in(folder)[0]
    free = shutil.disk_usage(folder).free
    # The copies of a day, and what making one takes.
    needed = 30 * newest.stat().st_size
    if free >= needed:
        return ""
    return _(
        "The disk of the backups is nearly full: {size_in_words} are free. Make room on it.",
        size_in_words=size_in_words(free),
    )


def _hours(span: timedelta) -> str:
    hours = max(0, round(span / timedelta(hours=1)))
    return N_n("{n} hour", "{n} hours", hours)


def _kept(file: Path) -> KeptCopy | None:
    made_at = time_of(file.name)
    try:
        size = file.stat().st_size
    except OSError:
        # It was deleted a moment ago.
        return None
    note = read_note(file)
    if made_at is None:
        return None
    return KeptCopy(
        name=file.name,
        made_at=made_at,
        size=size,
        is_encrypted=".encrypted." in file.name,
        checked=note.checked if note and note.size == size else "",
        version=note.manifest.version if note else "",
    )


BACKUP = "backup"
BACKUPS = "backups"
# Longer than a copy of a very large database takes.
BACKUP_LEASE_S = 3600
RETRY_AFTER = timedelta(minutes=10)
_SCHEDULE = Actor("Schedule", Role.OWNER, Source.COMMAND)


def ask_for_backup(services: Services, act: Act, cause: records.Cause = "request") -> None:
    """Have the worker make a copy now; once, however often it is asked for."""
    require(act.actor)

    def do(work: Work) -> None:
        enqueue(work, BACKUP, cause)
        # Those of the schedule are listed beside the copies.
        if cause == "request":
            record_in(work, Did.BACKUP_MADE)

    transact(services.store, act, do)


def ask_when_due(services: Services) -> None:
    """Have a copy made if the schedule says so; ten minutes after one that failed at the earliest."""
    now = services.clock()
    last_at = last_copy_at(services.settings)
    if not is_due(now, last_at, read_hours(services.store)) or count_jobs(services.store, of=(BACKUP,)):
        return
    run = records.last_run(services.store)
    if run is None or not timedelta() <= now - run.started_at < RETRY_AFTER:
        ask_for_backup(services, Act(_SCHEDULE, now, "backup-schedule"), "schedule")


def run_backup_job(services: Services, job: Job) -> str:
    """Make the copy that was asked for."""
    run = run_backup(services, "schedule" if job.subject == "schedule" else "request")
    return f"Failed: {run.problem}" if run.state == "failed" else f"{run.file_name} is made and checked."
