"""Which client a row belongs to: one with the same name and phone or e-mail, or a new one.

A name alone is never enough: giving sessions to a namesake is worse than merging two clients later. A name may be
written in either order: “Kim, Grace” is Grace Kim.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.moments import day_at
from plugin.core.text import folded, name_key
from plugin.courses.base.clinic import clinic_in
from plugin.courses.clients.contacts import Contact
from plugin.courses.imports.columns import Wrong
from plugin.courses.imports.rows import ImportRow
from plugin.store.tables import Client, Course, ImportBatch, ImportedCourse
from plugin.wording import _

# SQLite limits the number of values in one query.
AT_ONCE = 500
# A name (in any order) with a phone or an e-mail address.
Mark = tuple[str, str]


@dataclass(slots=True)
class Person:
    """The owner of one or more rows; `client_id` None for a new client."""

    contact: Contact
    client_id: str | None = None
    wants_mail: bool = True


@dataclass(slots=True)
class _Known:
    """The clients of the database that share a contact, an id or a name with the file."""

    by_mark: dict[Mark, list[str]] = field(default_factory=lambda: defaultdict(list))
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def client_id(self, mark: Mark) -> str | None:
        # Of two equal matches, the older one.
        return min(self.by_mark.get(mark, ()), default=None) if mark[1] else None


@dataclass(slots=True)
class People:
    """The people of a file, matched row by row: rows of one name and one contact are one person.

    `namesakes` counts rows without a contact whose name a client has.
    """

    of_rows: list[Person] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    namesakes: int = 0
    _by_client: dict[str, Person] = field(default_factory=dict)
    _by_mark: dict[Mark, Person] = field(default_factory=dict)

    @property
    def new(self) -> list[Person]:
        """Return the new clients, once each."""
        return list({id(each): each for each in self.of_rows if each.client_id is None}.values())

    @property
    def known(self) -> set[str]:
        """Return the ids of the clients who exist already."""
        return {each.client_id for each in self.of_rows if each.client_id is not None}

    def add(self, row: ImportRow, known: _Known) -> None:
        by_phone, by_email = (known.client_id(mark) for mark in _marks(row.contact))
        if by_phone and by_email and by_phone != by_email:
            said = _(
                "Two clients here fit this row: one by phone, one by e-mail. Merge them first, or correct the row."
            )
            self.wrong.append(Wrong(row.line, "", said))
        has_contact = row.contact.phone or row.contact.email
        self.namesakes += not has_contact and row.contact.name_folded in known.names
        client_id, record = by_phone or by_email, row.record
        if record is None or record.client_id is None:
            self.of_rows.append(self._person(row.contact, client_id))
            return
        # Exported by Coursekeeper: one client for each exported id, whatever their names.
        here = record.client_id if record.client_id in known.ids else client_id
        person = Person(row.contact, here, wants_mail=record.wants_mail or here is not None)
        self.of_rows.append(self._by_client.setdefault(here or record.client_id, person))

    def _person(self, contact: Contact, client_id: str | None) -> Person:
        marks = [mark for mark in _marks(contact) if mark[1]] or [(name_key(contact.name), "")]
        if client_id:
            person = self._by_client.setdefault(client_id, Person(contact, client_id))
        else:
            seen = (self._by_mark[mark] for mark in marks if mark in self._by_mark)
            person = next(seen, Person(contact))
        for mark in marks:
            self._by_mark.setdefault(mark, person)
        # What a later row adds to a new client is stored as well.
        had = person.contact
        phone, email = had.phone or contact.phone, had.email or contact.email
        person.contact = Contact(had.name, phone, email, had.language)
        return person


def match_in(session: Session, rows: Sequence[ImportRow]) -> People:
    """Find the person of each row."""
    known, people = _known_in(session, rows), People()
    for row in rows:
        people.add(row, known)
    people.wrong += _imported_before(session, rows, people.of_rows)
    return people


def portions(values: set[str]) -> Iterator[list[str]]:
    """Return the values in order, in batches that fit into one query."""
    return batched(sorted(values), AT_ONCE)


def _marks(contact: Contact) -> tuple[Mark, Mark]:
    """Return what identifies a client: the name with the phone, and with the e-mail; "" if there is none."""
    key = name_key(contact.name)
    return (key, contact.phone or ""), (key, (contact.email or "").casefold())


def _known_in(session: Session, rows: Sequence[ImportRow]) -> _Known:
    known = _Known()
    exported = {row.record.client_id for row in rows if row.record and row.record.client_id}
    for column, wanted in (
        (Client.phone, {row.contact.phone for row in rows if row.contact.phone}),
        (func.lower(Client.email), {row.contact.email.casefold() for row in rows if row.contact.email}),
        (Client.name_folded, {row.contact.name_folded for row in rows}),
        (Client.id, exported),
    ):
        for some in portions(wanted):
            clients = session.execute(
                select(Client.id, Client.name, Client.name_folded, Client.phone, Client.email).where(
                    column.in_(some), Client.merged_into.is_(None)
                )
            )
            for client_id, name, name_folded, phone, email in clients:
                known.names.add(name_folded)
                known.ids |= {client_id} & exported
                for contact in filter(None, (phone, (email or "").casefold())):
                    known.by_mark[name_key(name), contact].append(client_id)
    return known


def _imported_before(
    session: Session, rows: Sequence[ImportRow], people: Sequence[Person]
) -> Iterator[Wrong]:
    """Yield the rows whose course was imported with another file: a corrected copy of a file must not count twice."""
    had = _had_in(session, {each.client_id for each in people if each.client_id})
    for row, person in zip(rows, people, strict=True):
        name = had.get((person.client_id or "", folded(row.course_name), row.sold_on))
        if name is not None:
            said = _("This course was imported before, from “{name}”. Take this line out.", name=name)
            yield Wrong(row.line, "", said)


def _had_in(session: Session, client_ids: set[str]) -> dict[tuple[str, str, date], str]:
    zone = clinic_in(session).zone
    found: dict[tuple[str, str, date], str] = {}
    for some in portions(client_ids):
        rows = session.execute(
            select(Course.client_id, Course.package_name, Course.sold_at, ImportBatch.name)
            .join(ImportedCourse, ImportedCourse.course_id == Course.id)
            .join(ImportBatch, ImportBatch.id == ImportedCourse.batch_id)
            .where(Course.client_id.in_(some), ImportBatch.state == "imported")
        )
        for client_id, package_name, sold_at, name in rows:
            found[client_id or "", folded(package_name), day_at(sold_at, zone)] = name
    return found


def present_in(session: Session, rows: Sequence[ImportRow]) -> set[str]:
    """Return the ids of exported courses that are in this database; those of an undone import may be imported again."""
    undone = (
        select(ImportedCourse.course_id)
        .join(ImportBatch, ImportBatch.id == ImportedCourse.batch_id)
        .where(ImportBatch.state == "undone")
    )
    found: set[str] = set()
    for some in portions({row.record.course_id for row in rows if row.record}):
        found.update(session.scalars(select(Course.id).where(Course.id.in_(some), Course.id.not_in(undone))))
    return found
