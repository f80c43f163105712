"""Whose course a row tells of: a client known by exact name and phone or e-mail, or somebody new.

A name alone is never enough: to give somebody's sessions to a namesake is worse than to join two clients later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.text import folded
from plugin.courses.clinic import clinic_in
from plugin.courses.imports.rows import ImportRow, Wrong
from plugin.courses.people.contacts import Contact
from plugin.store.imports import ImportBatch, ImportedCourse
from plugin.store.ledger import Course
from plugin.store.people import Client

_AT_ONCE = 500


@dataclass(slots=True)
class Person:
    """Who owns one or more rows; `client_id` None for somebody new."""

    contact: Contact
    client_id: str | None = None


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
    """The clients of the database with the names of the file, by name and contact."""

    by_phone: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    by_email: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    names: set[str] = field(default_factory=set)


def match_in(session: Session, rows: Sequence[ImportRow]) -> Matched:
    """Find the person of each row; rows of one name and one contact are one person."""
    known = _known_in(session, {row.contact.name_folded for row in rows})
    met = _Met()
    people: list[Person] = []
    wrong: list[Wrong] = []
    namesakes = 0
    for row in rows:
        by_phone, by_email = _clients(known, row.contact)
        if by_phone and by_email and by_phone != by_email:
            said = "Two clients here fit this row: one by phone, one by e-mail. Join them first, or correct the row."
            wrong.append(Wrong(row.line, "", said))
        person = met.person(row.contact, by_phone or by_email)
        has_contact = row.contact.phone or row.contact.email
        namesakes += not has_contact and row.contact.name_folded in known.names
        people.append(person)
    wrong += _imported_before(session, rows, people)
    return Matched(tuple(people), tuple(wrong), namesakes)


@dataclass(slots=True)
class _Met:
    """The people of the rows read so far."""

    by_client: dict[str, Person] = field(default_factory=dict)
    by_mark: dict[tuple[str, str], Person] = field(default_factory=dict)

    def person(self, contact: Contact, client_id: str | None) -> Person:
        marks = _marks(contact)
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

    def _known(self, contact: Contact, client_id: str | None) -> Person | None:
        return self.by_client.setdefault(client_id, Person(contact, client_id)) if client_id else None


def _marks(contact: Contact) -> list[tuple[str, str]]:
    ways = [contact.phone or "", (contact.email or "").casefold()]
    return [(contact.name_folded, way) for way in ways if way] or [(contact.name_folded, "")]


def _clients(known: _Known, contact: Contact) -> tuple[str | None, str | None]:
    name = contact.name_folded
    by_phone = known.by_phone.get((name, contact.phone or ""), [])
    by_email = known.by_email.get((name, (contact.email or "").casefold()), [])
    # Of two that fit alike the one who was here first.
    return min(by_phone, default=None), min(by_email, default=None)


def _known_in(session: Session, names: set[str]) -> _Known:
    known = _Known()
    for some in _portions(sorted(names)):
        rows = session.execute(
            select(Client.id, Client.name_folded, Client.phone, Client.email).where(
                Client.name_folded.in_(some), Client.merged_into.is_(None)
            )
        )
        for client_id, name, phone, email in rows:
            known.names.add(name)
            if phone:
                known.by_phone[name, phone].append(client_id)
            if email:
                known.by_email[name, email.casefold()].append(client_id)
    return known


def _imported_before(session: Session, rows: Sequence[ImportRow], people: Sequence[Person]) -> list[Wrong]:
    """Name the rows whose course came with another file: the corrected copy of a file is not to count twice."""
    had = _had_in(session, sorted({each.client_id for each in people if each.client_id}))
    wrong = []
    for row, person in zip(rows, people, strict=True):
        name = had.get((person.client_id or "", folded(row.course_name), row.sold_on))
        if name is not None and row.is_sold_told:
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


def _portions(values: list[str]) -> list[list[str]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
