"""The steps of an import: upload a file, confirm its columns, check it, then import or cancel.

The worker runs the long steps (`run`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.moments import day_at
from plugin.core.text import clean
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.words import day_text
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.courses.imports.cells import Table
from plugin.courses.imports.columns import (
    Columns,
    Known,
    Proposal,
    chosen,
    columns_from_json,
    propose,
    undecided,
)
from plugin.courses.imports.offers import offers_in, treatments_in
from plugin.courses.imports.reading import checked_encoding, read_table
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.bulk import ImportBatch
from plugin.wording import N_, _

CHECK = "import_check"
IMPORT = "import"
NO_IMPORT = N_("There is no such import.")
_OPEN = ("mapping", "checking", "checked")
# An abandoned file is full of clients' data.
_ABANDONED_AFTER = timedelta(days=7)
_NAME_LENGTH = 120
_REFUSALS = {
    "mapping": N_("Say first what the columns hold."),
    "checking": N_("The file is still being checked."),
    "imported": N_("This file was imported."),
    "canceled": N_("This import was canceled. Upload the file again."),
    "undone": N_("This import was undone. Send the file again."),
}


@dataclass(frozen=True, slots=True)
class Received:
    """Where a file was stored. `is_known`: it, or one with the same content, was received before."""

    batch_id: str
    state: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the owner states about a file: the field of each column, and what the file does not contain.

    `encoding` "" leaves it as it was detected.
    """

    names: Mapping[int, str]
    is_day_first: bool | None = None
    sold_on: date | None = None
    encoding: str = ""


def receive_file(store: Store, act: Act, name: str, data: bytes) -> Received:
    """Store a file and enqueue its check.

    Raises InvalidField for anything but a table. The same file is stored once.
    """
    require(act.actor)
    # Before the transaction: a large file takes seconds to read, and the desk would wait for its end.
    return _receive(store, act, name, data, read_table(data))


@in_transaction
def _receive(work: Work, name: str, data: bytes, table: Table) -> Received:
    work.session.execute(
        update(ImportBatch)
        .where(ImportBatch.state.in_(_OPEN), ImportBatch.created_at < work.now - _ABANDONED_AFTER)
        .values(
            state="canceled", ended_at=work.now, file=None, wrong=None, found=None, shape={"headings": []}
        )
    )
    first = same_in(work.session, table.sha256)
    if first is not None:
        return Received(first.id, first.state, is_known=True)
    batch = new_batch(work, name, table, propose(table, known_in(work.session)))
    batch.file = data
    work.add(batch)
    _request_check(work, batch)
    return Received(batch.id, batch.state, is_known=False)


@allowed()
def set_columns(work: Work, batch_id: str, said: Chosen) -> None:
    """Store what the owner states about a file and enqueue another check; raises InvalidField or Refused."""
    of, encoding = chosen(said.names), checked_encoding(said.encoding)
    batch = batch_for_change(work.session, batch_id)
    _require_state(batch, _OPEN)
    check_sold_on(said.sold_on, local_date_in(work.session, work.now))
    had = columns_from_json(batch.mapping)
    columns = Columns(of, said.is_day_first, said.sold_on, encoding or had.encoding)
    if columns.encoding != had.encoding and batch.file is not None:
        # Replace the file's headings, examples and content by the result of the new encoding.
        table = read_table(batch.file or b"", columns.encoding)
        proposal = propose(table, known_in(work.session))
        batch.shape = {**_shape(table, proposal), "readings": batch.shape.get("readings", [])}
        batch.sha256 = table.sha256
        batch.rows_total = len(table.rows)
        columns = replace(columns, of=columns.of or proposal.columns.of)
    batch.mapping = columns.to_json()
    batch.revision += 1
    batch.found = batch.wrong = None
    _request_check(work, batch)


@allowed()
def start_import(work: Work, batch_id: str) -> None:
    """Enqueue the writing of the courses; raises Refused unless the file was checked without an error.

    Idempotent: a double click, or two people at once, start it once.
    """
    batch = batch_for_change(work.session, batch_id)
    if batch.state in ("importing", "imported"):
        return
    _require_state(batch, ("checked",))
    found = batch.found or {}
    if found.get("wrong_lines") or found.get("asks_day") or not found.get("courses"):
        said = _("This file can’t be imported as it is. See what is wrong with it.")
        raise Refused(said, code="not_ready")
    if question := _open_question(batch):
        raise Refused(question, code="not_ready")
    refuse_known_in(work.session, batch.sha256)
    begin_import(work, batch, rows_done=0)
    batch.problem = ""
    work.session.flush()
    enqueue(work, IMPORT, batch.id)


