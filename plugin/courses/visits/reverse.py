"""Undo: a reversing entry, with its reason. Both lines stay in the history."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, Source, require
from plugin.core.ledger import Kind
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.chain import append_reversal, course_for_change
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import entry_in
from plugin.courses.base.views import Reversed
from plugin.courses.base.work import Work, transact
from plugin.courses.changes.early_use import earn_ahead
from plugin.courses.changes.expiry import first_used_on, follow_first_use
from plugin.courses.visits.bookings import free_booking_of_in
from plugin.errors import AlreadyReversed, Refused
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry


def reverse(store: Store, act: Act, entry_id: str, reason: str) -> Reversed:
    """Take back a used session; raises AlreadyReversed the second time, Refused for what is undone otherwise.

    The same act again gives the first answer.
    """
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    said = required(reason, field="reason", called="The reason", most=REASON_LENGTH)

    def do(work: Work) -> Reversed:
        _, course = entry_in(work.session, entry_id)
        held = course_for_change(work.session, course.id)
        request = {"entry_id": entry_id, "reason": said}
        undone = work.once("reverse", request, lambda: {"entry_id": undo_use(work, held, entry_id, said).id})
        return _answer(work.session, undone.answer["entry_id"], is_repeat=undone.is_repeat)

    return transact(store, act, do)


def undo_use(work: Work, course: Course, entry_id: str, reason: str) -> Entry:
    """Take back a used session of a course that the caller holds; its appointment can be settled again."""
    undone = _reversible(work.session, course, entry_id)
    before = first_used_on(work.session, course)
    written = append_reversal(work, undone, reason)
    earn_ahead(work, work.session.get_one(Allowance, undone.allowance_id))
    follow_first_use(work, course, before)
    free_booking_of_in(work.session, entry_id)
    publish(work, CourseChanged(course.id))
    return written


def _reversible(session: Session, course: Course, entry_id: str) -> Entry:
    entry = session.get_one(Entry, entry_id)
    if session.scalar(select(Entry.id).where(Entry.reverses == entry_id)) is not None:
        raise AlreadyReversed("That was undone before; both lines stand in the history.")
    if entry.kind != Kind.USED:
        raise Refused("Only a used session can be undone here.", code="not_reversible")
    if entry.visit_id is None and entry.source == Source.IMPORT:
        said = "These sessions were used before Coursekeeper. The owner puts their number right."
        raise Refused(said, code="not_reversible")
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
