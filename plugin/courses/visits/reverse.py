"""Undo: a reversing entry, with its reason. Both entries remain in the history."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Role, Source
from plugin.core.course import CourseState
from plugin.core.ledger import Kind
from plugin.core.status import CLOSED
from plugin.core.terms import terms_from_json
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.chain import EntryRow, append_reversal, course_for_change
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import entry_in, entry_view
from plugin.courses.base.state import numbered_states
from plugin.courses.base.views import EntryView, Reversed
from plugin.courses.base.work import Work, allowed
from plugin.courses.changes.adjust import earn_ahead
from plugin.courses.changes.expiry import follow_first_use
from plugin.courses.visits.bookings import free_booking_of_in
from plugin.courses.visits.note_views import release_in
from plugin.errors import AlreadyReversed, Refused
from plugin.store.tables import Course, Entry, VisitNote
from plugin.wording import N_, _

# The reason of whoever gives none: stored in English, as all that is stored.
UNDONE_AT_THE_DESK = N_("Undone at the desk")


@allowed(Role.DESK, Role.PRACTITIONER)
def reverse(work: Work, entry_id: str, reason: str) -> Reversed:
    """Undo a used session; raises AlreadyReversed the second time, Refused for what is undone otherwise.

    The same act again returns the first result.
    """
    said = required(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)
    entry, course = entry_in(work.session, entry_id)
    course = course_for_change(work.session, course.id)
    written: EntryRow | None = None

    def undo() -> dict[str, Any]:
        nonlocal written
        written = undo_use(work, course, entry_id, said)
        return {"entry_id": written.id}

    undone = work.once("reverse", {"entry_id": entry_id, "reason": said}, undo)
    if written is not None:
        return _answer(entry_view(written, entry.treatment, course.currency), course, is_repeat=False)
    return _answer(entry_in(work.session, undone.answer["entry_id"])[0], course, is_repeat=True)


def undo_use(work: Work, course: Course, entry_id: str, reason: str) -> EntryRow:
    """Undo a used session of a course that the caller has locked; its appointment can be settled again."""
    undone, note_id = _reversible(work.session, course, entry_id)
    before = _state(work, course)
    written = append_reversal(work, undone, reason)
    earn_ahead(work, [undone.allowance_id])
    if before is not None:
        follow_first_use(work, course, before.first_used_on, before.without_use(entry_id).first_used_on)
    free_booking_of_in(work.session, entry_id)
    if note_id is not None:
        release_in(work, note_id)
    publish(work, CourseChanged(course.id))
    return written


def _state(work: Work, course: Course) -> CourseState | None:
    """Return the course's state, None where its last day does not depend on its first use."""
    if not terms_from_json(course.terms).waits_for_first_use:
        return None
    today = local_date_in(work.session, work.now)
    return numbered_states(work.session, [course.id], today=today)[course.id]


def _reversible(session: Session, course: Course, entry_id: str) -> tuple[Entry, str | None]:
    """Return the entry to undo, and the note of its visit, if it has one."""
    entry = session.get_one(Entry, entry_id)
    undoing = select(Entry.id).where(Entry.reverses == entry_id).scalar_subquery()
    note = select(VisitNote.id).where(VisitNote.visit_id == (entry.visit_id or "")).scalar_subquery()
    undone_by, note_id = session.execute(select(undoing, note)).one()
    if undone_by is not None:
        raise AlreadyReversed(_("That was undone before; both lines stand in the history."))
    if entry.kind != Kind.USED:
        raise Refused(_("Only a used session can be undone here."), code="not_reversible")
    if entry.visit_id is None and entry.source == Source.IMPORT:
        said = _("These sessions were used before Coursekeeper. The owner can correct their number.")
        raise Refused(said, code="not_reversible")
    if course.closed_as is not None:
        said = _(
            "This course was {closed_as}; a session of it can’t be undone.",
            closed_as=CLOSED[course.closed_as],
        )
        raise Refused(said, code=course.closed_as)
    return entry, note_id


def _answer(entry: EntryView, course: Course, *, is_repeat: bool) -> Reversed:
    return Reversed(
        entry=entry,
        sessions_left=entry.sessions_after,
        course_id=course.id,
        client_id=course.client_id,
        is_repeat=is_repeat,
    )
