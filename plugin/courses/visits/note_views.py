"""A note as people read it: of a visit, or of a client's day before a session was used there.

Points and observations are for those who treat: nothing else gets them.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.course_extras import IS_VALID
from plugin.courses.base.work import Work, require_row
from plugin.courses.catalog.visit_options import OptionView, options_in
from plugin.courses.clients.clients import living_client_in
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.tables import Activity, Client, Course, Staff, Visit, VisitNote, VisitNoteOption
from plugin.wording import N_, _


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


NO_VISIT = N_("There is no such visit.")


class FoundNote(NamedTuple):
    """What is at a place: the visit if a session was used, the note if one was written."""

    client: Client
    day: date
    visit: Visit | None
    row: VisitNote | None


@dataclass(frozen=True, slots=True)
class NotePlace:
    """Whose note it is: of a visit, or of the client's day, before a session was used there."""

    client_id: str
    visit_id: str | None = None
    on_day: date | None = None


@dataclass(frozen=True, slots=True)
class NoteContent:
    """What a note says. `points` and `observations`: None for those who may not read them."""

    practitioner_id: str | None = None
    option_ids: tuple[str, ...] = ()
    focus: str = ""
    note: str = ""
    interval_days: int | None = None
    points: str | None = None
    observations: str | None = None


@dataclass(frozen=True, slots=True)
class NoteChange:
    """One change of a note: when, by whom, and which parts."""

    at: datetime
    by: str
    what: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note, or the empty one of a place where nothing was written: then `version` is 0.

    `practitioner`: the name of who treats, also of one who left.
    """

    client_id: str
    client_name: str
    owner_id: str
    visit_id: str | None
    day: date
    content: NoteContent
    practitioner: str
    version: int
    changed_at: datetime | None
    changed_by: str
    changes: tuple[NoteChange, ...]
    options: tuple[OptionView, ...]

    @property
    def is_draft(self) -> bool:
        """Return whether no session was used for it yet."""
        return self.visit_id is None


def may_read_points(actor: Actor) -> bool:
    """Return whether this person may read points and observations: whoever treats, not the desk, no program."""
    return actor.source is Source.DESK and actor.role in (Role.PRACTITIONER, Role.OWNER)


def read_note(store: Store, act: Act, place: NotePlace) -> NoteView:
    """Return the note of a place; raises NotFound, or Refused for a visit that was undone."""
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    with store.reading() as session:
        return note_view_in(session, act, find_note_in(session, place, today_in(session, act)))


def today_in(session: Session, act: Act) -> date:
    """Return the clinic's day of an act."""
    return local_date_in(session, act.now)


def find_note_in(session: Session, place: NotePlace, today: date, *, is_locked: bool = False) -> FoundNote:
    """Return what is at a place; raises NotFound, or Refused for a visit that was undone."""
    if place.visit_id is not None:
        return _of_visit(session, place, place.visit_id, is_locked)
    client = living_client_in(session, place.client_id)
    day = place.on_day or today
    if (draft := draft_in(session, client.id, day, is_locked=is_locked)) is not None:
        return FoundNote(client, day, None, draft)
    # The session was used in the meantime: the note is that of the visit.
    visit = session.scalar(_valid_visits(client.id, day).order_by(Visit.id.desc()).limit(1))
    return FoundNote(client, day, visit, note_of_visit_in(session, visit.id) if visit else None)


def _of_visit(session: Session, place: NotePlace, visit_id: str, is_locked: bool) -> FoundNote:
    visit = require_row(session, Visit, visit_id, NO_VISIT)
    owner_id = session.scalar(select(Course.client_id).where(Course.id == visit.course_id))
    if place.client_id not in (visit.client_id, owner_id):
        raise NotFound(NO_VISIT)
    if session.scalar(_valid_visits(visit.client_id, visit.visited_on).where(Visit.id == visit_id)) is None:
        raise Refused(_("That session was undone since; there is no visit to describe."), code="undone")
    client = session.get_one(Client, visit.client_id)
    # A draft that was saved in the same moment as the use.
    note = note_of_visit_in(session, visit_id) or draft_in(
        session, client.id, visit.visited_on, is_locked=is_locked
    )
    return FoundNote(client, visit.visited_on, visit, note)


def _valid_visits(client_id: str, day: date) -> Select[Visit]:
    return select(Visit).where(Visit.client_id == client_id, Visit.visited_on == day, IS_VALID)


def option_ids_in(session: Session, note_id: str) -> tuple[str, ...]:
    """Return the ids of a note's focus areas and add-ons."""
    ids = select(VisitNoteOption.option_id).where(VisitNoteOption.note_id == note_id)
    return tuple(session.scalars(ids.order_by(VisitNoteOption.option_id)))


def content_in(session: Session, note: VisitNote, visit: Visit | None) -> NoteContent:
    return NoteContent(
        practitioner_id=visit.practitioner_id if visit else note.practitioner_id,
        option_ids=option_ids_in(session, note.id),
        focus=note.focus,
        note=note.note,
        interval_days=note.interval_days,
        points=note.points,
        observations=note.observations,
    )


def note_view_in(session: Session, act: Act, found: FoundNote) -> NoteView:
    """Return what this person may read of a note."""
    client, day, visit, row = found
    content = content_in(session, row, visit) if row else _empty(act.actor, visit)
    if not may_read_points(act.actor):
        content = replace(content, points=None, observations=None)
    named = session.get(Staff, content.practitioner_id) if content.practitioner_id else None
    owner_id = visit and session.scalar(select(Course.client_id).where(Course.id == visit.course_id))
    return NoteView(
        client_id=client.id,
        client_name=client.name,
        owner_id=owner_id or client.id,
        visit_id=visit.id if visit else None,
        day=day,
        content=content,
        practitioner=named.name if named else "",
        version=row.version if row else 0,
        changed_at=row.changed_at if row else None,
        changed_by=row.changed_by if row else "",
        changes=_changes(session, row.id) if row else (),
        options=options_in(session),
    )


def _empty(actor: Actor, visit: Visit | None) -> NoteContent:
    """Return an empty note: a practitioner who writes one is who treats."""
    treats = actor.staff_id if actor.role is Role.PRACTITIONER else None
    named = visit.practitioner_id if visit else None
    return NoteContent(practitioner_id=named or treats, points="", observations="")


def _changes(session: Session, note_id: str) -> tuple[NoteChange, ...]:
    rows = select(Activity).where(Activity.subject_id == note_id).order_by(Activity.id.desc())
    return tuple(NoteChange(row.at, row.by, row.after) for row in session.scalars(rows))
