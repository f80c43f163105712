"""The rows about copies: each run, how sending them went, and the key they are encrypted with."""

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from plugin.backups.passphrase import CopyKey, make_key, make_passphrase
from plugin.core.acts import Act, require
from plugin.courses.base.activity import SET, Did, record_in
from plugin.courses.base.work import transact
from plugin.services import Services
from plugin.store import Store
from plugin.store.upkeep import BackupRun, BackupState

Cause = Literal["schedule", "request"]
RUNS_KEPT_FOR = timedelta(days=7)
_PROBLEM_LENGTH = 400


def begin_run(store: Store, cause: Cause, now: datetime) -> str:
    """Record that a copy is being made; return the run's id. Runs of long ago are deleted."""

    def work(session: Session) -> str:
        session.execute(delete(BackupRun).where(BackupRun.started_at < now - RUNS_KEPT_FOR))
        # One runs at a time: another that seems to run was of a worker that was killed.
        lost = update(BackupRun).where(BackupRun.state == "running")
        session.execute(lost.values(state="failed", ended_at=now, problem="It was interrupted."))
        row = BackupRun(id=store.new_id(), cause=cause, state="running", started_at=now)
        session.add(row)
        return row.id

    return store.transact(work)


def change_run(store: Store, run_id: str, **values: Any) -> BackupRun:
    if "problem" in values:
        values["problem"] = values["problem"][:_PROBLEM_LENGTH]
    with store.writing() as session:
        row = session.get_one(BackupRun, run_id)
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        return row


def last_run(store: Store) -> BackupRun | None:
    """Return the latest run, whatever became of it."""
    query = select(BackupRun).order_by(BackupRun.id.desc()).limit(1)
    with store.reading() as session:
        return session.scalar(query)


def read_state(store: Store) -> BackupState:
    """Return the key in use, and how sending went."""
    with store.reading() as session:
        return session.get(BackupState, 1) or BackupState(id=1, recipient="", key_made_by="", send_problem="")


def copy_key(store: Store) -> CopyKey | None:
    """Return what copies are encrypted with, None while there is no key."""
    state = read_state(store)
    return CopyKey(state.recipient, state.key_file) if state.recipient and state.key_file else None


def change_state(store: Store, **values: Any) -> None:
    """Change columns of the state's row."""
    if "send_problem" in values:
        values["send_problem"] = values["send_problem"][:_PROBLEM_LENGTH]
    store.transact(lambda session: session.merge(BackupState(id=1, **values)))


def renew_passphrase(services: Services, act: Act) -> str:
    """Encrypt copies with a new passphrase from now on, and return it: it can't be read again.

    Copies made before open with the passphrase of their time.
    """
    require(act.actor)
    passphrase = make_passphrase()
    key = make_key(passphrase)
    change_state(
        services.store,
        recipient=key.recipient,
        key_file=key.key_file,
        key_made_at=act.now,
        key_made_by=act.actor.name,
        # Copies without a passphrase were not sent; the next one is.
        send_failed_at=None,
        send_problem="",
    )
    transact(services.store, act, lambda work: record_in(work, Did.BACKUP_PASSPHRASE, after=SET))
    return passphrase
