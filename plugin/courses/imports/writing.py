"""Write the courses of a file into the ledger, and undo it: all in the caller's transaction, thousands at once.

Each course gets the entries any other gets: sold, paid, and one `used` without a visit for what was used before. To
undo, every entry is reversed, as long as nothing was built on the courses since; clients created by the import who
have nothing else are deleted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, delete, insert, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Source
from plugin.core.ledger import START, Change, Head, Kind, advance, paid, sold, used
from plugin.core.money import allocate
from plugin.core.terms import ExpiresFrom, Terms, terms_from_json
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.chain import EntryRow, Line, append_all, next_entry, next_reversal
from plugin.courses.base.clinic import clinic_in, noon_of
from plugin.courses.base.course_record import CourseRecord
from plugin.courses.base.outbox import PROFILE, enqueue
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import Work, allowed
from plugin.courses.imports.batches import batch_for_change
from plugin.courses.imports.check import Checked
from plugin.courses.imports.matching import AT_ONCE, Person, portions
from plugin.courses.imports.offers import Content, Offer, UnlistedOffers
from plugin.courses.imports.rows import ImportRow
from plugin.errors import Refused
from plugin.store.recorded import recorded
from plugin.store.tables import (
    METADATA,
    Allowance,
    Client,
    Course,
    Entry,
    ImportBatch,
    ImportedCourse,
    Outbox,
    SquareCustomer,
)
from plugin.wording import N_, N_n, _

USED_BEFORE = N_("Imported: used before Coursekeeper")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """One new allowance: its content, its part of the agreed price, and the entries it starts with."""

    id: str
    content: Content
    price: int
    changes: tuple[Change, ...]
    ahead: int = 0


def write_courses(work: Work, batch: ImportBatch, checked: Checked) -> None:
    """Write clients, courses, allowances and entries. The act carries the person's name and the import as source."""
    clinic = clinic_in(work.session)
    unlisted = UnlistedOffers(work, clinic.currency)
    known, new = checked.people.known, checked.people.new
    written: defaultdict[str, list[Values]] = defaultdict(list)
    written["client"] = [_client(work, person) for person in new]
    made = {person.client_id for person in new}
    for row, person in zip(checked.rows, checked.people.of_rows, strict=True):
        offer = _offer(unlisted, row)
        course = _course(work, row, offer, person, clinic)
        parts = _recorded_parts(work, unlisted, row.record) if row.record else _parts(work, row, offer)
        written["course"].append(course)
        written["allowance"] += [_allowance(course["id"], part) for part in parts]
        written["allowed_ahead"] += [_allowed(work, part) for part in parts if part.ahead]
        written["entry"] += _entries(work, batch, row, course["sold_at"], parts)
        written["imported_course"].append(
            {
                "course_id": course["id"],
                "batch_id": batch.id,
                "line": row.line,
                "has_new_client": person.client_id in made,
            }
        )
    for table in ("client", "course", "allowance", "allowed_ahead", "entry", "imported_course"):
        if written[table]:
            # The table, not the class: rows that leave different columns empty are still inserted together.
            work.session.execute(insert(METADATA.tables[table]), written[table])
    # No papers are rendered ahead: there would be thousands that may never be requested.
    profiles_changed(work, known)


def profiles_changed(work: Work, client_ids: set[str]) -> None:
    """Enqueue the balance of those who are in Square, to be written to their profiles."""
    for some in portions(client_ids):
        present = select(SquareCustomer.client_id).where(SquareCustomer.client_id.in_(some)).distinct()
        for client_id in work.session.scalars(present).all():
            enqueue(work, PROFILE, client_id)


def _client(work: Work, person: Person) -> Values:
    person.client_id = work.new_id()
    return {
        "id": person.client_id,
        **person.contact.columns(),
        "wants_mail": person.wants_mail,
        "created_at": work.now,
    }


def _offer(unlisted: UnlistedOffers, row: ImportRow) -> Offer:
    if row.offer is not None:
        return row.offer
    if row.record is not None:
        return unlisted.of_record(row.record, row.course_name)
    return unlisted.of_treatment(row.course_name, row.granted, row.price)


def _course(work: Work, row: ImportRow, offer: Offer, person: Person, clinic: ClinicView) -> Values:
    record = row.record
    terms = record.terms if record else _terms(row, offer)
    values = {
        "id": work.new_id(),
        "client_id": person.client_id,
        "package_id": offer.id,
        "package_name": offer.name,
        "package_version": offer.version,
        "terms": terms.to_json(),
        "price": record.price if record else row.price or 0,
        "currency": clinic.currency,
        "sold_at": min(row.sold_at or noon_of(row.sold_on, clinic.zone), work.now),
        "booked_at": work.now,
        "expires_on": row.expires_on if record else terms.expiry(row.sold_on),
        "frozen_at": record.frozen_at if record else None,
        "closed_as": record.closed_as if record else None,
        "closed_at": record.closed_at if record else None,
    }
    return recorded("course", values)


