"""An import as a command runs it: in one go, with its progress and its outcome in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plugin.core.acts import Act, require
from plugin.courses.imports.batches import imported_before
from plugin.courses.imports.columns import Columns, Field, chosen, guess
from plugin.courses.imports.reading import read_table
from plugin.courses.imports.rows import Wrong
from plugin.courses.imports.run import Outcome, import_file, try_file
from plugin.courses.imports.table import LARGEST_FILE, Table
from plugin.errors import InvalidField
from plugin.store import Store


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of it: a sentence, what is wrong, and the report for programs."""

    says: str
    is_right: bool
    reasons: tuple[Wrong, ...]
    report: dict[str, Any]

    @property
    def wrong(self) -> tuple[str, ...]:
        """Return every reason as a line for people."""
        return tuple(_reason(each) for each in self.reasons)

    def to_json(self) -> dict[str, Any]:
        """Return it for a program."""
        reasons = [asdict(each) for each in self.reasons]
        return {"message": self.says, "ok": self.is_right, **self.report, "wrong": reasons}


def bring_in(
    store: Store,
    act: Act,
    file: Path,
    *,
    named: Sequence[str],
    dates: str | None,
    is_dry: bool,
    say: Callable[[str], None],
) -> BroughtIn:
    """Import a file, or with `is_dry` only check it; raises InvalidField or Refused in words."""
    require(act.actor)
    with file.open("rb") as opened:
        table = read_table(opened.read(LARGEST_FILE + 1))
    say(f"{len(table.rows)} rows, {table.read_as}.")
    columns = _columns(table, named, {None: None, "day-first": True, "month-first": False}[dates])
    if before := imported_before(store, table.sha256):
        return BroughtIn(before, is_right=True, reasons=(), report={"courses": 0})

    def tick(rows: int) -> None:
        say(f"{rows} of {len(table.rows)} rows checked.")

    if is_dry:
        outcome = try_file(store, act, table, columns, tick)
    else:
        outcome = import_file(store, act, file.name, table, columns, tick)
    return BroughtIn(_says(outcome, is_dry=is_dry), outcome.is_clean, outcome.wrong, _report(outcome))


def _columns(table: Table, named: Sequence[str], is_day_first: bool | None) -> Columns:
    names = {column: field.value for field, column in guess(table.headings).items()}
    for each in named:
        heading, _, field = each.rpartition("=")
        if heading not in table.headings:
            raise InvalidField(f"The file has no column “{heading}”.", field="column")
        if field and field not in set(Field):
            raise InvalidField(f"“{field}” is none of: {', '.join(Field)}.", field="column")
        # What is said takes the place of what was guessed.
        names = {column: name for column, name in names.items() if name != field}
        names[table.headings.index(heading)] = field
    return chosen(names, is_day_first)


def _says(outcome: Outcome, *, is_dry: bool) -> str:
    if outcome.checked.asks_day:
        asked = f"“{outcome.checked.asks_day}” can be read as two days."
        return f"{asked} Say --dates day-first or --dates month-first. Nothing was written."
    lines = outcome.found["wrong_lines"]
    if lines:
        return f"{lines} rows can't be imported. Nothing was written."
    courses = outcome.found["courses"]
    clients = f"{outcome.found['new_clients']} new clients, {outcome.found['known_clients']} known"
    return f"{courses} courses {'can be imported' if is_dry else 'imported'}: {clients}."


def _report(outcome: Outcome) -> dict[str, Any]:
    shown = ("courses", "new_clients", "known_clients", "left", "paid", "mind", "wrong_lines")
    return {name: outcome.found[name] for name in shown}


def _reason(wrong: Wrong) -> str:
    column = f", {wrong.column}" if wrong.column else ""
    return f"Line {wrong.line}{column}: {wrong.reason}"
