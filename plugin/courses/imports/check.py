"""All rows of a file held against the clinic's rules: the courses it tells of, and everything wrong with it.

Writes nothing. The same check is made for the preview and again right before the courses are written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.clinic import clinic_in, local_date
from plugin.courses.imports.amounts import Currency
from plugin.courses.imports.columns import Columns, Field, missing
from plugin.courses.imports.days import can_be_two, order_told
from plugin.courses.imports.offers import offers_in
from plugin.courses.imports.rows import ImportRow, Rules, Wrong, read_row
from plugin.courses.imports.table import Cell, Table, shown
from plugin.errors import InvalidField

TICK_ROWS = 500
Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """The courses, and what is wrong. `asks_day` holds a date that can be read in two ways, "" where none does."""

    rows: tuple[ImportRow, ...]
    wrong: tuple[Wrong, ...]
    asks_day: str
    is_day_first: bool | None


def rules_in(session: Session, act: Act) -> Rules:
    """Return what rows are held against, as of now."""
    clinic = clinic_in(session)
    currency = Currency.of(clinic.currency, clinic.language, clinic.country)
    return Rules(offers_in(session), currency, clinic.country, local_date(clinic, act.now))


def check_rows(table: Table, columns: Columns, rules: Rules, tick: Tick) -> Checked:
    """Check every row; raises InvalidField where the columns don't tell enough for any."""
    if said := missing(columns):
        raise InvalidField(said, field="columns")
    days = [row.cell(columns.of[each]) for row in table.rows for each in _DAYS if each in columns.of]
    if columns.is_day_first is None:
        columns = replace(columns, is_day_first=order_told(days))
    rows: list[ImportRow] = []
    wrong: list[Wrong] = []
    for number, row in enumerate(table.rows, start=1):
        read = read_row(row, columns, table.headings, rules)
        if isinstance(read, ImportRow):
            rows.append(read)
        else:
            wrong.extend(read)
        if number % TICK_ROWS == 0:
            tick(number)
    tick(len(table.rows))
    wrong += _twice(rows)
    asks = _open_question(days) if columns.is_day_first is None else ""
    return Checked(tuple(rows), tuple(sorted(wrong, key=lambda each: each.line)), asks, columns.is_day_first)


_DAYS = (Field.SOLD_ON, Field.EXPIRES_ON)


def _open_question(days: list[Cell]) -> str:
    return next((text for cell in days if isinstance(cell, str) and can_be_two(text := shown(cell))), "")


def _twice(rows: list[ImportRow]) -> list[Wrong]:
    """Name each row that says the very same as one above it."""
    first: dict[tuple[object, ...], int] = {}
    wrong = []
    for row in rows:
        line = first.setdefault(row.mark, row.line)
        if line != row.line:
            said = f"The same as line {line}. If these are two courses, tell them apart in the note."
            wrong.append(Wrong(row.line, "", said))
    return wrong
