"""Read and extend an allowance's chain of entries. The only module that creates entries."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from plugin.core.course import AllowanceState
from plugin.core.fingerprint import ENTRY_FIELDS, entry_fingerprint, reason_fingerprint
from plugin.core.ledger import START, Change, Head, Kind, advance, reversal
from plugin.courses.base.work import Work
from plugin.errors import NotFound
from plugin.store.database import write
from plugin.store.ledger import Allowance, Course, Entry, History
from plugin.store.prepared import Prepared, prepared_insert

A = TypeVar("A", Allowance, AllowanceState)
NO_COURSE = "There is no such course."


@dataclass(frozen=True, slots=True)
class Line:
    """The fields of a new entry besides its numbers."""

    key: str
    happened_at: datetime
    reason: str = ""
    visit_id: str | None = None
    reverses: str | None = None


# A locked course: the ORM object, or a row of its columns.
LockedCourse: TypeAlias = Course | Any


class EntryRow(NamedTuple):
    """The columns of one entry."""

    id: str
    allowance_id: str
    seq: int
    kind: str
    sessions_before: int
    sessions_delta: int
    sessions_after: int
    value_before: int
    value_delta: int
    value_after: int
    granted_before: int
    granted_after: int
    happened_at: datetime
    written_at: datetime
    by: str
    staff_id: str | None
    source: str
    reason: str
    reverses: str | None
    visit_id: str | None
    idempotency_key: str
    reason_salt: str = ""
    reason_sha256: str = ""
    sha256: str = ""

    @property
    def head(self) -> Head:
        return Head(self.seq, self.sessions_after, self.value_after, self.granted_after, self.sha256)


def course_for_change(session: Session, course_id: str) -> Course:
    """Return the course, locked for this transaction so that two tablets run one after the other."""
    course = session.scalar(_LOCK_COURSE, {"course_id": course_id})
    if course is None:
        raise NotFound(NO_COURSE)
    return course


# What the session read of the course before it waited for the lock may be stale.
_LOCK_COURSE = (
    select(Course)
    .where(Course.id == bindparam("course_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def allowances_of(session: Session, course_id: str) -> list[Allowance]:
    """Return the course's allowances in their order."""
    rows = select(Allowance).where(Allowance.course_id == course_id).order_by(Allowance.position)
    return list(session.scalars(rows))


def main_of(allowances: Sequence[A]) -> A:
    """Return the allowance of the main treatment, or the first one."""
    return next((each for each in allowances if each.kind == "main"), allowances[0])


def head_of(session: Session, allowance_id: str) -> Head:
    """Return the head of the chain; the zero head where it has no entry yet."""
    return heads_of(session, [allowance_id]).get(allowance_id, START)


def heads_of(session: Session, allowance_ids: Sequence[str]) -> dict[str, Head]:
    """Return the heads of the chains that have entries, by allowance."""
    rows = _HEADS.all(session.connection(), {"allowance_ids": list(allowance_ids)})
    return {row.allowance_id: Head(*row[1:]) for row in rows}


_NEWEST = (
    select(Entry.allowance_id, func.max(Entry.seq).label("seq"))
    .where(Entry.allowance_id.in_(bindparam("allowance_ids", expanding=True)))
    .group_by(Entry.allowance_id)
    .subquery()
)
_HEADS = Prepared(
    select(
        Entry.allowance_id,
        Entry.seq,
        Entry.sessions_after,
        Entry.value_after,
        Entry.granted_after,
        func.coalesce(Entry.sha256, ""),
    ).join(_NEWEST, (Entry.allowance_id == _NEWEST.c.allowance_id) & (Entry.seq == _NEWEST.c.seq))
)


def money_paid(session: Session, allowance_id: str) -> int:
    """Return what was paid for the allowance, minor units."""
    total = select(func.sum(Entry.value_delta)).where(
        Entry.allowance_id == allowance_id, Entry.kind == Kind.PAID.value
    )
    return int(session.scalar(total) or 0)


def append(work: Work, allowance_id: str, head: Head, change: Change, line: Line) -> EntryRow:
    """Write the next entry of the chain; raises NoneLeft below zero. The database checks it again."""
    entry = next_entry(work, allowance_id, head, change, line)
    append_all(work, [entry])
    return entry


def append_reversal(work: Work, undone: Entry, reason: str) -> EntryRow:
    """Write the entry that undoes another one to the cent, whatever was written since."""
    entry = next_reversal(work, head_of(work.session, undone.allowance_id), undone, reason)
    append_all(work, [entry])
    return entry


def next_reversal(work: Work, head: Head, undone: Entry | Row[Any], reason: str) -> EntryRow:
    """Return the entry that undoes another one of the chain that ends so, not yet written."""
    change = Change(
        Kind(undone.kind),
        sessions=undone.sessions_delta,
        value=undone.value_delta,
        granted=undone.granted_after - undone.granted_before,
    )
    line = Line(f"reverse:{undone.id}", work.now, reason=reason, reverses=undone.id)
    return next_entry(work, undone.allowance_id, head, reversal(change), line)


def append_all(work: Work, entries: Sequence[EntryRow]) -> None:
    """Write entries in one statement, each after the one it follows."""
    # Rows they refer to may still be unflushed in the session.
    work.session.flush()
    if entries:
        write(work.session, _APPEND, *(entry._asdict() for entry in entries))


_APPEND = prepared_insert(Entry)


def next_entry(work: Work, allowance_id: str, head: Head, change: Change, line: Line) -> EntryRow:
    """Return the next entry of the chain, not yet written; raises NoneLeft below zero."""
    after, act = advance(head, change), work.act
    salt = secrets.token_hex(8) if line.reason else ""
    entry = EntryRow(
        id=work.new_id(),
        allowance_id=allowance_id,
        seq=after.seq,
        kind=change.kind.value,
        sessions_before=head.sessions,
        sessions_delta=change.sessions,
        sessions_after=after.sessions,
        value_before=head.value,
        value_delta=change.value,
        value_after=after.value,
        granted_before=head.granted,
        granted_after=after.granted,
        happened_at=line.happened_at,
        written_at=act.now,
        by=act.actor.name,
        staff_id=act.actor.staff_id,
        source=act.actor.source.value,
        reason=line.reason,
        reverses=line.reverses,
        visit_id=line.visit_id,
        idempotency_key=line.key,
        reason_salt=salt,
        reason_sha256=reason_fingerprint(salt, line.reason),
    )
    return entry._replace(sha256=entry_fingerprint(head.sha256, _HASHED(entry)))


_HASHED = attrgetter(*ENTRY_FIELDS)


def add_history(work: Work, course_id: str, kind: str, text: str, *, reason: str = "") -> None:
    """Add a line to the course's history, which is kept beside its entries."""
    work.session.add(
        History(
            id=work.new_id(),
            course_id=course_id,
            kind=kind,
            text=text[:400],
            at=work.now,
            by=work.act.actor.name,
            source=work.act.actor.source.value,
            reason=reason,
        )
    )
