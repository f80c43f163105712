"""The worker: takes up what waits in the inbox and the outbox, and sweeps.

A row that was taken up and not finished, whatever killed the worker, comes again when its lease ends.
"""

from __future__ import annotations

import logging
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import structlog
from apscheduler.schedulers.background import (  # type: ignore[import-untyped]  # ships no types
    BackgroundScheduler,
)

from plugin.courses.base import inbox, outbox
from plugin.courses.base.outbox import PAPERS, Job
from plugin.courses.documents.enqueue import DOCUMENT, DOCUMENT_JOBS
from plugin.courses.documents.jobs import run_document_job
from plugin.courses.handouts.batch_run import LEASE_S as BATCH_LEASE_S
from plugin.courses.handouts.batch_run import Printer, fail_batch, run_batch
from plugin.courses.handouts.batches import BATCH, delete_old_batches
from plugin.courses.handouts.cache import fill_cache
from plugin.courses.imports.batches import CHECK, IMPORT
from plugin.courses.imports.run import LEASE_S as IMPORT_LEASE_S
from plugin.courses.imports.run import fail_import, run_import
from plugin.courses.retention import drop_old_event_bodies
from plugin.errors import CoursekeeperError, SquareFailed
from plugin.job_registry import JOBS
from plugin.services import Services
from plugin.square.connection.maintenance import maintain_connection
from plugin.square.connection.requested_sync import LEASE_S, SWEEP, requested_sync
from plugin.square.events import handle
from plugin.square.job import RunAgain
from plugin.square.locations import adopt_location
from plugin.square.retry_policy import Chance, fail_job, set_aside, wait_s
from plugin.square.sync import sync

POLL_S = 0.25
SWEEP_EVERY_S = 15 * 60
ASKED_EVERY_S = 1
UPKEEP_EVERY_S = 60
RETENTION_EVERY_S = 60 * 60
MOST_PAPER_TRIES = 8
MOST_IMPORT_TRIES = 4
MOST_BATCH_TRIES = 3


def work_log() -> Any:
    """Return a log of JSON lines on standard error. Nobody's name, phone, mail or note goes into it."""
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )


def _no_step(_name: str) -> None:
    """Let the work go on."""


