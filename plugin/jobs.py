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

from plugin.courses.documents.doing import do_owed
from plugin.courses.documents.owed import DOCUMENT, OWED_KINDS
from plugin.courses.imports.batches import CHECK, IMPORT
from plugin.courses.imports.run import LEASE_S as IMPORT_LEASE_S
from plugin.courses.imports.run import fail_import, run_import
from plugin.courses.papers.batch_run import LEASE_S as BATCH_LEASE_S
from plugin.courses.papers.batch_run import Printer, fail_batch, run_batch
from plugin.courses.papers.batches import BATCH, forget_old_batches
from plugin.courses.papers.ready import make_ready
from plugin.courses.queues import inbox, outbox
from plugin.courses.queues.outbox import PAPERS, Owed
from plugin.courses.retention import forget_old_messages
from plugin.errands import ERRANDS
from plugin.errors import CoursekeeperError, SquareFailed
from plugin.house import House
from plugin.square.connection.asked_sweep import LEASE_S, SWEEP, asked_sweep
from plugin.square.connection.upkeep import keep_connected
from plugin.square.errand import Later
from plugin.square.failing import Chance, fail_errand, set_aside, wait_s
from plugin.square.locations import adopt_location
from plugin.square.observe import handle
from plugin.square.sweep import sweep

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
        house: House,
        at_step: Callable[[str], None] = _no_step,
        *,
        chance: Chance = random.random,
        log: Any = None,
    ) -> None:
        self._house = house
        self._at_step = at_step
        self._chance = chance
        self._log = log if log is not None else work_log()
        self.done: Counter[str] = Counter()

    def inbox_once(self) -> bool:
        """Take up one message that is due; False where none is."""
        claimed = inbox.claim(self._house.store, self._house.clock())
        if claimed is None:
            return False
        self._at_step("claimed")
        try:
            handle(self._house, claimed, self._at_step)
            state, code = "finished", ""
        except Exception as error:
            # One message that can't be worked off never keeps the others waiting.
            code = _code(error)
            state = set_aside(self._house, claimed, error, self._chance)
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
        owed = outbox.take_owed(self._house.store, self._house.clock(), of=(PAPERS,))
        if owed is None:
            return False
        self._at_step("taken")
        try:
            made = make_ready(
                self._house.store,
                self._house.render,
                owed.subject,
                now=self._house.clock(),
                public_url=self._house.settings.public_url,
            )
            self._at_step("made")
            self._close(owed, "done", f"{made} papers made ready.")
        except Exception as error:
            self._put_off(owed, error)
        self.done["papers"] += 1
        return True

    def documents_once(self) -> bool:
        """Issue one invoice, credit note or voucher, or draw the file of one; False where none is owed."""
        owed = outbox.take_owed(self._house.store, self._house.clock(), of=OWED_KINDS)
        if owed is None:
            return False
        self._at_step("taken")
        try:
            outcome = do_owed(self._house.store, self._house.render, owed, now=self._house.clock())
            self._at_step("made")
            self._close(owed, "done", outcome)
        except Exception as error:
            # Never given up: an invoice is owed until it is issued, such as once the clinic has its address.
            self._log.warning("document failed", id=owed.id, attempt=owed.attempts, code=_code(error))
            due_at = self._house.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
            outbox.put_off_owed(self._house.store, owed.id, due_at=due_at, outcome=_sentence(error))
        # Its number is no paper yet; the file is.
        self.done["papers"] += owed.kind == DOCUMENT
        return True

    def errand_once(self) -> bool:
        """Do one thing that is owed to Square or by mail; False where none is due."""
        owed = outbox.take_owed(self._house.store, self._house.clock(), of=tuple(ERRANDS))
        if owed is None:
            return False
        self._at_step("taken")
        try:
            outcome = ERRANDS[owed.kind].run(self._house, owed)
            self._at_step("run")
            state, code = self._settle(owed, outcome), ""
        except Exception as error:
            code = _code(error)
            state = fail_errand(self._house, ERRANDS[owed.kind], owed, error, self._chance)
        self.done["errands"] += 1
        self._log.info("errand", kind=owed.kind, id=owed.id, attempt=owed.attempts, state=state, code=code)
        return True

    def _settle(self, owed: Owed, outcome: str | Later) -> str:
        if isinstance(outcome, str):
            self._close(owed, "done", outcome)
            return "done"
        due_at = self._house.clock() + timedelta(seconds=outcome.seconds)
        outbox.put_off_owed(self._house.store, owed.id, due_at=due_at, outcome=outcome.says, attempts=1)
        return "waiting"

    def asked_sweep_once(self) -> bool:
        """Look through Square where a person has asked for it; False where nobody has."""
        owed = outbox.take_owed(self._house.store, self._house.clock(), of=(SWEEP,), lease_s=LEASE_S)
        if owed is None:
            return False
        self._close(owed, "done", asked_sweep(self._house, owed))
        return True

    def import_once(self) -> bool:
        """Check a file of courses sold before, or write what is in it; False where none is owed."""
        owed = outbox.take_owed(
            self._house.store, self._house.clock(), of=(CHECK, IMPORT), lease_s=IMPORT_LEASE_S
        )
        if owed is None:
            return False
        self._at_step("taken")
        try:
            outcome = run_import(self._house.store, self._house.clock, owed)
            self._at_step("run")
            self._close(owed, "done", outcome)
        except Exception as error:
            self._fail_import(owed, error)
        return True

    def _fail_import(self, owed: Owed, error: Exception) -> None:
        self._log.warning("import failed", id=owed.id, attempt=owed.attempts, code=_code(error))
        if owed.attempts >= MOST_IMPORT_TRIES:
            fail_import(self._house.store, owed)
            self._close(owed, "failed", f"Given up: {_code(error)}.")
            return
        due_at = self._house.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
        outbox.put_off_owed(self._house.store, owed.id, due_at=due_at, outcome=f"Not done: {_code(error)}.")

    def batch_once(self) -> bool:
        """Make the papers that somebody asked for together; False where nobody has."""
        house = self._house
        owed = outbox.take_owed(house.store, house.clock(), of=(BATCH,), lease_s=BATCH_LEASE_S)
        if owed is None:
            return False
        self._at_step("taken")
        try:
            printer = Printer(house.store, house.render, house.settings.public_url)
            outcome = run_batch(printer, house.clock, owed)
            if outcome is not None:
                self._close(owed, "done", outcome)
        except Exception as error:
            self._fail_batch(owed, error)
        return True

    def _fail_batch(self, owed: Owed, error: Exception) -> None:
        self._log.warning("batch failed", id=owed.id, attempt=owed.attempts, code=_code(error))
        if owed.attempts >= MOST_BATCH_TRIES:
            fail_batch(self._house.store, owed, self._house.clock())
            self._close(owed, "failed", f"Given up: {_code(error)}.")
            return
        due_at = self._house.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
        outbox.put_off_owed(self._house.store, owed.id, due_at=due_at, outcome=f"Not done: {_code(error)}.")

    def retention_once(self) -> bool:
        """Forget what Square's old messages said and papers made together; False once no more are old."""
        forget_old_batches(self._house.store, self._house.clock())
        return forget_old_messages(self._house.store, self._house.clock()) > 0

    def upkeep_once(self) -> bool:
        """Keep the connection to Square alive; never more than once in a row."""
        keep_connected(self._house)
        return False

    def sweep_once(self) -> bool:
        """Look through Square for what was missed; False where Square could not be asked."""
        adopt_location(self._house)
        try:
            report = sweep(self._house)
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
            (self.errand_once, POLL_S),
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

    def _close(self, owed: Owed, state: str, outcome: str) -> None:
        outbox.close_owed(self._house.store, owed.id, state=state, outcome=outcome, now=self._house.clock())

    def _put_off(self, owed: Owed, error: Exception) -> None:
        self._log.warning("paper failed", id=owed.id, attempt=owed.attempts, code=_code(error))
        outcome = f"Not made: {_code(error)}."
        if owed.attempts >= MOST_PAPER_TRIES:
            self._close(owed, "failed", outcome)
            return
        due_at = self._house.clock() + timedelta(seconds=wait_s(owed.attempts, self._chance))
        outbox.put_off_owed(self._house.store, owed.id, due_at=due_at, outcome=outcome)


@dataclass(frozen=True, slots=True)
class WorkedOff:
    """What a run brought: messages finished, put off and failed, papers made, errands done, messages that wait."""

    finished: int
    put_off: int
    failed: int
    papers: int
    errands: int
    waiting: int


def work_off(house: House, kind: Literal["inbox", "outbox", "all"] = "all") -> WorkedOff:
    """Work off everything that is due now, then return."""
    worker = Worker(house)
    while kind != "outbox" and worker.inbox_once():
        pass
    while kind != "inbox" and (worker.documents_once() or worker.outbox_once() or worker.errand_once()):
        pass
    done = worker.done
    waiting = inbox.inbox_state(house.store).pending
    return WorkedOff(
        done["finished"], done["put_off"], done["failed"], done["papers"], done["errands"], waiting
    )


def _sentence(error: Exception) -> str:
    return error.message if isinstance(error, CoursekeeperError) else f"Not made: {type(error).__name__}."


def _code(error: Exception) -> str:
    return error.code if isinstance(error, CoursekeeperError) else type(error).__name__