def _terms(row: ImportRow, offer: Offer) -> Terms:
    terms = terms_from_json(offer.terms)
    if not row.is_expiry_given:
        return terms
    return replace(terms, expires_after_months=None, expires_on=row.expires_on, expires_from=ExpiresFrom.SALE)


def _recorded_parts(work: Work, unlisted: UnlistedOffers, record: CourseRecord) -> list[_Part]:
    pairs = zip(unlisted.contents_of(record), record.allowances, strict=True)
    return [
        _Part(work.new_id(), content, of.price, of.changes or (paid(0),), of.ahead) for content, of in pairs
    ]


def _parts(work: Work, row: ImportRow, offer: Offer) -> list[_Part]:
    counts = [_counts(row, offer, content) for content in offer.contents]
    weights = [
        granted * content.single_price
        for (granted, _other), content in zip(counts, offer.contents, strict=True)
    ]
    shares = allocate(row.price or 0, weights)
    return [
        _Part(work.new_id(), content, share, _changes(granted, spent, share))
        for content, (granted, spent), share in zip(offer.contents, counts, shares, strict=True)
    ]


def _changes(granted: int, spent: int, share: int) -> tuple[Change, ...]:
    first = sold(granted), paid(share)
    return (*first, used(advance(advance(START, first[0]), first[1]), spent)) if spent else first


def _counts(row: ImportRow, offer: Offer, content: Content) -> tuple[int, int]:
    """Return the sessions granted and used of one content of the course."""
    if content == offer.main:
        return row.granted, row.used
    if content.kind == "touch_up":
        return content.sessions, 0 if row.touch_ups_left is None else content.sessions - row.touch_ups_left
    # An add-on goes with a session.
    return content.sessions, min(content.sessions, row.used)


def _allowance(course_id: str, part: _Part) -> Values:
    content = part.content
    values = {
        "id": part.id,
        "course_id": course_id,
        "position": content.position,
        "treatment_id": content.treatment_id,
        "treatment": content.treatment,
        "kind": content.kind,
        "single_price": content.single_price,
        "price": part.price,
        "usable_from_session": content.usable_from_session,
    }
    return recorded("allowance", values)


def _allowed(work: Work, part: _Part) -> Values:
    return {
        "id": work.new_id(),
        "allowance_id": part.id,
        "sessions": part.ahead,
        "at": work.now,
        "by": work.act.actor.name,
        "reason": _("Imported"),
    }


def _entries(
    work: Work, batch: ImportBatch, row: ImportRow, sold_at: datetime, parts: Sequence[_Part]
) -> Iterator[Values]:
    """Yield what was sold and paid first, then what was used, so that they are grouped in the history."""
    heads: dict[str, Head] = {}

    def entry(part: _Part, change: Change, reason: str) -> Values:
        key = f"import:{batch.id}:{row.line}:{part.content.position}:{change.kind.value}"
        line = Line(key, sold_at, reason=reason)
        written = next_entry(work, part.id, heads.get(part.id, START), change, line)
        heads[part.id] = written.head
        return written._asdict()

    note = f". {row.note}" if row.note else ""
    reason = _("Imported from “{batch}”, line {line}{note}", batch=batch.name[:60], line=row.line, note=note)[
        :REASON_LENGTH
    ]
    for is_later in (False, True):
        for part in parts:
            for change in part.changes:
                if (change.sessions < 0 or change.value < 0) is is_later:
                    yield entry(part, change, USED_BEFORE if change.kind is Kind.USED else reason)


# Part of every imported course; a row of any other table that references one was created since.
_OWN = ("allowance", "imported_course")


@allowed()
def undo_import(work: Work, batch_id: str, reason: str) -> int:
    """Undo an import; return the number of courses.

    Raises Refused where one of them was used or changed since. Idempotent.
    """
    said = required(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)
    by = Actor(work.act.actor.name, work.act.actor.role, Source.IMPORT, work.act.actor.staff_id)
    batch = batch_for_change(work.session, batch_id)
    if batch.state == "undone":
        return 0
    if batch.state != "imported":
        raise Refused(_("Only what was imported can be undone."), code=batch.state)
    courses = _locked_in(work.session, batch)
    _refuse_changed(work.session, batch, courses)
    _reverse(Work(work.session, work.store, Act(by, work.now, work.act.key)), courses, said)
    batch.state, batch.undone_at = "undone", work.now
    batch.undone_by, batch.undone_because = work.act.actor.name, said
    record_in(work, Did.IMPORT_UNDONE, name=batch.name, subject_id=batch.id, reason=said)
    deleted = _delete_clients_in(work.session, batch, courses)
    profiles_changed(work, {each.client_id for each in courses if each.client_id} - deleted)
    return len(courses)


def _locked_in(session: Session, batch: ImportBatch) -> list[Course]:
    ours = (
        select(Course)
        .join(ImportedCourse, ImportedCourse.course_id == Course.id)
        .where(ImportedCourse.batch_id == batch.id)
        .order_by(Course.id)
    )
    return list(session.scalars(ours.with_for_update(of=Course).execution_options(populate_existing=True)))


