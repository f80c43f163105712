"""What a check found, for the page: how much there is, the first rows as they will look, what to mind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from plugin.core.text import folded
from plugin.courses.imports.check import Checked
from plugin.courses.imports.matching import Matched, Person
from plugin.courses.imports.rows import ImportRow, Wrong

FIRST_ROWS = 10
FIRST_WRONG = 50


def found_json(
    checked: Checked, matched: Matched, wrong: tuple[Wrong, ...], known_treatments: set[str], today: date
) -> dict[str, Any]:
    """Return the report as it is kept with the file."""
    rows = checked.rows
    return {
        "courses": len(rows),
        "new_clients": len(matched.new),
        "known_clients": len(matched.known),
        "left": sum(row.left for row in rows),
        "paid": sum(row.price or 0 for row in rows),
        "asks_day": checked.asks_day,
        "day_first": checked.is_day_first,
        "mind": list(_mind(rows, matched, known_treatments, today)),
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
        "touch_ups_left": row.touch_ups_left,
        "price": row.price,
        "sold_on": row.sold_on.isoformat() if row.is_sold_told else None,
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
        "note": row.note,
    }


def _mind(
    rows: tuple[ImportRow, ...], matched: Matched, known_treatments: set[str], today: date
) -> Iterator[str]:
    """Yield what is not wrong, but better known before it is done."""
    if silent := sum(row.price is None for row in rows):
        yield f"{_rows(silent)} no price: nothing is counted as paid for them, and nothing as owed."
    if silent := sum(not row.is_sold_told for row in rows):
        yield f"{_rows(silent)} no day of sale: today is taken."
    if over := sum(row.expires_on is not None and row.expires_on < today for row in rows):
        yield f"{over} have expired already; they are kept, and you can extend them."
    if matched.namesakes:
        yield (
            f"{matched.namesakes} without phone or e-mail have a namesake here. A name alone is not enough to tell"
            " them by, so they are made as new clients."
        )
    named = {row.treatment for row in rows if row.offer is None}
    if new := sorted(name for name in named if folded(name) not in known_treatments):
        yield f"New treatments: {', '.join(new[:5])}{' and more' if len(new) > 5 else ''}."
    if ended := sum(row.left == 0 for row in rows):
        yield f"{ended} have no session left; they are kept as finished courses."


def _rows(count: int) -> str:
    return f"{count} row names" if count == 1 else f"{count} rows name"
