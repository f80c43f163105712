"""Attendance: the visits and missed visits of a course, with numbers from its state and what their notes tapped."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, String, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from plugin.core.course import CourseState
from plugin.core.ledger import Kind
from plugin.courses.base.views import EntryView, NoShowView, VisitView
from plugin.store.tables import Course, CourseShare, Entry, Visit, VisitNote, VisitNoteOption, VisitOption


def attendance(
    state: CourseState, visits: Sequence[Row[Any]], entries: Sequence[EntryView], *, owner_id: str | None
) -> tuple[tuple[VisitView, ...], tuple[NoShowView, ...]]:
    """Return the valid visits and the charged no-shows, by day."""
    days = {each.entry_id: each.used_on for each in state.uses}
    standing = [each for each in entries if each.kind is Kind.USED and each.reversed_by is None]
    uses: dict[str, list[EntryView]] = defaultdict(list)
    for entry in standing:
        uses[entry.visit_id or ""].append(entry)

    came = [visit for visit in visits if visit.id in uses]
    came.sort(key=lambda visit: (visit.visited_on, visit.id))
    missed = [entry for entry in standing if entry.is_no_show]
    missed.sort(key=lambda entry: (days[entry.id], entry.id))
    return (
        tuple(_visit(state, visit, uses[visit.id], owner_id) for visit in came),
        tuple(
            NoShowView(each.id, days[each.id], each.treatment, state.main_number_of(each.id))
            for each in missed
        ),
    )


def _visit(state: CourseState, visit: Row[Any], uses: Sequence[EntryView], owner_id: str | None) -> VisitView:
    areas, add_ons = option_names(visit.options)
    numbers = (state.main_number_of(entry.id) for entry in uses)
    return VisitView(
        id=visit.id,
        visited_on=visit.visited_on,
        treatments=tuple(entry.treatment for entry in uses),
        number=max((each for each in numbers if each), default=None),
        practitioner=visit.practitioner,
        printed_practitioner=visit.printed_practitioner,
        license=visit.license,
        practitioner_id=visit.practitioner_id,
        focus=visit.focus,
        note=visit.note,
        entry_ids=tuple(entry.id for entry in uses),
        client_id=visit.client_id,
        guest="" if visit.client_id == owner_id else visit.client_name,
        areas=areas,
        add_ons=add_ons,
        interval_days=visit.interval_days,
        note_version=visit.note_version,
        noted_at=visit.noted_at,
        noted_by=visit.noted_by or "",
    )


_UNDOING = aliased(Entry)
# Of a query's visit: a session was used for it, and was not undone.
IS_VALID = exists().where(
    Entry.visit_id == Visit.id,
    Entry.kind == Kind.USED.value,
    ~exists().where(_UNDOING.reverses == Entry.id),
)

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
