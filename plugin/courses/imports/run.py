"""The long parts, done by the worker or a command: checking a file, and writing its courses in one transaction.

A worker that dies leaves nothing behind: the next one starts the same step over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work, transact
from plugin.courses.imports.batches import (
    IMPORT,
    batch_for_change,
    delete_file,
    new_batch,
    refuse_known_in,
)
from plugin.courses.imports.cells import Wrong
from plugin.courses.imports.check import Checked, Tick, check_rows, found_json, rules_in, wrong_json
from plugin.courses.imports.columns import Columns, columns_from_json
from plugin.courses.imports.mapping import Proposal
from plugin.courses.imports.matching import Matched, here_already_in, match_in
from plugin.courses.imports.offers import offers_in, treatments_in
from plugin.courses.imports.reading import read_table
from plugin.courses.imports.table import Table
from plugin.courses.imports.writing import Origin, write_courses_in
from plugin.errors import NotYet
from plugin.store import Store
from plugin.store.imports import ImportBatch

# Longer than the largest file takes on a slow machine.
LEASE_S = 180
_BROKE_OFF = (
    "Coursekeeper could not work on this file, and nothing was written. Save it anew and send it again."
)
Clock = Callable[[], datetime]


class _Stopped(Exception):
    """The owner gave the file up, or said something else of its columns, while it was worked on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file: its courses and whose they are, all that is wrong, and the report of it for people."""

    checked: Checked
    matched: Matched
    wrong: tuple[Wrong, ...]
    found: dict[str, Any]

    @property
    def is_clean(self) -> bool:
        """Say whether nothing stands in the way of importing it."""
        return not self.wrong and not self.checked.asks_day and bool(self.checked.rows)


def run_import(store: Store, clock: Clock, owed: Job) -> str:
    """Do what is owed for a file; return what became of it."""
    try:
        done = (
            _import(store, clock, owed.subject) if owed.kind == IMPORT else _check(store, clock, owed.subject)
        )
    except _Stopped:
        return "Given up, or to be checked anew."
    return "Done." if done else "Something in it is wrong."


def fail_import(store: Store, owed: Job) -> None:
    """Tell the owner that the work broke off for good; nothing of the file was written."""

    def work(session: Session) -> None:
        batch = batch_for_change(session, owed.subject)
        if batch.state in ("checking", "importing"):
            batch.state = "mapping"
            batch.problem = _BROKE_OFF

    store.transact(work)


def try_file(store: Store, act: Act, table: Table, columns: Columns, tick: Tick) -> Outcome:
    """Check a file and write nothing; raises InvalidField where the columns don't tell enough."""
    with store.reading() as session:
        rules = rules_in(session, act)
    checked = check_rows(table, columns, rules, tick)
    with store.reading() as session:
        return _outcome_in(session, act, checked)


def import_file(
    store: Store, act: Act, name: str, table: Table, proposal: Proposal, checked: Checked
) -> Outcome:
    """Write the courses of a file that was checked, in one transaction; nothing where anything in it is wrong by now.

    Raises Refused where a file that says the same was imported before.
    """

    def do(work: Work) -> Outcome:
        refuse_known_in(work.session, table.sha256)
        batch = new_batch(work.store, work.act, name, table, proposal)
        batch.state, batch.rows_done = "importing", batch.rows_total
        batch.imported_by, batch.imported_staff_id = work.act.actor.name, work.act.actor.staff_id
        work.session.add(batch)
        work.session.flush()
        return _write_in(work, batch, checked)

    return transact(store, act, do)


def _check(store: Store, clock: Clock, batch_id: str) -> bool:
    job = _job(store, clock, batch_id, "checking")
    outcome = try_file(store, job.act, job.table, job.columns, job.tick)

    def work(session: Session) -> bool:
        _keep_in(job.held_in(session), outcome)
        return outcome.is_clean

    return store.transact(work)


def _import(store: Store, clock: Clock, batch_id: str) -> bool:
    job = _job(store, clock, batch_id, "importing")
    with store.reading() as session:
        rules = rules_in(session, job.act)
    checked = check_rows(job.table, job.columns, rules, job.tick)

    def work(session: Session) -> bool:
        return _write_in(Work(session, store, job.act), job.held_in(session), checked).is_clean

    return store.transact(work)


def _write_in(work: Work, batch: ImportBatch, checked: Checked) -> Outcome:
    """Write the courses, or keep what is wrong by now: clients may have changed since the check."""
    offers = {offer.id: offer for known in offers_in(work.session).values() for offer in known}
    if any(row.offer and row.offer != offers.get(row.offer.id) for row in checked.rows):
        raise NotYet("A package of this file was changed just now. Try again.")
    outcome = _outcome_in(work.session, work.act, checked)
    _keep_in(batch, outcome)
    if outcome.is_clean:
        by = Actor(work.act.actor.name, Role.OWNER, Source.IMPORT, work.act.actor.staff_id)
        origin = Origin(batch.id, batch.name)
        rows = outcome.checked.rows
        write_courses_in(
            Work(work.session, work.store, Act(by, work.now, work.act.key)), origin, rows, outcome.matched
        )
        batch.state, batch.ended_at = "imported", work.now
        delete_file(batch)
    work.session.flush()
    return outcome


def _outcome_in(session: Session, act: Act, checked: Checked) -> Outcome:
    here = here_already_in(session, checked.rows)
    new = tuple(row for row in checked.rows if row.record is None or row.record.course_id not in here)
    checked = replace(checked, rows=new, here=checked.here + len(checked.rows) - len(new))
    matched = match_in(session, checked.rows)
    wrong = tuple(sorted((*checked.wrong, *matched.wrong), key=lambda each: each.line))
    today = local_date(clinic_in(session), act.now)
    found = found_json(checked, matched, wrong, set(treatments_in(session)), today)
    return Outcome(checked, matched, wrong, found)


def _keep_in(batch: ImportBatch, outcome: Outcome) -> None:
    batch.state, batch.rows_done = "checked", batch.rows_total
    batch.found = outcome.found
    batch.wrong = [wrong_json(each) for each in outcome.wrong]


@dataclass(frozen=True, slots=True)
class _Job:
    """One file that is being worked on, and the state and revision it must stay in for the work to count."""

    store: Store
    batch_id: str
    state: str
    revision: int
    act: Act
    table: Table
    columns: Columns

    def tick(self, rows: int) -> None:
        def work(session: Session) -> None:
            self.held_in(session).rows_done = rows

        self.store.transact(work)

    def held_in(self, session: Session) -> ImportBatch:
        batch = batch_for_change(session, self.batch_id)
        if batch.state != self.state or batch.revision != self.revision:
            raise _Stopped
        return batch


def _job(store: Store, clock: Clock, batch_id: str, state: str) -> _Job:
    with store.reading() as session:
        batch = session.get(ImportBatch, batch_id)
        if batch is None or batch.state != state or batch.file is None:
            raise _Stopped
        columns = columns_from_json(batch.mapping)
        who = Actor(batch.imported_by or batch.by, Role.OWNER, Source.IMPORT, batch.imported_staff_id)
        act = Act(who, clock(), f"import:{batch.id}")
        return _Job(
            store=store,
            batch_id=batch.id,
            state=state,
            revision=batch.revision,
            act=act,
            table=read_table(batch.file, columns.encoding),
            columns=columns,
        )
