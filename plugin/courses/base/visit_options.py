"""What a query of courses reads of notes beside them: the tapped focus areas and add-ons, and whether one waits."""

from sqlalchemy import String, cast, exists, func, or_, select

from plugin.store.changes import CourseShare
from plugin.store.ledger import Course
from plugin.store.visit_notes import VisitNote, VisitNoteOption, VisitOption

# Separates what one column holds of several rows; typed text never contains it (`plugin.core.text.clean`).
_SEPARATOR = "\x1f"
_FOCUS = "focus"

# Of the note of the query's row, in one column: it costs no statement, and a page no statement per visit.
OPTIONS_OF_NOTE = (
    select(
        func.aggregate_strings(
            VisitOption.kind + ":" + cast(VisitOption.position, String) + ":" + VisitOption.name, _SEPARATOR
        )
    )
    .join(VisitNoteOption, VisitNoteOption.option_id == VisitOption.id)
    .where(VisitNoteOption.note_id == VisitNote.id)
    .correlate(VisitNote)
    .scalar_subquery()
)

_SHARING = select(CourseShare.client_id).where(CourseShare.course_id == Course.id).correlate(Course)
HAS_DRAFT = exists().where(
    VisitNote.visit_id.is_(None),
    or_(VisitNote.client_id == Course.client_id, VisitNote.client_id.in_(_SHARING)),
)


def option_names(options: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the focus areas and of the add-ons in a column of `OPTIONS_OF_NOTE`, in their order."""
    parts = [each.split(":", 2) for each in options.split(_SEPARATOR)] if options else []
    in_order = sorted((int(position), kind, name) for kind, position, name in parts)
    areas = tuple(name for _, kind, name in in_order if kind == _FOCUS)
    return areas, tuple(name for _, kind, name in in_order if kind != _FOCUS)
