"""Render the papers of a batch, in the worker or a command.

A worker that crashes leaves a lease that expires; the next one starts over, with the papers rendered so far
cached.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import BinaryIO

from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import in_session
from plugin.courses.documents.files import document_bytes
from plugin.courses.handouts.batches import batch_for_change
from plugin.courses.handouts.bundle import bundle, paper_file_name
from plugin.courses.handouts.cache import Render, hand_out
from plugin.courses.handouts.selection import INVOICE, LeftOut, Selection
from plugin.errors import NotFound, PaperNotMade, Refused
from plugin.store import Store
from plugin.store.tables import Outbox, PaperBatch

# Longer than a few papers take that each run into their timeout.
BATCH_LEASE_S = 180
PAPERS_TO_A_TICK = 4
Clock = Callable[[], datetime]
Tick = Callable[[int], None]


class _Stopped(Exception):
    """The batch was stopped."""


class _Claimed(Exception):
    """The lease of this worker expired and another one has claimed the batch."""


@dataclass(frozen=True, slots=True)
class Printer:
    """What is needed to render papers. `public_url`: the base address of clients' private pages."""

    store: Store
    render: Render
    public_url: str = ""

    def make(self, act: Act, wanted: Selection) -> bytes:
        """Return one paper and record that it was handed out; raises what `hand_out` does."""
        if wanted.kind == INVOICE:
            return document_bytes(self.store, self.render, wanted.subject, now=act.now)
        return hand_out(
            self.store,
            self.render,
            act,
            wanted.subject,
            wanted.kind,
            visit_id=wanted.visit_id,
            public_url=self.public_url,
        ).pdf


def run_batch(printer: Printer, clock: Clock, job: Job) -> str | None:
    """Render the papers of a batch; return the outcome, None if another worker will report it."""
    try:
        run = _begun(printer.store, clock, job)
        with TemporaryFile() as out:
            left_out = make_papers(printer, run.act, run.form, run.papers, out, run.tick)
            out.seek(0)
            run.end(out.read() if len(left_out) < len(run.papers) else None, left_out)
    except _Stopped:
        return "Stopped."
    except _Claimed:
        return None
    return f"{len(run.papers) - len(left_out)} papers made."


def make_papers(
    printer: Printer, act: Act, form: str, papers: list[Selection], out: BinaryIO, tick: Tick
) -> list[LeftOut]:
    """Write the papers into one file; return those that could not be made.

    `tick` is called with the number done.
    """
    clinic = read_clinic(printer.store)
    day = local_date(clinic, act.now)
    here = act.now.astimezone(clinic.zone)
    left_out: list[LeftOut] = []
    with bundle(form, out, packed_at=here, language=clinic.language) as packed:
        for number, wanted in enumerate(papers, 1):
            try:
                pdf = _tried_twice(printer, act, wanted)
                packed.add(paper_file_name(wanted.client_name, wanted.called, day), pdf)
            except (Refused, NotFound, PaperNotMade) as error:
                left_out.append(LeftOut(wanted.client_name, wanted.kind, error.message))
            if number % PAPERS_TO_A_TICK == 0 or number == len(papers):
                tick(number)
    return left_out


@in_session
def fail_batch(session: Session, job: Job, now: datetime) -> None:
    """Report to the waiting user that the work failed permanently."""
    batch = batch_for_change(session, job.subject)
    if batch.state in ("waiting", "making"):
        batch.state, batch.ended_at = "failed", now


def _tried_twice(printer: Printer, act: Act, wanted: Selection) -> bytes:
    # A renderer that crashed is restarted for the next paper, so one failure costs no other client theirs.
    try:
        return printer.make(act, wanted)
    except PaperNotMade:
        return printer.make(act, wanted)


@dataclass(frozen=True, slots=True)
class _Run:
    """A batch in progress, locked until it is stopped or another worker claims it."""

    store: Store
    clock: Clock
    job: Job
    form: str
    act: Act
    papers: list[Selection]
    without: list[dict[str, str]]

    def tick(self, done: int) -> None:
        """Store the progress, and extend the lease."""

        def work(session: Session) -> None:
            batch = self.locked_in(session)
            batch.done = done
            row = session.get_one(Outbox, self.job.id)
            row.due_at = self.clock() + timedelta(seconds=BATCH_LEASE_S)

        self.store.transact(work)

    def end(self, content: bytes | None, left_out: list[LeftOut]) -> None:
        """Store the file; none if no paper was made."""

        def work(session: Session) -> None:
            batch = self.locked_in(session)
            batch.state, batch.ended_at = "ready", self.clock()
            batch.file = content
            batch.left_out = [*self.without, *(asdict(each) for each in left_out)]

        self.store.transact(work)

    def locked_in(self, session: Session) -> PaperBatch:
        """Return the batch; raises _Stopped or _Claimed if it is no longer this worker's."""
        batch = batch_for_change(session, self.job.subject)
        if batch.state != "making":
            raise _Stopped
        if session.get_one(Outbox, self.job.id).attempts != self.job.attempts:
            raise _Claimed
        return batch


def _begun(store: Store, clock: Clock, job: Job) -> _Run:
    def work(session: Session) -> _Run:
        batch = batch_for_change(session, job.subject)
        if batch.state not in ("waiting", "making"):
            raise _Stopped
        batch.state, batch.done = "making", 0
        by = Actor(batch.by, Role.DESK, Source.DESK, batch.staff_id)
        return _Run(
            store=store,
            clock=clock,
            job=job,
            form=batch.form,
            act=Act(by, clock(), f"batch:{batch.id}"),
            papers=[Selection(**each) for each in batch.wish["papers"]],
            without=list(batch.wish["left_out"]),
        )

    return store.transact(work)
