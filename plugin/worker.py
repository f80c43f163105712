"""The worker: claims what is due in the inbox and the outbox, runs and completes it, and syncs with Square.

A row that was claimed and not completed, whatever ended the worker, is due again when its lease expires.
"""

import math
import random
import sched
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy.orm import Session

from plugin.alarms import machine_checks, registry
from plugin.backups.anchors import seal_and_keep
from plugin.backups.folder import drop_left_work
from plugin.backups.standing import BACKUPS, ask_when_due
from plugin.backups.update_check import check_for_update
from plugin.configuration.stored import reseal_settings, reseal_staff
from plugin.courses.base.inbox import InboxEvent, claim, inbox_state
from plugin.courses.base.outbox import PAPERS, REQUEST_ID, Job, claim_job, claim_job_in, hasten_misdated
from plugin.courses.documents.files import DOCUMENT
from plugin.courses.handouts.batches import delete_old_batches
from plugin.courses.health_facts import WORKER, sign_of_life
from plugin.courses.journal.keep import keep_money
from plugin.courses.lists.bulk import drop_old_previews
from plugin.courses.lists.listing import keep_listing
from plugin.courses.quotes.make import cancel_links_of_ended_quotes
from plugin.courses.reports.totals import keep_totals
from plugin.courses.retention import drop_old_event_bodies, drop_old_rows
from plugin.emails.client_letter import plan_due_letters
from plugin.errors import SquareFailed
from plugin.job_registry import JOBS, kinds_of
from plugin.jobs import EFFECTS, complete, retry_or_give_up
from plugin.log import json_log, where
from plugin.retry_policy import Chance, error_code
from plugin.services import Services
from plugin.square.connection.check import maintain_connection
from plugin.square.connection.status import is_connected
from plugin.square.events import handle
from plugin.square.fees import fetch_fees
from plugin.square.inbox import set_aside
from plugin.square.locations import adopt_location
from plugin.square.sync import sync
from plugin.square.sync.poll import OPEN_EVERY_S, Poller
from plugin.webhooks.deliver import deliver_due, note_what_expires

INBOX = "inbox"
LOOPS = (INBOX, "documents", "papers", EFFECTS, "sync", "imports", "batches", BACKUPS)
# Loops look for due rows once something was committed; where nothing was, so often: for what becomes due by the clock.
LISTEN_EVERY_S = 0.25
DUE_EVERY_S = 2.0
SYNC_EVERY_S = 15 * 60
MAINTAIN_EVERY_S = 60
SIGN_OF_LIFE_EVERY_S = 60
RETENTION_EVERY_S = 60 * 60
ALARMS_EVERY_S = 60
AUDIT_EVERY_S = 10 * 60
SEAL_EVERY_S = 15
SEAL_ALL_EVERY_S = 60 * 60
TOTALS_EVERY_S = 10 * 60
LISTING_EVERY_S = 5
MONEY_EVERY_S = 60
EVENTS_EVERY_S = 1
EXPIRING_EVERY_S = 60 * 60
FEES_EVERY_S = 5 * 60
LETTERS_EVERY_S = 10 * 60
CHECKPOINT_EVERY_S = 60
MOST_RETENTION_BATCHES = 200


def _no_step(_name: str) -> None:
    """Do nothing at a step."""


def _claim_none(_session: Session) -> None:
    """Claim nothing."""