class Worker:
    """Works off inbox and outbox. `at_step` is told each step, so that a test can end the worker there."""

    def __init__(
        self,
        services: Services,
        at_step: Callable[[str], None] = _no_step,
        *,
        chance: Chance = random.random,
        log: Any = None,
    ) -> None:
        self._services = services
        self._at_step = at_step
        self._chance = chance
        self._log = log if log is not None else work_log()
        self.done: Counter[str] = Counter()

    def inbox_once(self) -> bool:
        """Take up one message that is due; False where none is."""
        claimed = inbox.claim(self._services.store, self._services.clock())
        if claimed is None:
            return False
        self._at_step("claimed")
        try:
            handle(self._services, claimed, self._at_step)
            state, code = "finished", ""
        except Exception as error:
            # One message that can't be worked off never keeps the others waiting.
            code = _code(error)
            state = set_aside(self._services, claimed, error, self._chance)
        self._at_step("committed")
        self.done[state] += 1
        self._log.info(
            "message",
            type=claimed.event_type,
            id=claimed.id,
            attempt=claimed.attempts,
            state=state,
            code=code,
        )
        return True

    def outbox_once(self) -> bool:
        """Make one course's papers ready; False where none is owed."""
        owed = outbox.claim_job(self._services.store, self._services.clock(), of=(PAPERS,))
        if owed is None:
            return False
        self._at_step("taken")
        try:
            made = fill_cache(
                self._services.store,
                self._services.render,
                owed.subject,
                now=self._services.clock(),
                public_url=self._services.settings.public_url,
            )
            self._at_step("made")
            self._close(owed, "done", f"{made} papers made ready.")
        except Exception as error:
            self._put_off(owed, error)
        self.done["papers"] += 1
        return True

    def documents_once(self) -> bool:
        """Issue one invoice, credit note or voucher, or draw the file of one; False where none is owed."""
        owed = outbox.claim_job(self._services.store, self._services.clock(), of=DOCUMENT_JOBS)
        if owed is None:
            return False
        self._at_step("taken")
        try:
            outcome = run_document_job(
                self._services.store, self._services.render, owed, now=self._services.clock()
            )
            self._at_step("made")
            self._close(owed, "done", outcome)
        except Exception as error:
            # Never given up: an invoice is owed until it is issued, such as once the clinic has its address.
            self._log.warning("document failed", id=owed.id, attempt=owed.attempts, code=_code(error))
            due_at = self._services.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
            outbox.retry_job_later(self._services.store, owed.id, due_at=due_at, outcome=_sentence(error))
        # Its number is no paper yet; the file is.
        self.done["papers"] += owed.kind == DOCUMENT
        return True

    def job_once(self) -> bool:
        """Do one thing that is owed to Square or by mail; False where none is due."""
        owed = outbox.claim_job(self._services.store, self._services.clock(), of=tuple(JOBS))
        if owed is None:
            return False
        self._at_step("taken")
        try:
            outcome = JOBS[owed.kind].run(self._services, owed)
            self._at_step("run")
            state, code = self._settle(owed, outcome), ""
        except Exception as error:
            code = _code(error)
            state = fail_job(self._services, JOBS[owed.kind], owed, error, self._chance)
        self.done["errands"] += 1
        self._log.info("errand", kind=owed.kind, id=owed.id, attempt=owed.attempts, state=state, code=code)
        return True

    def _settle(self, owed: Job, outcome: str | RunAgain) -> str:
        if isinstance(outcome, str):
            self._close(owed, "done", outcome)
            return "done"
        due_at = self._services.clock() + timedelta(seconds=outcome.seconds)
        outbox.retry_job_later(self._services.store, owed.id, due_at=due_at, outcome=outcome.says, attempts=1)
        return "waiting"

    def asked_sweep_once(self) -> bool:
        """Look through Square where a person has asked for it; False where nobody has."""
        owed = outbox.claim_job(self._services.store, self._services.clock(), of=(SWEEP,), lease_s=LEASE_S)
        if owed is None:
            return False
        self._close(owed, "done", requested_sync(self._services, owed))
        return True

    def import_once(self) -> bool:
        """Check a file of courses sold before, or write what is in it; False where none is owed."""
        owed = outbox.claim_job(
            self._services.store, self._services.clock(), of=(CHECK, IMPORT), lease_s=IMPORT_LEASE_S
        )
        if owed is None:
            return False
        self._at_step("taken")
        try:
            outcome = run_import(self._services.store, self._services.clock, owed)
            self._at_step("run")
            self._close(owed, "done", outcome)
        except Exception as error:
            self._fail_import(owed, error)
        return True

    def _fail_import(self, owed: Job, error: Exception) -> None:
        self._log.warning("import failed", id=owed.id, attempt=owed.attempts, code=_code(error))
        if owed.attempts >= MOST_IMPORT_TRIES:
            fail_import(self._services.store, owed)
            self._close(owed, "failed", f"Given up: {_code(error)}.")
            return
        due_at = self._services.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
        outbox.retry_job_later(
            self._services.store, owed.id, due_at=due_at, outcome=f"Not done: {_code(error)}."
        )

    def batch_once(self) -> bool:
        """Make the papers that somebody asked for together; False where nobody has."""
        services = self._services
        owed = outbox.claim_job(services.store, services.clock(), of=(BATCH,), lease_s=BATCH_LEASE_S)
        if owed is None:
            return False
        self._at_step("taken")
        try:
            printer = Printer(services.store, services.render, services.settings.public_url)
            outcome = run_batch(printer, services.clock, owed)
            if outcome is not None:
                self._close(owed, "done", outcome)
        except Exception as error:
            self._fail_batch(owed, error)
        return True

    def _fail_batch(self, owed: Job, error: Exception) -> None:
        self._log.warning("batch failed", id=owed.id, attempt=owed.attempts, code=_code(error))
        if owed.attempts >= MOST_BATCH_TRIES:
            fail_batch(self._services.store, owed, self._services.clock())
            self._close(owed, "failed", f"Given up: {_code(error)}.")
            return
        due_at = self._services.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
        outbox.retry_job_later(
            self._services.store, owed.id, due_at=due_at, outcome=f"Not done: {_code(error)}."
        )

    def retention_once(self) -> bool:
        """Forget what Square's old messages said and papers made together; False once no more are old."""
        delete_old_batches(self._services.store, self._services.clock())
        return drop_old_event_bodies(self._services.store, self._services.clock()) > 0

    def upkeep_once(self) -> bool:
        """Keep the connection to Square alive; never more than once in a row."""
        maintain_connection(self._services)
        return False

    def sweep_once(self) -> bool:
        """Look through Square for what was missed; False where Square could not be asked."""
        adopt_location(self._services)
        try:
            report = sync(self._services)
        except SquareFailed as error:
            self._log.warning("sweep failed", code=error.code)
            return False
        self._log.info("sweep", looked_at=report.looked_at, found=len(report.found))
        return True

    def run_forever(self, stop: threading.Event) -> None:
        """Work until `stop` is set; what is under way then is finished first."""
        # A message that takes longer than the poll would be warned of four times a second.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        now = datetime.now(UTC)
        for work, seconds in (
            (self.inbox_once, POLL_S),
            (self.documents_once, POLL_S),
            (self.outbox_once, POLL_S),
            (self.job_once, POLL_S),
            (self.asked_sweep_once, ASKED_EVERY_S),
            (self.import_once, ASKED_EVERY_S),
            (self.batch_once, ASKED_EVERY_S),
            (self.upkeep_once, UPKEEP_EVERY_S),
            (self.retention_once, RETENTION_EVERY_S),
            (self._sweep_and_rest, SWEEP_EVERY_S),
        ):
            scheduler.add_job(self._drain, "interval", (work, stop), seconds=seconds, next_run_time=now)
        scheduler.start()
        try:
            stop.wait()
        finally:
            scheduler.shutdown(wait=True)

    def _drain(self, work: Callable[[], bool], stop: threading.Event) -> None:
        try:
            while not stop.is_set() and work():
                pass
        except Exception as error:
            # The database is away: the next wake-up tries again. The error itself may quote rows.
            self._log.error("worker failed", error=type(error).__name__)

    def _sweep_and_rest(self) -> bool:
        self.sweep_once()
        return False

    def _close(self, owed: Job, state: str, outcome: str) -> None:
        outbox.finish_job(
            self._services.store, owed.id, state=state, outcome=outcome, now=self._services.clock()
        )

    def _put_off(self, owed: Job, error: Exception) -> None:
        self._log.warning("paper failed", id=owed.id, attempt=owed.attempts, code=_code(error))
        outcome = f"Not made: {_code(error)}."
        if owed.attempts >= MOST_PAPER_TRIES:
            self._close(owed, "failed", outcome)
            return
        due_at = self._services.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
        outbox.retry_job_later(self._services.store, owed.id, due_at=due_at, outcome=outcome)


@dataclass(frozen=True, slots=True)
class WorkedOff:
    """What a run brought: messages finished, put off and failed, papers made, errands done, messages that wait."""

    finished: int
    put_off: int
    failed: int
    papers: int
    errands: int
    waiting: int


def work_off(services: Services, kind: Literal["inbox", "outbox", "all"] = "all") -> WorkedOff:
    """Work off everything that is due now, then return."""
    worker = Worker(services)
    while kind != "outbox" and worker.inbox_once():
        pass
    while kind != "inbox" and (worker.documents_once() or worker.outbox_once() or worker.job_once()):
        pass
    done = worker.done
    waiting = inbox.inbox_state(services.store).pending
    return WorkedOff(
        done["finished"], done["put_off"], done["failed"], done["papers"], done["errands"], waiting
    )


def _sentence(error: Exception) -> str:
    return error.message if isinstance(error, CoursekeeperError) else f"Not made: {type(error).__name__}."


def _code(error: Exception) -> str:
    return error.code if isinstance(error, CoursekeeperError) else type(error).__name__
