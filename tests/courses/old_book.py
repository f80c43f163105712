"""A clinic's old book as a file, and the worker that imports it. Independent of the screens."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from plugin.core.acts import Act
from plugin.courses.base.outbox import claim_job, complete_job
from plugin.courses.imports.batches import CHECK, IMPORT, Chosen, receive_file, set_columns, start_import
from plugin.courses.imports.run import IMPORT_LEASE_S, run_import
from plugin.courses.imports.views import ImportView, read_import
from plugin.courses.imports.writing import undo_import
from plugin.store import Store
from tests.courses.desk import OLGA, Desk

HEADINGS = (
    "Client",
    "Phone",
    "E-mail",
    "Package",
    "Treatment",
    "Bought",
    "Left",
    "Price",
    "Sold on",
    "Expires",
    "Note",
)
FACIAL_12 = "Facial acupuncture, course of 12"


def row(client: str = "Ana Souza", **said: Any) -> tuple[str, ...]:
    """Return a half-used course of Ana's as it is in the book, with the given changes."""
    cells: dict[str, Any] = {
        "phone": "(415) 555-0123",
        "email": "",
        "package": FACIAL_12,
        "treatment": "",
        "bought": "12",
        "left": "5",
        "price": "$1,980.00",
        "sold_on": "2026-03-02",
        "expires": "",
        "note": "",
        **said,
    }
    return (client, *(str(each) for each in cells.values()))


def book_of(*rows: Sequence[str], headings: Sequence[str] = HEADINGS) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode()


class OldBook:
    """The owner at her desk with the file, and the worker behind it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.store = desk.store

    def act(self) -> Act:
        return self.desk.act(OLGA)

    def send(self, *rows: Sequence[str], name: str = "old book.csv", **shape: Any) -> str:
        return receive_file(self.store, self.act(), name, book_of(*rows, **shape)).batch_id

    def work(self, *, meanwhile: Callable[[], None] = lambda: None, store: Store | None = None) -> list[str]:
        """Run every pending job; `meanwhile` happens after a file was claimed and before it is written."""

        def clock() -> datetime:
            meanwhile()
            return self.desk.clock()

        done = []
        while owed := claim_job(self.store, self.desk.clock(), of=(CHECK, IMPORT), lease_s=IMPORT_LEASE_S):
            done.append(run_import(store or self.store, clock, owed))
            complete_job(self.store, owed.id, state="done", outcome=done[-1], now=self.desk.clock())
        return done

    def checked(self, *rows: Sequence[str], **shape: Any) -> ImportView:
        batch_id = self.send(*rows, **shape)
        self.work()
        return self.view(batch_id)

    def bring_in(self, *rows: Sequence[str], **shape: Any) -> ImportView:
        """Send, look, import."""
        file = self.checked(*rows, **shape)
        self.start(file.id)
        self.work()
        return self.view(file.id)

    def start(self, batch_id: str) -> None:
        start_import(self.store, self.act(), batch_id)

    def say(
        self,
        batch_id: str,
        *names: str,
        is_day_first: bool | None = None,
        sold_on: date | None = None,
        encoding: str = "",
    ) -> None:
        said = Chosen(dict(enumerate(names)), is_day_first, sold_on, encoding)
        set_columns(self.store, self.act(), batch_id, said)

    def keep(self, batch_id: str, **said: Any) -> ImportView:
        """Keep the proposed columns, answer the rest, and have it checked."""
        self.say(batch_id, *(column.means for column in self.view(batch_id).columns), **said)
        self.work()
        return self.view(batch_id)

    def undo(self, batch_id: str, reason: str = "Wrong file") -> int:
        return undo_import(self.store, self.act(), batch_id, reason)

    def view(self, batch_id: str) -> ImportView:
        return read_import(self.store, batch_id)
