"""Notes of visits: written before, during or after the session is used, with one tap where a list will do.

The front desk writes what concerns it; points and observations are written by those who treat.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Actor, Role
from plugin.core.text import NOTE_LENGTH, optional, paragraphs
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.words import time_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.catalog.visit_options import options_in
from plugin.courses.visits.note_views import (
    NO_VISIT,
    FoundNote,
    NoteContent,
    NotePlace,
    NoteView,
    add_change_in,
    content_in,
    find_note_in,
    join_in,
    may_read_points,
    new_note_in,
    note_view_in,
    option_ids_in,
    today_in,
)
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from plugin.store.tables import Client, Staff, Visit, VisitNote, VisitNoteOption
from plugin.wording import N_, _

LONGEST_INTERVAL = 365
PRIVATE_LENGTH = 4000
# A note may be prepared for a booked visit, not for any day.
MOST_DAYS_AHEAD = 60
# The field of the refusal that tells of a change meanwhile: of the form as a whole.
NOTE_CHANGED = "changed"
# The parts that papers, pages and e-mails show.
_SHOWN = {"practitioner", "focus areas and add-ons", "focus", "next visit"}


@allowed(Role.DESK, Role.PRACTITIONER)
def save_note(work: Work, place: NotePlace, new: NoteContent, *, seen_version: int) -> NoteView:
    """Save a note and return it; the ledger is not touched. The same act again returns the note as it is.

    Raises InvalidField, NotFound, Refused for a visit that was undone, and where the note was changed after
    `seen_version`.
    """
    content = _checked(work.act.actor, new)
    request = {
        "client": place.client_id,
        "visit": place.visit_id,
        "day": str(place.on_day),
        "says": _said(new),
    }
    lock_place_in(work, place)
    today = today_in(work.session, work.act)
    _check_day(place, today)
    found = find_note_in(work.session, place, today, is_locked=True)

    def write() -> dict[str, Any]:
        return {
            "note_id": write_note_in(work, found, content, seen_version).id,
            "client_id": found.client.id,
        }

    work.once("visit_note", request, write)
    return note_view_in(work.session, work.act, find_note_in(work.session, place, today))


def replace_note_in(work: Work, place: NotePlace, new: NoteContent, writer: Actor) -> None:
    """Write a note over what stands there now, by a decision within the caller's transaction.

    `writer`: whose words they are. Raises as `save_note` does.
    """
    content = _checked(writer, new)
    lock_place_in(work, place)
    found = find_note_in(work.session, place, today_in(work.session, work.act), is_locked=True)
    write_note_in(work, found, content, found.row.version if found.row else 0)


def _said(content: NoteContent) -> list[Any]:
    options = sorted(content.option_ids)
    texts = (content.focus, content.note, content.points, content.observations)
    return [content.practitioner_id, options, content.interval_days, *texts]


def _checked(actor: Actor, new: NoteContent) -> NoteContent:
    if new.interval_days is not None and not 1 <= new.interval_days <= LONGEST_INTERVAL:
        raise InvalidField(
            _("The next visit is in 1 to {longest_interval} days.", longest_interval=LONGEST_INTERVAL),
            field="interval_days",
        )
    if not may_read_points(actor) and (new.points, new.observations) != (None, None):
        raise NotAllowed(_("Points and observations are written by those who treat."))
    return NoteContent(
        practitioner_id=new.practitioner_id or None,
        option_ids=tuple(dict.fromkeys(new.option_ids)),
        focus=optional(new.focus, field="focus", called=_("The focus"), most=NOTE_LENGTH),
        note=optional(new.note, field="note", called=_("The note"), most=NOTE_LENGTH),
        interval_days=new.interval_days,
        points=_private(new.points, "points", _("The text of the points")),
        observations=_private(new.observations, "observations", _("The text of the observations")),
    )


def _private(text: str | None, field: str, called: str) -> str | None:
    if text is None:
        return None
    return paragraphs(text, field=field, called=called, most=PRIVATE_LENGTH)


def _check_day(place: NotePlace, today: date) -> None:
    if place.on_day is not None and (place.on_day - today).days > MOST_DAYS_AHEAD:
        raise InvalidField(
            _("A note is for a visit within {most_days_ahead} days.", most_days_ahead=MOST_DAYS_AHEAD),
            field="on_day",
        )


def lock_place_in(work: Work, place: NotePlace) -> None:
    """Let those who write about one client run one after the other, a use of a session included."""
    client_id = place.client_id
    if place.visit_id is not None:
        found = work.session.scalar(select(Visit.client_id).where(Visit.id == place.visit_id))
        if found is None:
            raise NotFound(NO_VISIT)
        client_id = found
    work.session.execute(select(Client.id).where(Client.id == client_id).with_for_update(key_share=True))


def write_note_in(work: Work, found: FoundNote, new: NoteContent, seen_version: int) -> VisitNote:
    """Write a checked note within the caller's transaction, which has locked its place; raises as `save_note` does."""
    client, day, visit, row = found
    if seen_version != (row.version if row else 0):
        raise _overtaken(work.session, row)
    _check_practitioner(work.session, new.practitioner_id)
    note = row or new_note_in(work)
    before = content_in(work.session, note, visit) if row else NoteContent(points="", observations="")
    if visit is not None:
        join_in(work, note, visit.id)
        visit.practitioner_id = new.practitioner_id
    else:
        note.client_id, note.on_day, note.practitioner_id = client.id, day, new.practitioner_id
        work.session.add(note)
    for name in ("focus", "note", "interval_days"):
        setattr(note, name, getattr(new, name))
    for name in ("points", "observations"):
        if getattr(new, name) is not None:
            setattr(note, name, getattr(new, name))
    work.session.flush()
    _tap(work.session, note, new.option_ids)
    changed = _changed_parts(before, content_in(work.session, note, visit))
    if changed or row is None:
        add_change_in(work, note, ", ".join(changed) if row else N_("written"))
    if visit is not None and (row is None or _SHOWN.intersection(changed)):
        publish(work, CourseChanged(visit.course_id))
    return note


