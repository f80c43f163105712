"""What the use cases write and read, by the driver alone: what the database itself costs.

The schema, its triggers and the pragmas are the product's; every row it leaves is left here too.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from plugin.store.database import PRAGMAS

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
DAY = NOW[:10]
VISIT = "INSERT INTO visit VALUES (?, ?, ?, ?, NULL, '', '', ?)"
ENTRY = (
    "INSERT INTO entry (id, allowance_id, seq, kind, sessions_before, sessions_delta, sessions_after, value_before,"
    " value_delta, value_after, granted_before, granted_after, happened_at, written_at, by, staff_id, source, reason,"
    " reverses, visit_id, idempotency_key)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'Deb', NULL, ?, '', NULL, ?, ?)"
)
HEAD = (
    "SELECT seq, sessions_after, value_after, granted_after FROM entry"
    " WHERE allowance_id = ? ORDER BY seq DESC LIMIT 1"
)
JOB = (
    "INSERT INTO outbox (id, kind, subject, payload, created_at, state, due_at, attempts, outcome)"
    " SELECT ?, ?, ?, '{}', ?, 'pending', ?, 0, '' WHERE NOT EXISTS (SELECT 1 FROM outbox"
    " WHERE subject = ? AND kind = ? AND state = 'pending' AND attempts = 0)"
)
OPERATION = "INSERT INTO operation VALUES (?, ?, ?, ?)"
_CLIENT = (
    "INSERT INTO client (id, name, search_text, name_folded, phone, email, language, created_at, erased_by,"
    " wants_mail, mail_problem) VALUES (?, ?, ?, ?, ?, NULL, 'en', ?, '', 1, '')"
)
_LINK = "INSERT INTO square_customer VALUES (?, ?, 1, 0, ?, '', '')"
_COURSE = (
    "INSERT INTO course (id, client_id, package_id, package_name, package_version, terms, price, tax, tax_in_price,"
    " tax_paid, currency, sold_at, booked_at, square_order_id, square_line_uid, unit, square_location_id)"
    " VALUES (?, ?, ?, 'A course', 1, ?, 198000, 0, 0, 0, 'USD', ?, ?, ?, 'L1', 1, 'LOCATION')"
)
_ALLOWANCE = "INSERT INTO allowance VALUES (?, ?, ?, ?, ?, ?, 16500, ?, ?)"
_READ = (
    "SELECT * FROM course WHERE id = ?",
    "SELECT * FROM allowance WHERE course_id = ?",
    "SELECT entry.*, visit.* FROM entry JOIN allowance ON allowance.id = entry.allowance_id"
    " LEFT JOIN visit ON visit.id = entry.visit_id WHERE allowance.course_id = ?",
    "SELECT * FROM history WHERE course_id = ?",
)


@dataclass(frozen=True)
class Content:
    """An allowance of the package that is sold."""

    treatment_id: str
    treatment: str
    kind: str
    sessions: int
    price: int
    usable_from: int | None


class Raw:
    """One connection, its statements written by hand."""

    def __init__(self, path: str, package_id: str, terms: str, contents: list[Content]) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._package_id, self._terms, self._contents = package_id, terms, contents
        self._numbers = count(1)

    def close(self) -> None:
        self._connection.close()

    def courses(self) -> list[tuple[str, str, str]]:
        """Return each course with its client and its first allowance."""
        return self._connection.execute(
            "SELECT course.id, course.client_id, allowance.id FROM course"
            " JOIN allowance ON allowance.course_id = course.id AND allowance.position ="
            " (SELECT min(position) FROM allowance WHERE course_id = course.id) ORDER BY course.id"
        ).fetchall()

    def use(self, course_id: str, client_id: str, allowance_id: str) -> None:
        """Use a session."""
        run, visit_id, key = self._connection.execute, self._id(), self._id()
        run("BEGIN IMMEDIATE")
        seq, sessions, value, granted = run(HEAD, (allowance_id,)).fetchone()
        earned = value // sessions
        run(VISIT, (visit_id, client_id, course_id, DAY, NOW))
        entry = (self._id(), allowance_id, seq + 1, "used", sessions, -1, sessions - 1, value, -earned)
        after = (value - earned, granted, granted, NOW, NOW, "desk", visit_id, f"use:{key}")
        run(ENTRY, (*entry, *after))
        self._enqueue(course_id, client_id)
        run(OPERATION, (key, "0" * 64, '{"entry_id": "", "session_number": 1, "earlier": []}', NOW))
        run("COMMIT")

    def book(self) -> None:
        """Sell a course to a new client."""
        run, client_id, course_id, order = self._connection.execute, self._id(), self._id(), self._id()
        run("BEGIN IMMEDIATE")
        run(_CLIENT, (client_id, "Bo Li", "bo li 5550124", "bo li", "+14155550124", NOW))
        run(_LINK, (f"C-{client_id}", client_id, NOW))
        run(_COURSE, (course_id, client_id, self._package_id, self._terms, NOW, NOW, order))
        for position, each in enumerate(self._contents):
            self._grant(course_id, order, position, each)
        self._enqueue(course_id, client_id)
        run("COMMIT")

    def read(self, course_id: str) -> None:
        """Read a course."""
        for query in _READ:
            self._connection.execute(query, (course_id,)).fetchall()

    def _grant(self, course_id: str, order: str, position: int, new: Content) -> None:
        run, allowance_id, many = self._connection.execute, self._id(), new.sessions
        of = (new.treatment_id, new.treatment, new.kind, new.price, new.usable_from)
        run(_ALLOWANCE, (allowance_id, course_id, position, *of))
        key, square = f"sale:{order}:{position}", ("square", None)
        sold = (self._id(), allowance_id, 1, "sold", 0, many, many, 0, 0, 0, 0, many, NOW, NOW)
        paid = (self._id(), allowance_id, 2, "paid", many, 0, many, 0, new.price, new.price, many, many)
        run(ENTRY, (*sold, *square, f"{key}:sold"))
        run(ENTRY, (*paid, NOW, NOW, *square, f"{key}:paid"))

    def _enqueue(self, course_id: str, client_id: str) -> None:
        for kind, subject in (("papers", course_id), ("profile", client_id)):
            self._connection.execute(JOB, (self._id(), kind, subject, NOW, NOW, subject, kind))

    def _id(self) -> str:
        return f"raw-{next(self._numbers):027d}"
