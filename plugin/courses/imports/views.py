"""Imports as the owner sees them: the findings, the progress, the result."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from plugin.core.money import Money, minor_digits
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.sheet import Cell, Sheet
from plugin.courses.base.views import from_row
from plugin.courses.base.work import require_row
from plugin.courses.imports.batches import NO_IMPORT
from plugin.courses.imports.cells import Reading, shown
from plugin.courses.imports.columns import Columns, columns_from_json
from plugin.courses.imports.fields import CALLED, FIELDS
from plugin.courses.imports.reading import read_table
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.bulk import ImportBatch
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class ColumnView:
    """One column of the file: its field, "" for nothing, the confidence (0 to 100, 0: none), and why."""

    number: int
    heading: str
    examples: tuple[str, ...]
    means: str
    score: int
    why: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A course as it will be imported; `client_id` where its client is known. None: not in the row."""

    line: int
    client: str
    client_id: str | None
    phone: str | None
    email: str | None
    course: str
    left: int
    granted: int
    price: Money | None
    sold_on: date | None
    expires_on: date | None
    note: str
    never_expires: bool = False


@dataclass(frozen=True, slots=True)
class ImportView:
    """One file. `found` is the result of the last check, None before the first.

    `readings` are the possible encodings where the owner has to be asked; `encoding` is the chosen one.
    """

    id: str
    name: str
    state: str
    read_as: str
    columns: tuple[ColumnView, ...]
    is_day_first: bool | None
    sold_on: date | None
    readings: tuple[Reading, ...]
    encoding: str | None
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
        """Return whether the worker is processing it, or will."""
        return self.state in ("checking", "importing")

    @property
    def is_ready(self) -> bool:
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
        """Return how much of the rows is read, in percent."""
        return 100 * self.rows_done // self.rows_total if self.rows_total else 0


def read_import(store: Store, batch_id: str) -> ImportView:
    """Return the import; raises NotFound."""
    with store.reading() as session:
        batch = require_row(session, ImportBatch, batch_id, NO_IMPORT)
        return _view(batch, clinic_in(session).currency)


def list_imports(store: Store, *, limit: int) -> tuple[ImportView, ...]:
    """Return the imports, newest first, without canceled ones."""
    rows = (
        select(ImportBatch)
        .where(ImportBatch.state != "canceled")
        .order_by(ImportBatch.created_at.desc(), ImportBatch.id.desc())
        .limit(limit)
    )
    with store.reading() as session:
        currency = clinic_in(session).currency
        return tuple(_view(batch, currency) for batch in session.scalars(rows))


def _view(batch: ImportBatch, currency: str) -> ImportView:
    columns, found = columns_from_json(batch.mapping), batch.found or {}
    return from_row(
        ImportView,
        batch,
        read_as=batch.shape.get("read_as", ""),
        columns=_columns(batch.shape, columns),
        is_day_first=columns.is_day_first,
        sold_on=columns.sold_on,
        readings=tuple(Reading(**each) for each in batch.shape.get("readings", ())),
        encoding=columns.encoding,
        first=tuple(_row(row, currency) for row in found.get("first", ())),
        paid=Money(found["paid"], currency) if found else None,
    )


def _row(row: dict[str, Any], currency: str) -> PreviewRow:
    days = {name: date.fromisoformat(row[name]) for name in ("sold_on", "expires_on") if row[name]}
    price = None if row["price"] is None else Money(row["price"], currency)
    return PreviewRow(**{**row, **days, "price": price})


def _columns(shape: dict[str, Any], columns: Columns) -> tuple[ColumnView, ...]:
    proposed = {column: name for name, found in shape.get("proposed", {}).items() for column in found}
    return tuple(
        _column(shape, number, columns.field_of.get(number, ""), proposed.get(number, ""))
        for number in range(len(shape["headings"]))
    )


def _column(shape: dict[str, Any], number: int, means: str, proposed: str) -> ColumnView:
    examples, notes = shape.get("examples") or [], shape.get("notes") or []
    score, why = notes[number] if number < len(notes) else (0, "")
    if means != proposed:
        score, why = 100 if means else 0, _("Chosen by you")
    some = tuple(examples[number]) if number < len(examples) else ()
    return ColumnView(number, shape["headings"][number], some, means, score, why)


# Files to download --------------------------------------------------------------------------------------------------


def template_sheet(currency: str, package: str) -> Sheet:
    """Return the template; `package` is the name of one of the clinic's packages, "" without one."""
    price = Decimal(1650).quantize(Decimal(1).scaleb(-minor_digits(currency)))
    of_package: list[Cell] = [_("Ana Souza"), "+14155550123", "ana@example.org", package, ""]
    of_treatment: list[Cell] = [_("Mei Lin"), "", "mei@example.org", "", _("Facial acupuncture, 60 min")]
    if not package:
        of_package[3:5] = ["", _("Facial acupuncture, 60 min")]
    rows = [
        [*of_package, 10, 4, "", price, date(2026, 3, 2), date(2027, 3, 2), _("Receipt 1041")],
        [*of_treatment, 12, 7, "", price, date(2026, 5, 18), "", ""],
    ]
    return Sheet(
        _("Courses to import"),
        tuple(CALLED[what][:] for what, each in FIELDS.items() if each.is_in_template),
        rows,
    )


def wrong_sheet(store: Store, batch_id: str) -> Sheet:
    """Return a table of the rows that can't be imported, with line and reason. Raises NotFound or Refused."""
    with store.reading() as session:
        batch = require_row(session, ImportBatch, batch_id, NO_IMPORT)
        if batch.file is None or not batch.wrong:
            raise Refused(_("Nothing is wrong with this file."), code="nothing_wrong")
        table, wrong = read_table(batch.file, columns_from_json(batch.mapping).encoding), batch.wrong
    why: dict[int, list[str]] = {}
    for line, column, reason in wrong:
        why.setdefault(line, []).append(f"{column}: {reason}" if column else reason)
    rows = [
        (
            *(shown(row.cell(number)) for number in range(len(table.headings))),
            str(row.line),
            " ".join(why[row.line]),
        )
        for row in table.rows
        if row.line in why
    ]
    return Sheet(_("Rows to fix"), (*table.headings, _("Line"), _("Why not")), rows)
