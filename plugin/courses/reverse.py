"""Undo: a reversing entry, with its reason. Both lines stay in the history."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.core.ledger import Change, Kind, reversal
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.chain import Line, append, course_for_change, head_of
from plugin.courses.operations import answered_before, digest, remember
from plugin.courses.outbox import course_changed_in
from plugin.courses.read import entry_in
from plugin.courses.views import Reversed
from plugin.errors import AlreadyReversed, Refused
from plugin.store import Store
from plugin.store.ledger import Course, Entry


def reverse(store: Store, act: Act, entry_id: str, reason: str) -> Reversed:
    """Take back a used session; raises AlreadyReversed the second time, Refused for what is undone otherwise.

    The same act again gives the first answer.
    """
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    said = required(reason, field="reason", called="The reason", most=REASON_LENGTH)
    asked = digest("reverse", {"entry_id": entry_id, "reason": said})

    def work(session: Session) -> Reversed:
        _, course = entry_in(session, entry_id)
        held = course_for_change(session, course.id)
        # Asked once the course is held: the same key may have waited there behind itself.
        if known := answered_before(session, act, asked):
            return _answer(session, known["entry_id"], is_repeat=True)
        undone = _reversible(session, held, entry_id)
        written = reverse_in(session, store, act, undone, said)
        course_changed_in(session, store, act, held.id)
        remember(session, act, asked, {"entry_id": written.id})
        return _answer(session, written.id, is_repeat=False)

    return store.transact(work)


def reverse_in(session: Session, store: Store, act: Act, undone: Entry, reason: str) -> Entry:
    """Write the reversing entry to the cent, whatever was written since."""
    change = Change(
        Kind(undone.kind),
        sessions=undone.sessions_delta,
        value=undone.value_delta,
        granted=undone.granted_after - undone.granted_before,
    )
    line = Line(f"reverse:{undone.id}", act.now, reason=reason, reverses=undone.id)
    head = head_of(session, undone.allowance_id)
    return append(session, store, act, undone.allowance_id, head, reversal(change), line)


def _reversible(session: Session, course: Course, entry_id: str) -> Entry:
    entry = session.get_one(Entry, entry_id)
    if session.scalar(select(Entry.id).where(Entry.reverses == entry_id)) is not None:
        raise AlreadyReversed("That was undone before; both lines stand in the history.")
    if entry.kind != Kind.USED:
        raise Refused("Only a used session can be undone here.", code="not_reversible")
    if course.closed_as is not None:
        said = f"This course was {course.closed_as}; a session can't be given back to it."
        raise Refused(said, code=course.closed_as)
    return entry


def _answer(session: Session, entry_id: str, *, is_repeat: bool) -> Reversed:
    entry, course = entry_in(session, entry_id)
    return Reversed(
        entry=entry,
        sessions_left=entry.sessions_after,
        course_id=course.id,
        client_id=course.client_id,
        is_repeat=is_repeat,
    )
