"""Imports as the owner sees them: what was found, how far it is, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from plugin.core.money import Money
from plugin.courses.clinic import clinic_in
from plugin.courses.imports.columns import Columns, Field, columns_from_json
from plugin.courses.imports.reading import read_table
from plugin.courses.imports.table import shown
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.imports import ImportBatch


@dataclass(frozen=True, slots=True)
class ColumnView:
    """One column of the file, and what it was taken for, "" for nothing."""

    number: int
    heading: str
    sample: str
    means: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A course as it will look; `client_id` where its client is known. None: the row does not tell."""

    line: int
    client: str
    client_id: str | None
    phone: str | None
    email: str | None
    course: str
    left: int
    granted: int
    paid: Money | None
    sold_on: date | None
    expires_on: date | None
    note: str


@dataclass(frozen=True, slots=True)
class ImportView:
    """One file. `found` is what the last check found, None before there was one."""

    id: str
    name: str
    state: str
    read_as: str
    columns: tuple[ColumnView, ...]
    is_day_first: bool | None
    revision: int
    rows_total: int
    rows_done: int
    found: dict[str, Any] | None
    first: tuple[PreviewRow, ...]
    paid: Money | None
    problem: str
    created_at: datetime
    by: str
    imported_by: str
    ended_at: datetime | None
    undone_at: datetime | None
    undone_by: str
    undone_because: str

    @property
    def is_under_way(self) -> bool:
        """Say whether the worker is at it, or is to be."""
        return self.state in ("checking", "importing")

    @property
    def is_ready(self) -> bool:
        """Say whether all of it can be imported as it stands."""
        found = self.found
        return (
            self.state == "checked"
            and found is not None
            and not found["wrong_lines"]
            and not found["asks_day"]
            and bool(found["courses"])
        )

    @property
    def per_cent(self) -> int:
        """Return how much of the rows is read."""
        return 100 * self.rows_done // self.rows_total if self.rows_total else 0


def read_import(store: Store, batch_id: str) -> ImportView:
    """Return the import; raises NotFound."""
    with store.reading() as session:
        batch = session.get(ImportBatch, batch_id)
        if batch is None:
            raise NotFound("There is no such import.")
        return _view(batch, clinic_in(session).currency)


def list_imports(store: Store, *, limit: int) -> tuple[ImportView, ...]:
    """Return the imports, newest first; what was given up is left out."""
    rows = (
        select(ImportBatch)
        .where(ImportBatch.state != "canceled")
        .order_by(ImportBatch.created_at.desc(), ImportBatch.id.desc())
        .limit(limit)
    )
    with store.reading() as session:
        currency = clinic_in(session).currency
        return tuple(_view(batch, currency) for batch in session.scalars(rows))


def wrong_rows(store: Store, batch_id: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the headings and every wrong row as it came, each with its line and why; raises NotFound or Refused."""
    with store.reading() as session:
        batch = session.get(ImportBatch, batch_id)
        if batch is None:
            raise NotFound("There is no such import.")
        if batch.file is None or not batch.wrong:
            raise Refused("Nothing is wrong with this file.", code="nothing_wrong")
        table, wrong = read_table(batch.file), batch.wrong
    why: dict[int, list[str]] = {}
    for line, column, reason in wrong:
        why.setdefault(line, []).append(f"{column}: {reason}" if column else reason)
    headings = (*table.headings, "Line", "Why not")
    rows = [
        (
            *(shown(row.cell(number)) for number in range(len(table.headings))),
            str(row.line),
            " ".join(why[row.line]),
        )
        for row in table.rows
        if row.line in why
    ]
    return headings, rows


def _view(batch: ImportBatch, currency: str) -> ImportView:
    columns = columns_from_json(batch.mapping)
    return ImportView(
        id=batch.id,
        name=batch.name,
        state=batch.state,
        read_as=batch.shape.get("read_as", ""),
        columns=_columns(batch.shape, columns),
        is_day_first=columns.is_day_first,
        revision=batch.revision,
        rows_total=batch.rows_total,
        rows_done=batch.rows_done,
        found=batch.found,
        first=tuple(_row(row, currency) for row in (batch.found or {}).get("first", ())),
        paid=Money(batch.found["paid"], currency) if batch.found else None,
        problem=batch.problem,
        created_at=batch.created_at,
        by=batch.by,
        imported_by=batch.imported_by,
        ended_at=batch.ended_at,
        undone_at=batch.undone_at,
        undone_by=batch.undone_by,
        undone_because=batch.undone_because,
    )


def _row(row: dict[str, Any], currency: str) -> PreviewRow:
    return PreviewRow(
        line=row["line"],
        client=row["client"],
        client_id=row["client_id"],
        phone=row["phone"],
        email=row["email"],
        course=row["course"],
        left=row["left"],
        granted=row["granted"],
        paid=None if row["price"] is None else Money(row["price"], currency),
        sold_on=_day(row["sold_on"]),
        expires_on=_day(row["expires_on"]),
        note=row["note"],
    )


def _day(kept: str | None) -> date | None:
    return date.fromisoformat(kept) if kept else None


def _columns(shape: dict[str, Any], columns: Columns) -> tuple[ColumnView, ...]:
    means: dict[int, Field] = {number: field for field, number in columns.of.items()}
    samples = shape.get("samples") or []
    return tuple(
        ColumnView(number, heading, samples[number] if number < len(samples) else "", means.get(number, ""))
        for number, heading in enumerate(shape["headings"])
    )
