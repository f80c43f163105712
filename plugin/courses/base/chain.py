"""Reading and appending to an allowance's chain of entries. Only this module creates an `Entry` or its values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.course import AllowanceState
from plugin.core.ledger import START, Change, Head, Kind, advance, reversal
from plugin.courses.base.work import Work
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry, History

A = TypeVar("A", Allowance, AllowanceState)


@dataclass(frozen=True, slots=True)
class Line:
    """What one new entry says beside its numbers."""

    key: str
    happened_at: datetime
    reason: str = ""
    visit_id: str | None = None
    reverses: str | None = None


def course_for_change(session: Session, course_id: str) -> Course:
    """Return the course, locked for this transaction, so that two tablets run one after the other."""
    locked = select(Course).where(Course.id == course_id).with_for_update()
    # What this session had read of it before it waited for the lock may be old by now.
    course = session.scalar(locked.execution_options(populate_existing=True))
    if course is None:
        raise NotFound("There is no such course.")
    return course


def allowances_of(session: Session, course_id: str) -> list[Allowance]:
    """Return the course's allowances in their order."""
    rows = select(Allowance).where(Allowance.course_id == course_id).order_by(Allowance.position)
    return list(session.scalars(rows))


def main_of(allowances: Sequence[A]) -> A:
    """Return the allowance of the main treatment, or the first one."""
    return next((each for each in allowances if each.kind == "main"), allowances[0])


def head_of(session: Session, allowance_id: str) -> Head:
    """Return where the chain stands; the start where nothing is written yet."""
    last = session.scalar(
        select(Entry).where(Entry.allowance_id == allowance_id).order_by(Entry.seq.desc()).limit(1)
    )
    if last is None:
        return START
    return Head(last.seq, last.sessions_after, last.value_after, last.granted_after)


def last_entries(allowance_ids: Iterable[str]) -> Select[Entry]:
    """Return the query for the last entry of each of these chains."""
    newest = (
        select(Entry.allowance_id, func.max(Entry.seq).label("seq"))
        .where(Entry.allowance_id.in_(list(allowance_ids)))
        .group_by(Entry.allowance_id)
        .subquery()
    )
    return select(Entry).join(
        newest, and_(Entry.allowance_id == newest.c.allowance_id, Entry.seq == newest.c.seq)
    )


def money_paid(session: Session, allowance_id: str) -> int:
    """Return what was paid for the allowance, minor units."""
    total = select(func.coalesce(func.sum(Entry.value_delta), 0)).where(
        Entry.allowance_id == allowance_id, Entry.kind == Kind.PAID.value
    )
    return int(session.scalar(total) or 0)


def append(work: Work, allowance_id: str, head: Head, change: Change, line: Line) -> Entry:
    """Write the next entry of the chain; raises NoneLeft below zero. The database checks all of it again."""
    entry = Entry(**entry_values(work.store, work.act, allowance_id, head, change, line))
    work.session.add(entry)
    work.session.flush()
    return entry


def append_reversal(work: Work, undone: Entry, reason: str) -> Entry:
    """Write the entry that undoes another one to the cent, whatever was written since."""
    change = Change(
        Kind(undone.kind),
        sessions=undone.sessions_delta,
        value=undone.value_delta,
        granted=undone.granted_after - undone.granted_before,
    )
    line = Line(f"reverse:{undone.id}", work.now, reason=reason, reverses=undone.id)
    head = head_of(work.session, undone.allowance_id)
    return append(work, undone.allowance_id, head, reversal(change), line)


def entry_values(
    store: Store, act: Act, allowance_id: str, head: Head, change: Change, line: Line
) -> dict[str, Any]:
    """Return the columns of the next entry, for who writes thousands at once; raises NoneLeft below zero."""
    after = advance(head, change)
    return {
        "id": store.new_id(),
        "allowance_id": allowance_id,
        "seq": after.seq,
        "kind": change.kind.value,
        "sessions_before": head.sessions,
        "sessions_delta": change.sessions,
        "sessions_after": after.sessions,
        "value_before": head.value,
        "value_delta": change.value,
        "value_after": after.value,
        "granted_before": head.granted,
        "granted_after": after.granted,
        "happened_at": line.happened_at,
        "written_at": act.now,
        "by": act.actor.name,
        "staff_id": act.actor.staff_id,
        "source": act.actor.source.value,
        "reason": line.reason,
        "reverses": line.reverses,
        "visit_id": line.visit_id,
        "idempotency_key": line.key,
    }


def add_history(work: Work, course_id: str, kind: str, text: str, *, reason: str = "") -> None:
    """Add a line to the course's history for what no entry of its ledger shows."""
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
