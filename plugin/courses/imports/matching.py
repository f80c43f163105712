"""Whose course a row tells of: a client known by name and phone or e-mail, or somebody new.

A name alone is never enough: to give somebody's sessions to a namesake is worse than to join two clients later. A name
may be written in either order: “Kim, Grace” is Grace Kim.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from plugin.core.text import folded, name_key
from plugin.courses.base.clinic import clinic_in
from plugin.courses.clients.contacts import Contact
from plugin.courses.imports.cells import Wrong
from plugin.courses.imports.rows import ImportRow
from plugin.store.imports import ImportBatch, ImportedCourse
from plugin.store.ledger import Course
from plugin.store.people import Client

_AT_ONCE = 500


@dataclass(slots=True)
class Person:
    """Who owns one or more rows; `client_id` None for somebody new."""

    contact: Contact
    client_id: str | None = None
    wants_mail: bool = True


@dataclass(frozen=True, slots=True)
class Matched:
    """The person of each row, in the rows' order; rows that can't be matched; lines with a namesake here."""

    people: tuple[Person, ...]
    wrong: tuple[Wrong, ...]
    namesakes: int

    @property
    def new(self) -> list[Person]:
        """Return those who are new, once each."""
        return list({id(each): each for each in self.people if each.client_id is None}.values())

    @property
    def known(self) -> set[str]:
        """Return the clients who are here already."""
        return {each.client_id for each in self.people if each.client_id is not None}


@dataclass(slots=True)
class _Known:
    """The clients of the database with a contact, an id or a name of the file."""

    by_contact: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def match_in(session: Session, rows: Sequence[ImportRow]) -> Matched:
    """Find the person of each row; rows of one name and one contact are one person."""
    known = _known_in(session, rows)
    met = _Met(known)
    people: list[Person] = []
    wrong: list[Wrong] = []
    namesakes = 0
    for row in rows:
        by_phone, by_email = (_first(known, mark) for mark in _marks(row.contact))
        if by_phone and by_email and by_phone != by_email:
            said = "Two clients here fit this row: one by phone, one by e-mail. Merge them first, or correct the row."
            wrong.append(Wrong(row.line, "", said))
        people.append(met.person(row, by_phone or by_email))
        has_contact = row.contact.phone or row.contact.email
        namesakes += not has_contact and row.contact.name_folded in known.names
    wrong += _imported_before(session, rows, people)
    return Matched(tuple(people), tuple(wrong), namesakes)


@dataclass(slots=True)
class _Met:
    """The people of the rows read so far."""

    known: _Known
    by_client: dict[str, Person] = field(default_factory=dict)
    by_mark: dict[tuple[str, str], Person] = field(default_factory=dict)

    def person(self, row: ImportRow, client_id: str | None) -> Person:
        contact, record = row.contact, row.record
        if record is not None and record.client_id is not None:
            return self._exported(row, record.client_id, client_id)
        marks = [mark for mark in _marks(contact) if mark[1]] or [(name_key(contact.name), "")]
        person = self._known(contact, client_id) or next(
            (self.by_mark[mark] for mark in marks if mark in self.by_mark), Person(contact)
        )
        for mark in marks:
            self.by_mark.setdefault(mark, person)
        # What a later row adds to somebody new is kept as well.
        had = person.contact
        person.contact = Contact(
            had.name, had.phone or contact.phone, had.email or contact.email, had.language
        )
        return person

    def _exported(self, row: ImportRow, exported_id: str, client_id: str | None) -> Person:
        """Return the client of a course that Coursekeeper exported: one for each id, whatever their names."""
        wants_mail = row.record is None or row.record.wants_mail
        here = exported_id if exported_id in self.known.ids else client_id
        if here is not None:
            return self.by_client.setdefault(here, Person(row.contact, here))
        return self.by_client.setdefault(exported_id, Person(row.contact, None, wants_mail))

    def _known(self, contact: Contact, client_id: str | None) -> Person | None:
        return self.by_client.setdefault(client_id, Person(contact, client_id)) if client_id else None


def _marks(contact: Contact) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what a client is known by: the name with the phone, and with the e-mail; "" where there is none."""
    key = name_key(contact.name)
    return (key, contact.phone or ""), (key, (contact.email or "").casefold())


def _first(known: _Known, mark: tuple[str, str]) -> str | None:
    # Of two that fit alike the one who was here first.
    return min(known.by_contact.get(mark, ()), default=None) if mark[1] else None


def _known_in(session: Session, rows: Sequence[ImportRow]) -> _Known:
    known = _Known()
    emails = {row.contact.email.casefold() for row in rows if row.contact.email}
    exported = {row.record.client_id for row in rows if row.record and row.record.client_id}
    for column, wanted in (
        (Client.phone, {row.contact.phone for row in rows if row.contact.phone}),
        (func.lower(Client.email), emails),
        (Client.name_folded, {row.contact.name_folded for row in rows}),
        (Client.id, exported),
    ):
        for some in _portions(sorted(wanted)):
            _meet(session, known, column.in_(some), exported)
    return known


def _meet(session: Session, known: _Known, which: ColumnElement[bool], exported: set[str]) -> None:
    rows = session.execute(
        select(Client.id, Client.name, Client.name_folded, Client.phone, Client.email).where(
            which, Client.merged_into.is_(None)
        )
    )
    for client_id, name, name_folded, phone, email in rows:
        known.names.add(name_folded)
        if client_id in exported:
            known.ids.add(client_id)
        for way in (phone, (email or "").casefold()):
            if way:
                known.by_contact[name_key(name), way].append(client_id)


def _imported_before(session: Session, rows: Sequence[ImportRow], people: Sequence[Person]) -> list[Wrong]:
    """Name the rows whose course came with another file: the corrected copy of a file is not to count twice."""
    had = _had_in(session, sorted({each.client_id for each in people if each.client_id}))
    wrong = []
    for row, person in zip(rows, people, strict=True):
        name = had.get((person.client_id or "", folded(row.course_name), row.sold_on))
        if name is not None:
            said = f"This course was imported before, from “{name}”. Take this line out."
            wrong.append(Wrong(row.line, "", said))
    return wrong


def _had_in(session: Session, client_ids: list[str]) -> dict[tuple[str, str, date], str]:
    zone = ZoneInfo(clinic_in(session).time_zone)
    found: dict[tuple[str, str, date], str] = {}
    for some in _portions(client_ids):
        rows = session.execute(
            select(Course.client_id, Course.package_name, Course.sold_at, ImportBatch.name)
            .join(ImportedCourse, ImportedCourse.course_id == Course.id)
            .join(ImportBatch, ImportBatch.id == ImportedCourse.batch_id)
            .where(Course.client_id.in_(some), ImportBatch.state == "imported")
        )
        for client_id, package_name, sold_at, name in rows:
            found[client_id or "", folded(package_name), sold_at.astimezone(zone).date()] = name
    return found


def here_already_in(session: Session, rows: Sequence[ImportRow]) -> set[str]:
    """Return the ids of exported courses that are in this database; of an undone import they may come again."""
    found: set[str] = set()
    for some in _portions(sorted({row.record.course_id for row in rows if row.record})):
        undone = (
            select(ImportedCourse.course_id)
            .join(ImportBatch, ImportBatch.id == ImportedCourse.batch_id)
            .where(ImportBatch.state == "undone")
        )
        found.update(session.scalars(select(Course.id).where(Course.id.in_(some), Course.id.not_in(undone))))
    return found


def _portions(values: list[str]) -> list[list[str]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