class Worker:
    """Runs the loops of inbox and outbox. `at_step` is called at each step; a test can end the worker there."""

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
        self._log = log if log is not None else json_log(level=lambda: services.settings.log_level)
        self._poller = Poller(services, chance=chance)
        self._seals_all_at = -math.inf
        self._news = _News()
        self._claiming = threading.Lock()
        self.done: Counter[str] = Counter()

    def run_next(self, loop: str) -> bool:
        """Claim and run the next due row of a loop; return False where there is none."""
        row = self._claim(loop)
        if row is None:
            return False
        self._work(row)
        return True

    def _claim(self, loop: str) -> InboxEvent | Job | None:
        store, now = self._services.store, self._services.clock()
        # All loops look at the same moments: one after the other they need one connection.
        with self._claiming:
            return claim(store, now) if loop == INBOX else claim_job(store, now, **_jobs_of(loop))

    def _work(
        self, row: InboxEvent | Job, claim_next: Callable[[Session], Job | None] = _claim_none
    ) -> Job | None:
        """Run a claimed row, and record what became of it; return what was claimed in that transaction."""
        following: Job | None = None

        def claim_following(session: Session) -> None:
            nonlocal following
            following = claim_next(session)

        self._at_step("claimed")
        try:
            state, code = self._run(row, claim_following), ""
        except Exception as error:
            # A row that can't be run must not block the others.
            state, code, following = self._fail(row, error), error_code(error), None
        self._at_step("committed")
        self._report(row, state, code)
        return following

    def _run(self, row: InboxEvent | Job, also: Callable[[Session], None]) -> str:
        if isinstance(row, InboxEvent):
            handle(self._services, row, self._at_step)
            return "finished"
        outcome = JOBS[row.kind].run(self._services, row)
        self._at_step("run")
        return complete(self._services, row, outcome, also=also)

    def _fail(self, row: InboxEvent | Job, error: Exception) -> str:
        if isinstance(row, InboxEvent):
            return set_aside(self._services, row, error, self._chance)
        return retry_or_give_up(self._services, JOBS[row.kind], row, error, chance=self._chance)

    def _report(self, row: InboxEvent | Job, state: str, code: str) -> None:
        if isinstance(row, InboxEvent):
            self.done[state] += 1
            what, kind = "event", row.event_type
        else:
            # Issuing the number is not the paper yet; its file is.
            self.done["papers"] += row.kind in (PAPERS, DOCUMENT)
            self.done["errands"] += JOBS[row.kind].loop == EFFECTS
            what, kind = "job", row.kind
        cause = row.payload.get(REQUEST_ID) if isinstance(row, Job) else None
        caused = {"request_id": cause} if cause else {}
        self._log.info(what, kind=kind, id=row.id, attempt=row.attempts, state=state, code=code, **caused)

    def drop_old(self, stop: threading.Event) -> None:
        """Delete the bodies of old events, old batches of papers, and rows that are no longer needed.

        A large backlog is deleted in parts, so that the desk can write in between, and `stop` ends it.
        """
        store, now = self._services.store, self._services.clock()
        delete_old_batches(store, now)
        drop_old_previews(store, now)
        while not stop.is_set() and drop_old_event_bodies(store, now):
            pass
        settings = self._services.settings
        days = {
            "days": settings.retention_days,
            "log_days": settings.activity_days,
            "answer_days": settings.client_answer_days,
        }
        for _ in range(MOST_RETENTION_BATCHES):
            if stop.is_set() or not drop_old_rows(store, now, **days):
                break

    def show_life(self) -> None:
        """Record that the worker runs."""
        sign_of_life(self._services.store, WORKER, self._services.clock())

    def hasten_misdated(self) -> None:
        """Make due what a clock that was ahead put off."""
        if found := hasten_misdated(self._services.store, self._services.clock()):
            self._log.warning("misdated", hastened=found)

    def sync(self) -> None:
        """Find in Square what no event reported."""
        if not is_connected(self._services):
            # A clinic that is still being set up: nothing has failed.
            return
        adopt_location(self._services)
        try:
            report = sync(self._services)
        except SquareFailed as error:
            self._log.warning("sync failed", code=error.code)
            return
        self._log.info("sync", looked_at=report.looked_at, found=len(report.found))

    def poll(self) -> float:
        """Ask Square for what changed, where no events arrive; return the seconds until the next time."""
        wait_s, found = self._poller.run()
        if found is not None and found.found:
            self._log.info("poll", found=len(found.found))
        return wait_s

    def look_for_alarms(self) -> None:
        """Look at everything the owner must know of, and tell what began, lasts or is over."""
        if told := registry.look(self._services):
            self._log.warning("alarm", told=told)

    def audit(self) -> None:
        """Audit the ledger where that is due: once a night."""
        if result := machine_checks.run_if_due(self._services):
            self._log.info("audit", findings=result.findings)

    def seal(self) -> None:
        """Seal what was written: new entries each time, everything else once an hour."""
        is_quick = time.monotonic() < self._seals_all_at
        seal_and_keep(self._services, is_quick=is_quick)
        if not is_quick:
            self._seals_all_at = time.monotonic() + SEAL_ALL_EVERY_S

    def run_forever(self, stop: threading.Event) -> None:
        """Run until `stop` is set; what is running then is finished first."""
        drop_left_work(self._services.settings, self._services.store)
        # Nobody waits for what the worker writes as the desk waits for a use.
        self._services.store.gives_way = True
        loops = [threading.Thread(target=self._drain_always, args=(loop, stop)) for loop in LOOPS]
        for thread in loops:
            thread.start()
        # By the monotonic clock: setting the computer's clock neither delays nor hastens timers.
        due, timers = sched.scheduler(time.monotonic), self.timers(stop)
        # A thread for each, started when no other is idle: those that wait for Square or a receiver delay no other.
        with ThreadPoolExecutor(len(timers)) as pool:

            def run(do: Callable[[], object], every_s: float) -> None:
                wait_s = self._safely(do)
                due.enter(wait_s if isinstance(wait_s, float) else every_s, 0, begin, (do, every_s))

            def begin(do: Callable[[], object], every_s: float) -> None:
                pool.submit(run, do, every_s)

            for number, timer in enumerate(timers):
                # One after the other: all at once, each would open a connection of its own.
                due.enter(number * LISTEN_EVERY_S, 0, begin, timer)
            while not stop.is_set():
                due.run(blocking=False)
                if self._safely(self._services.store.commits.has_new):
                    self._news.tell()
                stop.wait(LISTEN_EVERY_S)
            self._news.tell()
            pool.shutdown(cancel_futures=True)
        for thread in loops:
            thread.join()

    def _drain_always(self, loop: str, stop: threading.Event) -> None:
        while not stop.is_set():
            seen = self._news.count
            self._safely(partial(self._drain, loop, stop))
            self._news.wait(seen, DUE_EVERY_S)

    def timers(self, stop: threading.Event) -> list[tuple[Callable[[], object], float]]:
        """Return what runs beside the queues, each with the seconds after which it runs again."""
        return [
            (self.show_life, SIGN_OF_LIFE_EVERY_S),
            (self.hasten_misdated, MAINTAIN_EVERY_S),
            (partial(maintain_connection, self._services), MAINTAIN_EVERY_S),
            (partial(ask_when_due, self._services), MAINTAIN_EVERY_S),
            (partial(check_for_update, self._services), RETENTION_EVERY_S),
            (partial(reseal_settings, self._services), MAINTAIN_EVERY_S),
            (partial(reseal_staff, self._services), MAINTAIN_EVERY_S),
            (partial(self.drop_old, stop), RETENTION_EVERY_S),
            (partial(keep_totals, self._services.store, stop.is_set), TOTALS_EVERY_S),
            (
                partial(keep_money, self._services.store, self._services.clock, stop.is_set),
                MONEY_EVERY_S,
            ),
            (partial(fetch_fees, self._services), FEES_EVERY_S),
            (partial(deliver_due, self._services, stop.is_set), EVENTS_EVERY_S),
            (partial(note_what_expires, self._services), EXPIRING_EVERY_S),
            (
                partial(keep_listing, self._services.store, self._services.clock, stop.is_set),
                LISTING_EVERY_S,
            ),
            (self.sync, SYNC_EVERY_S),
            (self.poll, OPEN_EVERY_S),
            (self.look_for_alarms, ALARMS_EVERY_S),
            (self.audit, AUDIT_EVERY_S),
            (self.seal, SEAL_EVERY_S),
            (partial(plan_due_letters, self._services), LETTERS_EVERY_S),
            (self._services.store.checkpoint, CHECKPOINT_EVERY_S),
            (self.end_quotes, EXPIRING_EVERY_S),
        ]

    def end_quotes(self) -> int:
        """Cancel the payment links of quotes that have ended."""
        return cancel_links_of_ended_quotes(self._services.store, self._services.clock())

    def _drain(self, loop: str, stop: threading.Event) -> None:
        def claim_next(session: Session) -> Job | None:
            return None if stop.is_set() else claim_job_in(session, self._services.clock(), **_jobs_of(loop))

        while not stop.is_set() and (row := self._claim(loop)) is not None:
            following = self._work(row, claim_next)
            while following is not None:
                following = self._work(following, claim_next)

    def _safely(self, do: Callable[[], object]) -> object:
        try:
            return do()
        except Exception as error:
            # The database is unavailable: the next round retries. The error itself may quote rows.
            self._log.error("worker failed", error=type(error).__name__, where=where(error))
            return None


