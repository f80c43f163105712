"""Detect which columns hold the sessions bought, used, booked and left, by testing them against each other.

Used and left add up to bought, with or without those booked; no one has more left than they bought.
"""

from collections.abc import Mapping, Sequence
from itertools import product

from plugin.courses.imports.counts import read_counts
from plugin.courses.imports.fields import Field
from plugin.courses.imports.table import Cell, Table
from plugin.errors import InvalidField

COUNTS = (Field.SESSIONS, Field.USED, Field.BOOKED, Field.LEFT)
_LOOKED_AT = 200

Scores = Mapping[tuple[int, Field], float]
Combination = tuple[int | None, ...]


def count_columns(table: Table, scores: Scores) -> dict[Field, tuple[int, ...]]:
    """Return the columns whose headings fit and whose rows add up best."""
    others: dict[int, float] = {}
    for (column, what), score in scores.items():
        if what not in COUNTS:
            others[column] = max(score, others.get(column, 0.0))
    choices: list[list[int | None]] = []
    for what in COUNTS:
        able = [c for c, field in scores if field is what and scores[c, what] >= others.get(c, 0.0)]
        able.sort(key=lambda column: -scores[column, what])
        choices.append([*able[:3], None])
    numbers = {c: _numbers(table, c) for options in choices for c in options if c is not None}

    def worth(combination: Combination) -> float:
        columns = [column for column in combination if column is not None]
        if len(set(columns)) < len(columns):
            return -1.0
        pairs = zip(combination, COUNTS, strict=True)
        weight = sum(scores[column, what] for column, what in pairs if column is not None)
        return weight + _agreement(_rows(combination, numbers))

    best = max(product(*choices), key=worth)
    return {what: (c,) for c, what in zip(best, COUNTS, strict=True) if c is not None}


def does_count_matter(table: Table, of: Mapping[Field, tuple[int, ...]], what: Field, column: int) -> bool:
    """Return whether another column for a count would change what is imported, and could be right.

    Where bought, used and left are all present, each row has to add up anyway.
    """
    if {Field.SESSIONS, Field.USED, Field.LEFT} <= set(of):
        return False
    chosen = tuple(of[each][0] if each in of else None for each in COUNTS)
    changed = tuple(column if each is what else mine for each, mine in zip(COUNTS, chosen, strict=True))
    numbers = {each: _numbers(table, each) for each in (*chosen, column) if each is not None}
    return _agreement(_rows(changed, numbers)) >= _agreement(_rows(chosen, numbers))


def _numbers(table: Table, column: int) -> list[int | None]:
    return [_number(row.cell(column)) for row in table.rows[:_LOOKED_AT]]


def _number(cell: Cell) -> int | None:
    try:
        counts = read_counts(cell, of="left")
    except InvalidField:
        return None
    return counts.left if counts.left is not None else counts.used


def _rows(combination: Combination, numbers: Mapping[int, list[int | None]]) -> list[tuple[int | None, ...]]:
    length = max(map(len, numbers.values()), default=0)
    nothing: list[int | None] = [None] * length
    columns = [nothing if column is None else numbers[column] for column in combination]
    return list(zip(*columns, strict=True))


def _agreement(rows: Sequence[tuple[int | None, ...]]) -> float:
    """Return how well the rows agree with these as the sessions bought, used, booked and left."""
    right = wrong = impossible = 0
    counted = [row for row in rows if row[0] is not None]
    for bought, used, booked, left in counted:
        impossible += (bought or 0) < max(used or 0, left or 0)
        if used is not None and left is not None:
            is_right = bought in (used + left, used + left + (booked or 0))
            right, wrong = right + is_right, wrong + (not is_right)
    if not counted:
        return 0.0
    return (0.4 * right - 0.2 * wrong) / len(counted) - (0.7 if 2 * impossible > len(counted) else 0.0)
