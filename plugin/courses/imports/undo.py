"""Undo an import: every entry is reversed, as long as nothing was built on the courses since.

Clients created by it who have nothing else are deleted; the others are kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Column, delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Source
from plugin.core.ledger import Head
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.chain import EntryRow, append_all, next_reversal
from plugin.courses.base.work import Work, allowed
from plugin.courses.imports.batches import batch_for_change
from plugin.courses.imports.matching import AT_ONCE, portions
from plugin.courses.imports.writing import profiles_changed
from plugin.errors import Refused
from plugin.store.tables import (
    METADATA,
    Allowance,
    Client,
    Course,
    Entry,
    ImportBatch,
    ImportedCourse,
    Outbox,
)
from plugin.wording import N_n, _

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
    changed = by_hand | _written_since(session, batch) | _named_elsewhere(session, courses)
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
    """Return whether the course was closed or put on hold here.

    A course of an export may have been imported so.
    """
    moments = [moment for moment in (course.closed_at, course.frozen_at) if moment is not None]
    return any(batch.ended_at is None or moment > batch.ended_at for moment in moments)


def _written_since(session: Session, batch: ImportBatch) -> set[str]:
    later = (
        select(Allowance.course_id)
        .join(ImportedCourse, ImportedCourse.course_id == Allowance.course_id)
        .join(Entry, Entry.allowance_id == Allowance.id)
        .where(
            ImportedCourse.batch_id == batch.id,
            Entry.idempotency_key.not_like(f"import:{batch.id}:%"),
        )
    )
    return set(session.scalars(later))


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
