"""The long-running steps: check a file, and write its courses in one transaction.

The worker or a command runs them. A worker that crashes leaves nothing behind: the next one restarts the same
step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work, in_session, in_transaction, transact
from plugin.courses.imports import batches
from plugin.courses.imports.cells import Table
from plugin.courses.imports.check import Checked, Tick, check_rows, match_checked_in, rules_in, wrong_json
from plugin.courses.imports.columns import Columns, Proposal, columns_from_json
from plugin.courses.imports.offers import offers_in
from plugin.courses.imports.reading import read_table
from plugin.courses.imports.writing import write_courses
from plugin.errors import NotYet
from plugin.store import Store
from plugin.store.bulk import ImportBatch
from plugin.wording import N_, _

# Longer than the largest file takes on a slow machine.
IMPORT_LEASE_S = 180
_FAILED = N_(
    "Coursekeeper could not process this file, and nothing was written. Save it again and upload it again."
)
Clock = Callable[[], datetime]


class _Stopped(Exception):
    """The owner canceled the file, or changed its columns, while it was processed."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """One file being processed, with the state and revision it must keep for the result to count."""

    store: Store
    id: str
    state: str
    revision: int
    act: Act
    table: Table
    columns: Columns

    def tick(self, rows: int) -> None:
        def work(session: Session) -> None:
            self.locked_in(session).rows_done = rows

        self.store.transact(work)

    def locked_in(self, session: Session) -> ImportBatch:
        batch = batches.batch_for_change(session, self.id)
        if batch.state != self.state or batch.revision != self.revision:
            raise _Stopped
        return batch


def run_import(store: Store, clock: Clock, job: Job) -> str:
    """Check or import the file of a job; return the outcome."""
    step = _import if job.kind == batches.IMPORT else _check
    try:
        return _("Done.") if step(store, clock, job.subject) else _("Something in it is wrong.")
    except _Stopped:
        return _("Canceled, or to be checked again.")


@in_session
def fail_import(session: Session, job: Job) -> None:
    """Report to the owner that the work failed permanently; nothing of the file was written."""
    batch = batches.batch_for_change(session, job.subject)
    if batch.state in ("checking", "importing"):
        batch.state, batch.problem = "mapping", _FAILED


def check_file(store: Store, act: Act, table: Table, columns: Columns, tick: Tick) -> Checked:
    """Check a file by itself; raises InvalidField where the columns are not sufficient."""
    with store.reading() as session:
        rules = rules_in(session, act)
    return check_rows(table, columns, rules, tick)


def try_file(store: Store, act: Act, table: Table, columns: Columns, tick: Tick) -> Checked:
    """Check a file and match its clients, writing nothing; raises InvalidField as `check_file`."""
    checked = check_file(store, act, table, columns, tick)
    with store.reading() as session:
        return match_checked_in(session, act, checked)


@in_transaction
def import_file(work: Work, name: str, table: Table, proposal: Proposal, checked: Checked) -> Checked:
    """Write the courses of a checked file in one transaction; nothing if any of it is no longer valid.

    Raises Refused where a file with the same content was imported before.
    """
    batches.refuse_known_in(work.session, table.sha256)
    batch = batches.new_batch(work, name, table, proposal)
    batches.begin_import(work, batch, rows_done=batch.rows_total)
    work.add(batch)
    return _write(work, batch, checked)


def _check(store: Store, clock: Clock, batch_id: str) -> bool:
    batch = _started(store, clock, batch_id, "checking")
    tried = try_file(store, batch.act, batch.table, batch.columns, batch.tick)

    def work(session: Session) -> bool:
        _save(batch.locked_in(session), tried)
        return tried.is_clean

    return store.transact(work)


def _import(store: Store, clock: Clock, batch_id: str) -> bool:
    batch = _started(store, clock, batch_id, "importing")
    checked = check_file(store, batch.act, batch.table, batch.columns, batch.tick)

    def do(work: Work) -> bool:
        return _write(work, batch.locked_in(work.session), checked).is_clean

    return transact(store, batch.act, do)


def _write(work: Work, batch: ImportBatch, checked: Checked) -> Checked:
    """Write the courses, or store what is no longer valid: clients may have changed since the check."""
    offers = {offer.id: offer for known in offers_in(work.session).values() for offer in known}
    if any(row.offer and row.offer != offers.get(row.offer.id) for row in checked.rows):
        raise NotYet(_("A package of this file was changed just now. Try again."))
    matched = match_checked_in(work.session, work.act, checked)
    _save(batch, matched)
    if matched.is_clean:
        by = Actor(work.act.actor.name, Role.OWNER, Source.IMPORT, work.act.actor.staff_id)
        write_courses(Work(work.session, work.store, Act(by, work.now, work.act.key)), batch, matched)
        batch.state, batch.ended_at = "imported", work.now
        rows = f"{batch.rows_total} rows"
        record_in(work, Did.IMPORTED, name=batch.name, subject_id=batch.id, after=rows)
        batches.delete_file(batch)
    work.session.flush()
    return matched


def _save(batch: ImportBatch, checked: Checked) -> None:
    batch.state, batch.rows_done = "checked", batch.rows_total
    batch.found = checked.found
    batch.wrong = [wrong_json(each) for each in checked.wrong]


def _started(store: Store, clock: Clock, batch_id: str, state: str) -> _Batch:
    with store.reading() as session:
        row = session.get(ImportBatch, batch_id)
        if row is None or row.state != state or row.file is None:
            raise _Stopped
        columns = columns_from_json(row.mapping)
        by = Actor(row.imported_by or row.by, Role.OWNER, Source.IMPORT, row.imported_staff_id)
        act = Act(by, clock(), f"import:{row.id}")
        table = read_table(row.file, columns.encoding)
        return _Batch(store, row.id, state, row.revision, act, table, columns)
