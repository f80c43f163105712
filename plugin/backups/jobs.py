"""The outbox job that makes a copy: when the schedule asks for one, and when the owner does."""

from datetime import timedelta

from plugin.backups import records
from plugin.backups.folder import is_due, last_copy_at
from plugin.backups.make import run_backup
from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.opening_hours import read_hours
from plugin.courses.base.outbox import Job, count_jobs, enqueue
from plugin.courses.base.work import Work, transact
from plugin.services import Services

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