def _overtaken(session: Session, row: VisitNote | None) -> Refused:
    if row is None:
        return Refused(
            _("This note was removed in the meantime. Save again to create a new one."),
            code="changed",
            field=NOTE_CHANGED,
        )
    at = time_text(row.changed_at, clinic_in(session))
    said = _(
        "{by} changed this note at {at}. Yours is not saved, and still here.",
        by=row.changed_by or _("Another person"),
        at=at,
    )
    return Refused(
        _("{said} Theirs is shown below: save again to replace it with yours.", said=said),
        code="changed",
        field=NOTE_CHANGED,
    )


def _check_practitioner(session: Session, practitioner_id: str | None) -> None:
    if practitioner_id and session.get(Staff, practitioner_id) is None:
        raise InvalidField(_("There is no such practitioner."), field="practitioner_id")


def _tap(session: Session, note: VisitNote, option_ids: Collection[str]) -> None:
    had = set(option_ids_in(session, note.id))
    # One that was retired stays on the notes that have it.
    known = {each.id for each in options_in(session) if not each.is_retired} | had
    if not set(option_ids) <= known:
        raise InvalidField(
            _("A focus area or add-on is no longer on the list. Check what is ticked."), field="option"
        )
    gone = had.difference(option_ids)
    session.execute(
        delete(VisitNoteOption).where(VisitNoteOption.note_id == note.id, VisitNoteOption.option_id.in_(gone))
    )
    session.add_all(
        VisitNoteOption(note_id=note.id, option_id=each) for each in option_ids if each not in had
    )
    session.flush()


def _changed_parts(before: NoteContent, after: NoteContent) -> list[str]:
    parts = {
        N_("practitioner"): "practitioner_id",
        N_("focus areas and add-ons"): "option_ids",
        N_("focus"): "focus",
        N_("next visit"): "interval_days",
        N_("note"): "note",
        N_("points"): "points",
        N_("observations"): "observations",
    }
    return [said for said, name in parts.items() if getattr(before, name) != getattr(after, name)]
