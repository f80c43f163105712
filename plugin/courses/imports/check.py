"""All rows of a file held against the clinic's rules: the courses it tells of, everything wrong, and a report of both.

Writes nothing. The same check is made for the preview and again right before the courses are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.text import folded
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.imports.amounts import Currency
from plugin.courses.imports.cells import Wrong
from plugin.courses.imports.columns import Columns, Field, undecided
from plugin.courses.imports.days import can_be_two, order_told
from plugin.courses.imports.matching import Matched, Person
from plugin.courses.imports.offers import offers_in
from plugin.courses.imports.rows import ImportRow, Rules, read_row
from plugin.courses.imports.table import Table, shown
from plugin.errors import InvalidField

TICK_ROWS = 500
FIRST_ROWS = 10
FIRST_WRONG = 50
Tick = Callable[[int], None]
_DAYS = (Field.SOLD_ON, Field.EXPIRES_ON)


@dataclass(frozen=True, slots=True)
class Checked:
    """The courses, and what is wrong. `asks_day` holds a date that can be read in two ways, "" where none does.

    `undone` courses of an export and those `here` already are left out of `rows`.
    """

    rows: tuple[ImportRow, ...]
    wrong: tuple[Wrong, ...]
    asks_day: str
    is_day_first: bool | None
    undone: int = 0
    here: int = 0

    @property
    def has_nothing_new(self) -> bool:
        """Say whether all courses of the file are here, or were undone."""
        return not self.rows and not self.wrong and bool(self.here or self.undone)


def rules_in(session: Session, act: Act) -> Rules:
    """Return what rows are held against, as of now."""
    clinic = clinic_in(session)
    return Rules(
        offers=offers_in(session),
        currency=Currency.of(clinic.currency, clinic.language, clinic.country),
        country=clinic.country,
        zone=ZoneInfo(clinic.time_zone),
        today=local_date(clinic, act.now),
    )


def check_rows(table: Table, columns: Columns, rules: Rules, tick: Tick) -> Checked:
    """Check every row; raises InvalidField where the columns don't tell enough for any."""
    if said := undecided(columns):
        raise InvalidField(said, field="columns")
    orders, asks = _orders(table, columns)
    rows: list[ImportRow] = []
    wrong: list[Wrong] = []
    undone = 0
    for number, row in enumerate(table.rows, start=1):
        read = read_row(row, columns, table.headings, orders, rules)
        if isinstance(read, ImportRow):
            rows.append(read)
        elif read is None:
            undone += 1
        else:
            wrong.extend(read)
        if number % TICK_ROWS == 0:
            tick(number)
    tick(len(table.rows))
    wrong += _twice(rows)
    is_day_first = next((order for order in orders.values() if order is not None), None)
    in_order = tuple(sorted(wrong, key=lambda each: each.line))
    return Checked(tuple(rows), in_order, asks, is_day_first, undone)


def _orders(table: Table, columns: Columns) -> tuple[Mapping[Field, bool | None], str]:
    """Return whether the day comes first in each column of dates, and a date of a column that nobody can tell of.

    A column's own dates tell first, then those of the other column, then the owner.
    """
    cells = {
        what: [row.cell(columns.of[what][0]) for row in table.rows] for what in _DAYS if what in columns.of
    }
    own = {what: order_told(column) for what, column in cells.items()}
    others = {order for order in own.values() if order is not None}
    of_file = others.pop() if len(others) == 1 else columns.is_day_first
    orders = {what: of_file if order is None else order for what, order in own.items()}
    if columns.is_day_first is not None:
        orders = {what: columns.is_day_first if own[what] is None else own[what] for what in own}
    open_cells = (cell for what, column in cells.items() if orders[what] is None for cell in column)
    return orders, next((shown(cell) for cell in open_cells if can_be_two(cell)), "")


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


# The report --------------------------------------------------------------------------------------------------------


def found_json(
    checked: Checked, matched: Matched, wrong: tuple[Wrong, ...], known_treatments: set[str], today: date
) -> dict[str, Any]:
    """Return what a check found, as it is kept with the file: how much, the first rows, what to know before."""
    rows = checked.rows
    return {
        "courses": len(rows),
        "new_clients": len(matched.new),
        "known_clients": len(matched.known),
        "left": sum(row.left for row in rows),
        "paid": sum(row.price or 0 for row in rows),
        "asks_day": checked.asks_day,
        "day_first": checked.is_day_first,
        "mind": list(_to_know(checked, matched, known_treatments, today)),
        "first": [_row(*each) for each in zip(rows[:FIRST_ROWS], matched.people, strict=False)],
        "wrong_lines": len({each.line for each in wrong}),
        "wrong": [wrong_json(each) for each in wrong[:FIRST_WRONG]],
    }


def wrong_json(wrong: Wrong) -> list[Any]:
    """Return one reason as it is kept."""
    return [wrong.line, wrong.column, wrong.reason]


def _row(row: ImportRow, person: Person) -> dict[str, Any]:
    return {
        "line": row.line,
        "client": row.contact.name,
        "client_id": person.client_id,
        "phone": row.contact.phone,
        "email": row.contact.email,
        "course": row.course_name,
        "left": row.left,
        "granted": row.granted,
        "price": row.price,
        "sold_on": row.sold_on.isoformat(),
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
        "never_expires": row.is_expiry_given and row.expires_on is None,
        "note": row.note,
    }


def _to_know(checked: Checked, matched: Matched, known_treatments: set[str], today: date) -> Iterator[str]:
    """Yield what is not wrong, but better known before it is done."""
    rows = checked.rows
    if checked.here:
        yield f"{_courses(checked.here)} in this file are in Coursekeeper already, and are skipped."
    if checked.undone:
        yield f"{_courses(checked.undone)} in this file were undone before the export, and are skipped."
    if silent := sum(row.price is None for row in rows):
        has = "row has" if silent == 1 else "rows have"
        yield f"{silent} {has} no price: nothing is counted as paid for them, and nothing as owed."
    parts = {
        row.called: row.course_name
        for row in rows
        if row.offer and folded(row.called) != folded(row.course_name)
    }
    for called, name in sorted(parts.items())[:5]:
        yield f"“{called}” is taken for your package “{name}”."
    if over := sum(row.expires_on is not None and row.expires_on < today for row in rows):
        yield f"{over} have expired already; they are kept, and you can extend them."
    if matched.namesakes:
        yield (
            f"{matched.namesakes} without phone or e-mail have a namesake here. A name alone is not enough to tell"
            " them by, so they are made as new clients."
        )
    named = {row.course_name for row in rows if row.offer is None and row.record is None}
    if new := sorted(name for name in named if folded(name) not in known_treatments):
        yield f"New treatments: {', '.join(new[:5])}{' and more' if len(new) > 5 else ''}."
    if ended := sum(row.left == 0 for row in rows):
        yield f"{ended} have no session left; they are kept as finished courses."


def _courses(count: int) -> str:
    return "1 course" if count == 1 else f"{count} courses"
