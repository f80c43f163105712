"""Check all rows of a file against the clinic's rules and report the result. Writes nothing.

The same check runs for the preview and again right before the courses are written.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.moments import day_at
from plugin.core.text import folded
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.imports.cells import Currency, Table, can_be_two, order_told, shown
from plugin.courses.imports.columns import Columns, Wrong, undecided
from plugin.courses.imports.fields import Field
from plugin.courses.imports.matching import People, Person, match_in, present_in
from plugin.courses.imports.offers import offers_in, treatments_in
from plugin.courses.imports.rows import ImportRow, Rules, read_row
from plugin.errors import InvalidField
from plugin.wording import N_n, _

TICK_ROWS = 500
FIRST_ROWS = 10
FIRST_WRONG = 50
Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """The courses of a file, their clients, and every error.

    `asks_day` is an ambiguous date, "" for none. `undone` courses of an export and those already `present`
    are left out of `rows`. `found` is the report as it is stored with the file.
    """

    rows: tuple[ImportRow, ...]
    wrong: tuple[Wrong, ...]
    asks_day: str
    is_day_first: bool | None
    undone: int = 0
    present: int = 0
    people: People = field(default_factory=People)
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def has_nothing_new(self) -> bool:
        """Return whether all courses of the file are present already or were undone."""
        return not self.rows and not self.wrong and bool(self.present or self.undone)

    @property
    def is_clean(self) -> bool:
        """Return whether the file can be imported."""
        return not self.wrong and not self.asks_day and bool(self.rows)


def rules_in(session: Session, act: Act) -> Rules:
    """Return what rows are checked against, as of now."""
    clinic = clinic_in(session)
    return Rules(
        offers=offers_in(session),
        currency=Currency.of(clinic.currency, clinic.language, clinic.country),
        country=clinic.country,
        zone=clinic.zone,
        today=day_at(act.now, clinic.zone),
    )


def check_rows(table: Table, columns: Columns, rules: Rules, tick: Tick) -> Checked:
    """Check every row without the database; raises InvalidField where the columns are not sufficient."""
    if said := undecided(columns):
        raise InvalidField(said, field="columns")
    orders, asks_day = _date_orders(table, columns)
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
    wrong += _repeated(rows)
    is_day_first = next((order for order in orders.values() if order is not None), None)
    return Checked(tuple(rows), tuple(wrong), asks_day, is_day_first, undone)


def match_checked_in(session: Session, act: Act, checked: Checked) -> Checked:
    """Return the result with the client of each row and the report, without courses already present."""
    present = present_in(session, checked.rows)
    rows = tuple(row for row in checked.rows if row.record is None or row.record.course_id not in present)
    people = match_in(session, rows)
    matched = replace(
        checked,
        rows=rows,
        present=len(checked.rows) - len(rows),
        people=people,
        wrong=tuple(sorted((*checked.wrong, *people.wrong), key=lambda each: each.line)),
    )
    today = local_date_in(session, act.now)
    return replace(matched, found=_report(matched, set(treatments_in(session)), today))


def _date_orders(table: Table, columns: Columns) -> tuple[Mapping[Field, bool | None], str]:
    """Return whether the day comes first in each date column, and a date for which that is not known.

    The column's own dates decide, then the owner, then the dates of the other column.
    """
    cells = {
        what: [row.cell(columns.of[what][0]) for row in table.rows]
        for what in (Field.SOLD_ON, Field.EXPIRES_ON)
        if what in columns.of
    }
    own = {what: order_told(column) for what, column in cells.items()}
    known = {order for order in own.values() if order is not None}
    of_file = columns.is_day_first
    if of_file is None and len(known) == 1:
        of_file = known.pop()
    orders = {what: of_file if order is None else order for what, order in own.items()}
    open_cells = (cell for what, column in cells.items() if orders[what] is None for cell in column)
    return orders, next((shown(cell) for cell in open_cells if can_be_two(cell)), "")


def _repeated(rows: list[ImportRow]) -> Iterator[Wrong]:
    """Yield each row identical to an earlier one."""
    first: dict[tuple[object, ...], int] = {}
    for row in rows:
        line = first.setdefault(row.mark, row.line)
        if line != row.line:
            said = _(
                "The same as line {line}. If these are two courses, tell them apart in the note.", line=line
            )
            yield Wrong(row.line, "", said)


# The report --------------------------------------------------------------------------------------------------------


def _report(checked: Checked, known_treatments: set[str], today: date) -> dict[str, Any]:
    rows, people = checked.rows, checked.people
    return {
        "courses": len(rows),
        "new_clients": len(people.new),
        "known_clients": len(people.known),
        "left": sum(row.left for row in rows),
        "paid": sum(row.price or 0 for row in rows),
        "asks_day": checked.asks_day,
        "day_first": checked.is_day_first,
        "mind": list(_notices(checked, known_treatments, today)),
        "first": [_preview(*each) for each in zip(rows[:FIRST_ROWS], people.of_rows, strict=False)],
        "wrong_lines": len({each.line for each in checked.wrong}),
        "wrong": [wrong_json(each) for each in checked.wrong[:FIRST_WRONG]],
    }


def wrong_json(wrong: Wrong) -> list[Any]:
    """Return one error as it is stored."""
    return [wrong.line, wrong.column, wrong.reason]


def _preview(row: ImportRow, person: Person) -> dict[str, Any]:
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


def _notices(checked: Checked, known_treatments: set[str], today: date) -> Iterator[str]:
    """Yield what is not an error, but should be known before the import."""
    rows = checked.rows
    if checked.present:
        yield _(
            "{courses} in this file are in Coursekeeper already, and are skipped.",
            courses=_courses(checked.present),
        )
    if checked.undone:
        yield _(
            "{courses} in this file were undone before the export, and are skipped.",
            courses=_courses(checked.undone),
        )
    if unpriced := sum(row.price is None for row in rows):
        yield N_n(
            "{n} row has no price: nothing is counted as paid for it, and nothing as owed.",
            "{n} rows have no price: nothing is counted as paid for them, and nothing as owed.",
            unpriced,
        )
    renamed = {
        row.called: row.course_name
        for row in rows
        if row.offer and folded(row.called) != folded(row.course_name)
    }
    for called, name in sorted(renamed.items())[:5]:
        yield _("“{called}” is taken for your package “{name}”.", called=called, name=name)
    if over := sum(row.expires_on is not None and row.expires_on < today for row in rows):
        yield N_n(
            "{n} has expired already; it is kept, and you can extend it.",
            "{n} have expired already; they are kept, and you can extend them.",
            over,
        )
    if namesakes := checked.people.namesakes:
        yield (
            _(
                "{namesakes} without phone or e-mail have a namesake here. A name alone is not enough "
                "to tell them by, so they are made as new clients.",
                namesakes=namesakes,
            )
        )
    named = {row.course_name for row in rows if row.offer is None and row.record is None}
    if new := sorted(name for name in named if folded(name) not in known_treatments):
        if len(new) > 5:
            yield _("New treatments: {names} and more.", names=", ".join(new[:5]))
        else:
            yield _("New treatments: {names}.", names=", ".join(new))
    if finished := sum(row.left == 0 for row in rows):
        yield N_n(
            "{n} has no session left; it is kept as a finished course.",
            "{n} have no session left; they are kept as finished courses.",
            finished,
        )


def _courses(count: int) -> str:
    return N_n("{n} course", "{n} courses", count)