def _refuse_changed(session: Session, batch: ImportBatch, courses: Sequence[Course]) -> None:
    by_hand = {course.id for course in courses if _is_changed(course, batch)}
    later = (
        select(Allowance.course_id)
        .join(ImportedCourse, ImportedCourse.course_id == Allowance.course_id)
        .join(Entry, Entry.allowance_id == Allowance.id)
        .where(
            ImportedCourse.batch_id == batch.id,
            Entry.idempotency_key.not_like(f"import:{batch.id}:%"),
        )
    )
    changed = by_hand | set(session.scalars(later)) | _named_elsewhere(session, courses)
    if not changed:
        return
    names = sorted(_names(session, [course.client_id for course in courses if course.id in changed]))
    said = N_n(
        "One course was used or changed since, of {names}.",
        "{n} courses were used or changed since, of {names}.",
        len(changed),
        names=", ".join(names[:3])
        if len(names) <= 3
        else _("{names} and others", names=", ".join(names[:3])),
    )
    raise Refused(_("{said} Correct those courses one by one.", said=said), code="used_since")


def _is_changed(course: Course, batch: ImportBatch) -> bool:
    """Return whether the course was closed or put on hold here. A course of an export may have been imported so."""
    moments = [moment for moment in (course.closed_at, course.frozen_at) if moment is not None]
    return any(batch.ended_at is None or moment > batch.ended_at for moment in moments)


def _named_elsewhere(session: Session, courses: Sequence[Course]) -> set[str]:
    ids = [course.id for course in courses]
    return {
        found
        for column in _naming("course")
        if column.table.name not in _OWN
        for found in _among(session, column, ids)
    }


def _naming(table: str) -> Iterator[Column[Any]]:
    """Yield every column, of any table, that references a row of this one."""
    for each in METADATA.sorted_tables:
        for key in each.foreign_keys:
            if key.column.table.name == table and key.column.name == "id":
                yield key.parent


def _among(session: Session, column: Column[Any], ids: Iterable[str]) -> set[str]:
    return {
        found
        for some in portions(set(ids))
        for found in session.scalars(select(column).where(column.in_(some)))
    }


def _names(session: Session, client_ids: Iterable[str | None]) -> list[str]:
    some = [each for each in client_ids if each][:AT_ONCE]
    return list(session.scalars(select(Client.name).where(Client.id.in_(some)).distinct()))


def _reverse(work: Work, courses: Sequence[Course], reason: str) -> None:
    written: list[EntryRow] = []
    for some in portions({course.id for course in courses}):
        rows = work.session.execute(
            select(*_ENTRY)
            .join(Allowance, Allowance.id == Entry.allowance_id)
            .where(Allowance.course_id.in_(some))
            .order_by(Entry.allowance_id, Entry.seq)
        )
        for _other, chain in groupby(rows, key=lambda entry: entry.allowance_id):
            written += _reversals(work, list(chain), reason)
    append_all(work, written)


_ENTRY = (
    Entry.id,
    Entry.allowance_id,
    Entry.seq,
    Entry.kind,
    Entry.sessions_delta,
    Entry.sessions_after,
    Entry.value_delta,
    Entry.value_after,
    Entry.granted_before,
    Entry.granted_after,
    Entry.sha256,
)


def _reversals(work: Work, chain: Sequence[Any], reason: str) -> Iterator[EntryRow]:
    """Yield the entries that reverse a chain, the last one first."""
    last = chain[-1]
    head = Head(last.seq, last.sessions_after, last.value_after, last.granted_after, last.sha256 or "")
    for entry in reversed(chain):
        written = next_reversal(work, head, entry, reason)
        yield written
        head = written.head


def _delete_clients_in(session: Session, batch: ImportBatch, courses: Sequence[Course]) -> set[str]:
    """Delete the clients created by the import who have nothing else; return their ids."""
    new = select(ImportedCourse.course_id).where(
        ImportedCourse.batch_id == batch.id, ImportedCourse.has_new_client.is_(True)
    )
    came_new = set(session.scalars(new))
    candidates = {each.client_id for each in courses if each.id in came_new and each.client_id}
    deleted = candidates - _with_something_else(session, candidates, {course.id for course in courses})
    for course in courses:
        if course.client_id in deleted:
            # The ledger keeps the course, without a client's name.
            course.client_id = None
    session.flush()
    for some in portions(deleted):
        statement = delete(Client).where(Client.id.in_(some))
        session.execute(statement.execution_options(synchronize_session=False))
    return deleted


def _with_something_else(session: Session, client_ids: set[str], courses: set[str]) -> set[str]:
    kept: set[str] = set()
    for column in _naming("client"):
        if column.table.name != "course":
            kept |= _among(session, column, client_ids)
    for some in portions(client_ids):
        owned = session.execute(select(Course.client_id, Course.id).where(Course.client_id.in_(some)))
        kept |= {client_id or "" for client_id, course_id in owned if course_id not in courses}
        kept |= set(session.scalars(select(Outbox.subject).where(Outbox.subject.in_(some))))
    return kept
