"""A note written before its session is used waits as a draft of the client's day; the use of that day takes it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work
from plugin.store.tables import Visit, VisitNote
from plugin.wording import N_


def draft_in(session: Session, client_id: str, day: date, *, is_locked: bool = True) -> VisitNote | None:
    """Return the client's oldest draft for the day, locked where it is to be changed."""
    wanted = select(VisitNote).where(
        VisitNote.visit_id.is_(None), VisitNote.client_id == client_id, VisitNote.on_day == day
    )
    oldest = wanted.order_by(VisitNote.id).limit(1)
    return session.scalar(oldest.with_for_update() if is_locked else oldest)


def note_of_visit_in(session: Session, visit_id: str) -> VisitNote | None:
    return session.scalar(select(VisitNote).where(VisitNote.visit_id == visit_id))


def note_use_in(work: Work, visit_id: str, draft: VisitNote | None, *, focus: str, note: str) -> None:
    """Give a new visit the draft that waited for it, and what was typed with the use; does nothing without either."""
    if draft is None and not focus and not note:
        return
    row = draft or new_note_in(work)
    row.focus, row.note = focus or row.focus, note or row.note
    join_in(work, row, visit_id)
    add_change_in(work, row, N_("written with the session") if draft is None else N_("joined to the session"))


def new_note_in(work: Work) -> VisitNote:
    """Return a new note without content, in no session yet: its place is set by the caller."""
    row = VisitNote(id=work.new_id(), focus="", note="", points="", observations="", version=0)
    row.changed_at, row.changed_by = work.now, work.act.actor.name
    return row


def join_in(work: Work, row: VisitNote, visit_id: str) -> None:
    """Make the note that of a visit, which says whose it is, on which day and who treated."""
    row.visit_id, row.client_id, row.on_day, row.practitioner_id = visit_id, None, None, None
    work.session.add(row)


def release_in(work: Work, note_id: str) -> None:
    """Keep the note of a visit that is undone as a draft for its client's day: the next use there takes it."""
    row = work.session.get_one(VisitNote, note_id)
    visit = work.session.get_one(Visit, row.visit_id)
    row.visit_id, row.client_id, row.on_day = None, visit.client_id, visit.visited_on
    row.practitioner_id = visit.practitioner_id
    add_change_in(work, row, N_("kept as a draft: the session was undone"))


def add_change_in(work: Work, row: VisitNote, what: str) -> None:
    """Record who changed which parts of the note, never its words, and let its version rise."""
    row.version += 1
    row.changed_at, row.changed_by = work.now, work.act.actor.name
    work.session.flush()
    visit = work.session.get_one(Visit, row.visit_id) if row.visit_id else None
    client_id, day = (visit.client_id, visit.visited_on) if visit else (row.client_id, row.on_day)
    record_in(work, Did.NOTE_CHANGED, name=str(day), after=what, client_id=client_id, subject_id=row.id)
    work.session.flush()
