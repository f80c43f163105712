"""The rows about copies: each run, the key they are encrypted with, how sending them went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from plugin.backups.passphrase import CopyKey
from plugin.courses.base.views import from_row
from plugin.store import Store
from plugin.store.upkeep import BackupRun, BackupState

Cause = Literal["schedule", "request"]
RUNS_KEPT_FOR = timedelta(days=7)
_PROBLEM_LENGTH = 400


@dataclass(frozen=True, slots=True)
class RunView:
    """One run. `state`: running, good or failed; `step`: what it is doing, in words."""

    id: str
    cause: str
    state: str
    step: str
    started_at: datetime
    ended_at: datetime | None
    file_name: str
    problem: str


@dataclass(frozen=True, slots=True)
class StateView:
    """The key in use, "" while there is none, and how sending copies elsewhere went last."""

    recipient: str
    key_file: bytes | None
    key_made_at: datetime | None
    key_made_by: str
    sent_at: datetime | None
    send_failed_at: datetime | None
    send_problem: str

    @property
    def key(self) -> CopyKey | None:
        """Return what copies are encrypted with."""
        return CopyKey(self.recipient, self.key_file) if self.recipient and self.key_file else None


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


def change_run(store: Store, run_id: str, **values: Any) -> RunView:
    """Change columns of a run, and return it."""
    if "problem" in values:
        values["problem"] = values["problem"][:_PROBLEM_LENGTH]
    with store.writing() as session:
        row = session.get_one(BackupRun, run_id)
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        return from_row(RunView, row)


def last_run(store: Store) -> RunView | None:
    """Return the latest run, whatever became of it."""
    query = select(BackupRun).order_by(BackupRun.id.desc()).limit(1)
    with store.reading() as session:
        row = session.scalar(query)
        return from_row(RunView, row) if row else None


def read_state(store: Store) -> StateView:
    """Return the key in use, and how sending went."""
    with store.reading() as session:
        row = session.get(BackupState, 1)
        return from_row(StateView, row) if row else _NOTHING_YET


def change_state(store: Store, **values: Any) -> None:
    """Change columns of the state's row."""
    if "send_problem" in values:
        values["send_problem"] = values["send_problem"][:_PROBLEM_LENGTH]
    store.transact(lambda session: session.merge(BackupState(id=1, **values)))


_NOTHING_YET = StateView("", None, None, "", None, None, "")