@allowed()
def cancel_import(work: Work, batch_id: str) -> None:
    """Cancel an import: nothing of the file is written. Raises Refused where it is too late."""
    batch = batch_for_change(work.session, batch_id)
    if batch.state == "canceled":
        return
    if batch.state == "imported":
        raise Refused(_("It is imported already. You can undo the import."), code="imported")
    _require_state(batch, (*_OPEN, "importing"))
    batch.state, batch.ended_at = "canceled", work.now
    delete_file(batch)


def known_in(session: Session) -> Known:
    """Return the names of the clinic's packages and treatments, by which values are recognized."""
    return Known(frozenset(offers_in(session)), frozenset(treatments_in(session)))


def new_batch(work: Work, name: str, table: Table, proposal: Proposal) -> ImportBatch:
    """Return the row of a file, not yet in the session."""
    return ImportBatch(
        id=work.new_id(),
        name=clean(PurePath(name.replace("\\", "/")).name)[:_NAME_LENGTH] or "A file without a name",
        sha256=table.sha256,
        state="mapping",
        shape=_shape(table, proposal),
        mapping=proposal.columns.to_json(),
        rows_total=len(table.rows),
        created_at=work.now,
        by=work.act.actor.name,
        staff_id=work.act.actor.staff_id,
    )


def begin_import(work: Work, batch: ImportBatch, *, rows_done: int) -> None:
    """Mark the batch as being imported, in the name of the person who started it."""
    batch.state, batch.rows_done = "importing", rows_done
    batch.imported_by, batch.imported_staff_id = work.act.actor.name, work.act.actor.staff_id


def batch_for_change(session: Session, batch_id: str) -> ImportBatch:
    """Return the import, locked for this transaction; raises NotFound."""
    return require_row(session, ImportBatch, batch_id, NO_IMPORT, is_locked=True)


def delete_file(batch: ImportBatch) -> None:
    """Delete the clients' data: what was imported is in the ledger; the rest is not needed."""
    batch.file = batch.wrong = None
    batch.found = {**batch.found, "first": [], "wrong": []} if batch.found else None
    batch.shape = {**batch.shape, "examples": [], "readings": []}


def check_sold_on(day: date | None, today: date) -> None:
    """Raise InvalidField for a date of purchase in the future."""
    if day is not None and day > today:
        raise InvalidField(_("The date of purchase can’t be in the future."), field="sold_on")


def same_in(session: Session, sha256: str) -> ImportBatch | None:
    """Return the import of the same content that is done or in progress, else a pending one."""
    rows = select(ImportBatch).where(
        ImportBatch.sha256 == sha256, ImportBatch.state.in_((*_OPEN, "importing", "imported"))
    )
    found = list(session.scalars(rows.order_by(ImportBatch.created_at)))
    return min(found, key=lambda each: each.state in _OPEN, default=None)


def imported_before_in(session: Session, sha256: str) -> str:
    """Return a sentence on the import of a file with the same content, "" if there was none."""
    first = same_in(session, sha256)
    if first is None or first.state in _OPEN:
        return ""
    clinic = clinic_in(session)
    day = day_text(day_at(first.ended_at or first.created_at, clinic.zone), clinic)
    said = _(
        "A file that says the same, “{first}”, was imported by {imported_by} on {day}.",
        first=first.name,
        imported_by=first.imported_by,
        day=day,
    )
    return _("{said} Nothing was written.", said=said)


def refuse_known_in(session: Session, sha256: str) -> None:
    """Raise Refused where a file with the same content was imported before, or is being imported."""
    if said := imported_before_in(session, sha256):
        raise Refused(said, code="imported_before")


def _shape(table: Table, proposal: Proposal) -> dict[str, Any]:
    return {
        "read_as": table.read_as,
        "headings": list(table.headings),
        "examples": [table.examples(column) for column in range(len(table.headings))],
        "notes": [[note.score, note.why] for note in proposal.notes],
        "proposed": proposal.columns.to_json()["of"],
        "readings": [asdict(each) for each in table.readings],
    }


def _request_check(work: Work, batch: ImportBatch) -> None:
    batch.problem = _open_question(batch)
    batch.state, batch.rows_done = "mapping" if batch.problem else "checking", 0
    work.session.flush()
    if not batch.problem:
        enqueue(work, CHECK, batch.id)


def _open_question(batch: ImportBatch) -> str:
    """Return what the owner must state before the rows can be checked, "" for nothing."""
    columns = columns_from_json(batch.mapping)
    if batch.shape.get("readings") and columns.encoding is None:
        return _("Choose the encoding of this file.")
    return undecided(columns)


def _require_state(batch: ImportBatch, states: tuple[str, ...]) -> None:
    if batch.state not in states:
        raise Refused(_REFUSALS.get(batch.state, _("This file is being imported.")), code=batch.state)