@cache
def _jobs_of(loop: str) -> dict[str, Any]:
    """Return what claims a job of a loop: the kinds, and the longest of their leases."""
    kinds = kinds_of(loop)
    return {"of": kinds, "lease_s": max(JOBS[kind].lease_s for kind in kinds)}


class _News:
    """Lets threads wait until something was committed."""

    def __init__(self) -> None:
        self.count = 0
        self._told = threading.Condition()

    def tell(self) -> None:
        """Wake everybody who waits."""
        with self._told:
            self.count += 1
            self._told.notify_all()

    def wait(self, seen: int, most_s: float) -> None:
        """Return once there was more to tell than `seen`, or after so many seconds."""
        with self._told:
            self._told.wait_for(lambda: self.count != seen, most_s)


@dataclass(frozen=True, slots=True)
class WorkedOff:
    """The result of a run: events handled, to retry, failed; papers made; other jobs run; events left."""

    finished: int
    put_off: int
    failed: int
    papers: int
    errands: int
    waiting: int


def work_off(services: Services) -> WorkedOff:
    """Run everything that is due now, then return."""
    worker = Worker(services)
    while worker.run_next(INBOX):
        pass
    while any(worker.run_next(loop) for loop in ("documents", "papers", EFFECTS)):
        pass
    done = worker.done
    waiting = inbox_state(services.store).pending
    return WorkedOff(
        done["finished"], done["retrying"], done["failed"], done["papers"], done["errands"], waiting
    )
