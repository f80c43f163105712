"""Render the papers of a batch, in the worker or a command.

A worker that crashes leaves a lease that expires; the next one starts over, with the papers rendered so far
cached.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.moments import day_at
from plugin.core.text import clean, folded
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import in_session
from plugin.courses.clients.clients import IS_SOMEBODY, find_clients, read_client
from plugin.courses.documents.files import document_bytes
from plugin.courses.handouts.batches import (
    batch_for_change,
    bundle,
    check_choice,
    paper_file_name,
    papers_for_in,
)
from plugin.courses.handouts.cache import Render, hand_out
from plugin.courses.handouts.selection import CALLED, INVOICE, Choice, LeftOut, Selection
from plugin.errors import InvalidField, NotFound, PaperNotMade, Refused
from plugin.store import Store
from plugin.store.tables import Client, Course, Outbox, PaperBatch

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
    """Write the papers into one file; return those that could not be made. `tick` is called with the number done."""
    clinic = read_clinic(printer.store)
    day = day_at(act.now, clinic.zone)
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


ALL = "all"
_MANY = 20


@dataclass(frozen=True, slots=True)
class Made:
    """The result of a batch."""

    papers: int
    left_out: tuple[LeftOut, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"papers": self.papers, "left_out": [asdict(each) for each in self.left_out]}

    @property
    def sentences(self) -> list[str]:
        """Return what could not be made, one sentence each."""
        return [
            f"{each.client_name}, {CALLED.get(each.kind, 'papers')}: {each.why}" for each in self.left_out
        ]


def write_batch(
    printer: Printer,
    act: Act,
    choice: Choice,
    form: str,
    out: Path,
    *,
    say: Callable[[str], None],
) -> Made:
    """Write the papers to a file, whole or not at all. `say` is called with the progress. Raises InvalidField."""
    check_choice(act.actor, choice, form)
    with printer.store.reading() as session:
        wanted, without = papers_for_in(session, choice, act.now)

    def tick(done: int) -> None:
        say(f"{done} of {len(wanted)} papers.")

    unfinished = out.with_name(f".{out.name}.part")
    try:
        with unfinished.open("wb") as written:
            failed = make_papers(printer, act, form, wanted, written, tick)
        if len(failed) < len(wanted):
            unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return Made(len(wanted) - len(failed), (*without, *failed))


def clients_named(store: Store, act: Act, named: str) -> tuple[str, ...]:
    """Return the clients: everyone who has a course, or those of a file that names one per line.

    A line is an id, a name, an e-mail address or a phone number. Raises InvalidField, naming the lines that
    match no client or more than one.
    """
    if named == ALL:
        has_course = Client.id.in_(select(Course.client_id))
        with store.reading() as session:
            return tuple(session.scalars(select(Client.id).where(*IS_SOMEBODY, has_course)))
    today = day_at(act.now, read_clinic(store).zone)
    found, wrong = [], []
    for number, line in _lines(named):
        client_id, why = _fitting(store, line, today)
        found.append(client_id)
        wrong += [f"Line {number}: {why}"] if why else []
    if wrong:
        raise InvalidField("\n".join(wrong), field="clients")
    return tuple(found)


def _lines(file: str) -> list[tuple[int, str]]:
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InvalidField(f"{file} can’t be read. Name a text file, or all.", field="clients") from None
    lines = ((number, clean(line)) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if line]


def _fitting(store: Store, line: str, today: date) -> tuple[str, str]:
    with suppress(NotFound):
        return read_client(store, line).id, ""
    found = [each.client for each in find_clients(store, line, today=today, limit=_MANY).rows]
    exactly = [each for each in found if folded(line) in (folded(each.name), folded(each.email or ""))]
    fitting: Sequence[Any] = exactly or found
    if len(fitting) == 1:
        return fitting[0].id, ""
    if not fitting:
        return "", f"no client matches “{line}”."
    return "", f"more than one client fits “{line}”. Write the e-mail address or the id."
