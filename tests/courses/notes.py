"""Writes notes of visits as a person does who has just opened them."""

from datetime import date
from typing import Any

from plugin.core.acts import Act
from plugin.courses.visits.note_views import NoteContent, NotePlace, NoteView, read_note
from plugin.courses.visits.notes import save_note
from plugin.store import Store
from plugin.store.ledger import Visit


def write_note(store: Store, act: Act, visit_id: str, **content: Any) -> NoteView:
    """Save the note of a visit."""
    with store.reading() as session:
        client_id = session.get_one(Visit, visit_id).client_id
    return _write(store, act, NotePlace(client_id, visit_id=visit_id), content)


def draft_note(store: Store, act: Act, client_id: str, day: date, **content: Any) -> NoteView:
    """Save the note of a client's day."""
    return _write(store, act, NotePlace(client_id, on_day=day), content)


def _write(store: Store, act: Act, place: NotePlace, content: dict[str, Any]) -> NoteView:
    seen = read_note(store, act, place).version
    return save_note(store, act, place, NoteContent(**content), seen_version=seen)
