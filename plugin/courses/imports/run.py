"""The long-running steps: check a file, and write its courses in one transaction; by the worker or a command.

A worker that crashes leaves nothing behind: the next one restarts the same step. The command reads, maps and checks a
file; once confirmed (or --yes), it writes it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.core.moments import day_at
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work, in_session, in_transaction, transact
from plugin.courses.imports import batches
from plugin.courses.imports.batches import check_sold_on, imported_before_in, known_in
from plugin.courses.imports.cells import LARGEST_FILE, Table
from plugin.courses.imports.check import Checked, Tick, check_rows, match_checked_in, rules_in, wrong_json
from plugin.courses.imports.columns import (
    Columns,
    Proposal,
    Wrong,
    chosen,
    columns_from_json,
    propose,
    undecided,
)
from plugin.courses.imports.fields import CALLED, FIELDS, Field
from plugin.courses.imports.offers import offers_in
from plugin.courses.imports.reading import checked_encoding, read_table
from plugin.courses.imports.writing import write_courses
from plugin.errors import InvalidField, NotYet
from plugin.store import Store
from plugin.store.tables import ImportBatch
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


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller states about the file: columns as FIELD=HEADING, and what the file does not contain."""

    columns: Sequence[str] = ()
    is_day_first: bool | None = None
    sold_on: date | None = None
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that was read and checked, not written: its columns, and the result of the check."""

    name: str
    table: Table
    proposal: Proposal
    checked: Checked

    @property
    def wrong(self) -> tuple[str, ...]:
        """Return every reason as a readable line."""
        return tuple(_reason(each) for each in self.checked.wrong)

    def to_json(self, *, is_written: bool) -> dict[str, Any]:
        """Return it for a program, with a sentence to show people."""
        found = self.checked.found
        shown = ("courses", "new_clients", "known_clients", "left", "paid", "mind", "wrong_lines")
        return {
            "message": _says(self, is_written=is_written),
            "ok": self.checked.is_clean or self.checked.has_nothing_new,
            **{name: found[name] for name in shown},
            "mapping": {
                what.value: [self.table.headings[column] for column in columns]
                for what, columns in self.proposal.columns.of.items()
            },
            "skipped": [self.table.headings[column] for column in _skipped(self.table, self.proposal)],
            "wrong": [asdict(each) for each in self.checked.wrong],
        }


def prepare(store: Store, act: Act, file: Path, wishes: Wishes, say: Callable[[str], None]) -> Prepared | str:
    """Read, map and check a file; return a notice if a file with the same content was imported before.

    `say` is called with a line for each step. Raises InvalidField or Refused.
    """
    require(act.actor)
    with file.open("rb") as opened:
        table = read_table(opened.read(LARGEST_FILE + 1), checked_encoding(wishes.encoding))
    say(f"Rows: {len(table.rows)}, {table.read_as}.")
    proposal = _proposal(store, act, table, wishes)
    for line in mapping_lines(table, proposal):
        say(line)
    if table.readings:
        ways = "".join(f"\n  --encoding {each.encoding}: {each.sample}" for each in table.readings)
        raise InvalidField(f"The encoding of this file is unclear. Say which it is:{ways}")
    if question := undecided(proposal.columns):
        raise InvalidField(f"{question} {_HOW}")
    with store.reading() as session:
        if before := imported_before_in(session, table.sha256):
            return before

    def tick(rows: int) -> None:
        say(f"{rows} of {len(table.rows)} rows checked.")

    return Prepared(file.name, table, proposal, try_file(store, act, table, proposal.columns, tick))


_HOW = "Use --map FIELD=HEADING for a column, --sold-on DATE for rows without a date of purchase."


def write(store: Store, act: Act, prepared: Prepared) -> Prepared:
    """Write the courses; return the same with the result. Raises Refused."""
    done = import_file(store, act, prepared.name, prepared.table, prepared.proposal, prepared.checked)
    return replace(prepared, checked=done)


def _says(prepared: Prepared, *, is_written: bool) -> str:
    found = prepared.checked.found
    if found["asks_day"]:
        asked = f"“{found['asks_day']}” can be read as two days."
        return f"{asked} Say --dates day-first or --dates month-first. Nothing was written."
    if lines := found["wrong_lines"]:
        return f"Rows that can’t be imported: {lines}. Nothing was written."
    if prepared.checked.has_nothing_new:
        return "All courses of this file are in Coursekeeper already. Nothing was written."
    courses = "Courses imported" if is_written else "Courses that can be imported"
    clients = f"{found['new_clients']} new, {found['known_clients']} known"
    return f"{courses}: {found['courses']}. Their clients: {clients}."


def mapping_lines(table: Table, proposal: Proposal) -> Iterator[str]:
    """Yield the field each column is mapped to, with an example, and which columns are skipped."""
    for what, columns in proposal.columns.of.items():
        for column in columns:
            note = proposal.notes[column]
            example = ", ".join(table.examples(column)[:2]) or "no values"
            yield f"  {CALLED[what]} ({what.value}): “{table.headings[column]}”, {note.score}% ({example})"
    for column in _skipped(table, proposal):
        yield f"  Skipped: “{table.headings[column]}” ({proposal.notes[column].why})"
    if proposal.columns.sold_on is not None:
        yield f"  Rows without a date of purchase: {proposal.columns.sold_on.isoformat()}"


def _skipped(table: Table, proposal: Proposal) -> list[int]:
    return [column for column in range(len(table.headings)) if column not in proposal.columns.field_of]


def _proposal(store: Store, act: Act, table: Table, wishes: Wishes) -> Proposal:
    check_sold_on(wishes.sold_on, day_at(act.now, read_clinic(store).zone))
    with store.reading() as session:
        proposal = propose(table, known_in(session))
    names = {column: what.value for column, what in proposal.columns.field_of.items()}
    said: set[int] = set()
    for wish in wishes.columns:
        field, heading = _wish(table, wish)
        column = table.headings.index(heading)
        # What the caller states replaces the proposal.
        free = field != "" and FIELDS[Field(field)].is_repeated
        names = {c: name for c, name in names.items() if c in said or free or name != field}
        names[column] = field
        said.add(column)
    columns = replace(
        proposal.columns,
        of=chosen(names),
        is_day_first=wishes.is_day_first,
        sold_on=wishes.sold_on,
        doubts=() if said else proposal.columns.doubts,
    )
    return replace(proposal, columns=columns)


def _wish(table: Table, wish: str) -> tuple[str, str]:
    """Return field and heading of FIELD=HEADING; `skip` as the field skips the column."""
    field, _, heading = wish.partition("=")
    if heading not in table.headings:
        raise InvalidField(f"The file has no column “{heading}”.", field="map")
    if field not in (*Field, "skip"):
        raise InvalidField(f"“{field}” is none of: {', '.join(Field)}, skip.", field="map")
    return "" if field == "skip" else field, heading


def _reason(wrong: Wrong) -> str:
    column = f", {wrong.column}" if wrong.column else ""
    return f"Line {wrong.line}{column}: {wrong.reason}"
