"""Run an import from the command line: read, map and check a file; once confirmed (or `--yes`), write it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from plugin.core.acts import Act, require
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.imports.batches import check_sold_on, imported_before_in, known_in
from plugin.courses.imports.cells import LARGEST_FILE, Table
from plugin.courses.imports.check import Checked
from plugin.courses.imports.columns import Proposal, Wrong, chosen, propose, undecided
from plugin.courses.imports.fields import CALLED, FIELDS, Field
from plugin.courses.imports.reading import checked_encoding, read_table
from plugin.courses.imports.run import import_file, try_file
from plugin.errors import InvalidField
from plugin.store import Store


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
    check_sold_on(wishes.sold_on, local_date(read_clinic(store), act.now))
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
