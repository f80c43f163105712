"""Courses as people read them: their state, and every entry and event that led to it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, Row, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from plugin.core.course import CourseState
from plugin.core.ledger import Kind
from plugin.core.money import Charge, Money
from plugin.core.status import Status
from plugin.core.terms import terms_from_json
from plugin.courses.base import course_extras
from plugin.courses.base.chain import NO_COURSE, EntryRow
from plugin.courses.base.course_extras import OPTIONS_OF_NOTE, attendance
from plugin.courses.base.state import CLIENT_NAME, prepared_states, read_states, states_of
from plugin.courses.base.views import CourseSummary, CourseView, EntryView, HappeningView
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.bulk import ImportedCourse
from plugin.store.changes import CourseOrigin
from plugin.store.clinical import VisitNote
from plugin.store.ledger import Allowance, Course, Entry, History, Visit
from plugin.store.people import Client, Staff
from plugin.store.prepared import Prepared
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One course in a list of sales; no client: it awaits one in Attention."""

    course_id: str
    client_id: str | None
    client_name: str | None
    package_name: str
    sold_at: datetime
    state: CourseState

    @property
    def status(self) -> Status:
        return self.state.status

    @property
    def left(self) -> int:
        """Return the sessions not used."""
        return self.state.left

    @property
    def paid(self) -> Money:
        return self.state.gross_paid


def read_course(store: Store, course_id: str, *, today: date) -> CourseView:
    """Return the course with its allowances, entries, visits and history; raises NotFound."""
    with store.reading() as session:
        row = _BY_ID.first(session.connection(), {"course_id": course_id})
        if row is None:
            raise NotFound(NO_COURSE)
        return course_in(session, row, today=today)


def read_courses(store: Store, course_ids: Collection[str], *, today: date) -> dict[str, CourseView]:
    """Return these courses by id."""
    with store.reading() as session:
        rows = session.scalars(select(Course).where(Course.id.in_(course_ids))).all() if course_ids else ()
        return {view.id: view for view in courses_in(session, rows, today=today)}


def courses_of_client(
    store: Store, client_id: str, *, today: date, with_shared: bool = False
) -> tuple[CourseView, ...]:
    """Return the client's courses: first those in use (by expiry, then age), then the others, newest first.

    `with_shared`: at the end those of others that are shared with them today, oldest first.
    """
    query, asked = (_AT_HAND, {"client_ids": [client_id], "today": today}) if with_shared else (_OWN, {})
    with store.reading() as session:
        rows = query.all(session.connection(), {"client_id": client_id, **asked})
        found = courses_in(session, rows, today=today)
    views = [course for course in found if course.client_id == client_id]
    of_others = [course for course in found if course.client_id != client_id]
    live = [course for course in views if course.is_live]
    rest = [course for course in views if not course.is_live and not course.is_void]
    live.sort(key=lambda course: (course.expires_on or date.max, course.sold_at, course.id))
    rest.sort(key=lambda course: (course.sold_at, course.id), reverse=True)
    of_others.sort(key=lambda course: (course.sold_at, course.id))
    return (*live, *rest, *of_others)


_BY_ID = Prepared(select(Course.__table__).where(Course.id == bindparam("course_id")))
_IS_OWN = Course.client_id == bindparam("client_id")
_OWN = Prepared(select(Course.__table__).where(_IS_OWN))
_AT_HAND = Prepared(select(Course.__table__).where(or_(_IS_OWN, course_extras.IS_SHARED_TODAY)))


def recent_sales(store: Store, *, limit: int, today: date) -> tuple[SaleRow, ...]:
    """Return the latest sales, newest first; imported and transferred courses were sold elsewhere."""
    with store.reading() as session:
        return tuple(
            SaleRow(state.facts.id, row.client_id, row.client_name, row.package_name, row.sold_at, state)
            for state, row in states_of(session, _NEWEST, {"limit": limit}, today=today)
        )


_IN_ORDER = (Course.sold_at.desc(), Course.id.desc())
_NEWEST = prepared_states(
    select(Course.id)
    .where(
        ~exists().where(ImportedCourse.course_id == Course.id),
        ~exists().where(CourseOrigin.course_id == Course.id),
    )
    .order_by(*_IN_ORDER)
    .limit(bindparam("limit", type_=Integer)),
    Course.package_name,
    Course.sold_at,
    CLIENT_NAME,
    order_by=_IN_ORDER,
)


def course_in(session: Session, course: Course | Row[Any], *, today: date) -> CourseView:
    return courses_in(session, [course], today=today)[0]


def summaries_in(session: Session, course_ids: Sequence[str], *, today: date) -> list[CourseSummary]:
    """Return these courses by id without what led to their state, which most pages have no need of."""
    found = (
        list(states_of(session, _SUMMARIES, {"course_ids": course_ids}, today=today)) if course_ids else []
    )
    known = _known_of(session, [(state, row, row) for state, row in found])
    return [CourseSummary(**fields) for fields in known]


def _known_of(
    session: Session, found: Sequence[tuple[CourseState, Row[Any], Course | Row[Any]]]
) -> Iterator[dict[str, Any]]:
    """Yield the fields of each course's summary.

    Each is given with its state, a row that has `client_name`, `has_relations` and `has_dispute`, and its columns.
    """
    related = [state.facts.id for state, row, _course in found if row.has_relations]
    shares, origins = course_extras.shares_and_origins_in(session, related)
    disputes = course_extras.disputed_in(
        session, [course.square_order_id or "" for _, row, course in found if row.has_dispute]
    )
    for state, row, course in found:
        course_id = state.facts.id
        yield {
            "facts": state.facts,
            "parts": state.parts,
            "today": state.today,
            "id": course_id,
            "client_id": course.client_id,
            "client_name": (row.client_name or "") if course.client_id else None,
            "package_name": course.package_name,
            "sold_at": course.sold_at,
            "terms": terms_from_json(course.terms),
            "square_order_id": course.square_order_id,
            "dispute": disputes.get(course.square_order_id or ""),
            "shares": shares.get(course_id, ()),
            "origin": origins.get(course_id),
        }


def courses_in(session: Session, courses: Sequence[Course | Row[Any]], *, today: date) -> list[CourseView]:
    """Return these courses, read in a fixed number of queries."""
    if not courses:
        return []
    ids = [course.id for course in courses]
    read = {state.facts.id: (state, row, rows) for state, row, rows in read_states(session, ids, today=today)}
    visits = _by_course(session, _VISITS, ids)
    happenings = _by_course(session, _HAPPENINGS, ids)
    known = _known_of(session, [(*read[course.id][:2], course) for course in courses])
    views = []
    for course, fields in zip(courses, known, strict=True):
        state, _row, rows = read[course.id]
        entries = _entry_views(course, state, rows)
        came, missed = attendance(state, visits[course.id], entries, owner_id=course.client_id)
        views.append(
            CourseView(
                **fields,
                uses=state.uses,
                package_id=course.package_id,
                closed_at=course.closed_at,
                entries=entries,
                visits=came,
                happenings=tuple(_happening(each) for each in happenings[course.id]),
                no_shows=missed,
            )
        )
    return views


_SUMMARIES = prepared_states(
    course_extras.COURSE_IDS,
    CLIENT_NAME,
    course_extras.HAS_RELATIONS.label("has_relations"),
    course_extras.HAS_DISPUTE.label("has_dispute"),
    Course.package_name,
    Course.sold_at,
    Course.terms,
    Course.square_order_id,
)
_VISIT: tuple[Any, ...] = (
    Visit.course_id,
    Visit.id,
    Visit.visited_on,
    Visit.client_id,
    Visit.practitioner_id,
    func.coalesce(VisitNote.focus, "").label("focus"),
    func.coalesce(VisitNote.note, "").label("note"),
    VisitNote.interval_days,
    func.coalesce(VisitNote.version, 0).label("note_version"),
    VisitNote.changed_at.label("noted_at"),
    VisitNote.changed_by.label("noted_by"),
    OPTIONS_OF_NOTE.label("options"),
    Client.name.label("client_name"),
    func.coalesce(Staff.name, "").label("practitioner"),
    func.coalesce(func.nullif(Staff.printed_name, ""), Staff.name, "").label("printed_practitioner"),
    func.coalesce(Staff.license, "").label("license"),
)
_VISITS = Prepared(
    select(*_VISIT)
    .join(Client, Client.id == Visit.client_id)
    .outerjoin(Staff, Staff.id == Visit.practitioner_id)
    .outerjoin(VisitNote, VisitNote.visit_id == Visit.id)
    .where(Visit.course_id.in_(course_extras.COURSE_IDS))
)
_HAPPENING: tuple[Any, ...] = (
    History.course_id,
    History.kind,
    History.text,
    History.at,
    History.by,
    History.reason,
)
_HAPPENINGS = Prepared(
    select(*_HAPPENING).where(History.course_id.in_(course_extras.COURSE_IDS)).order_by(History.id)
)


def _happening(row: Row[Any]) -> HappeningView:
    return HappeningView(row.kind, row.text, row.at, row.by, row.reason)


def _by_course(session: Session, query: Prepared, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Return the rows of a query for these courses by course, its first column."""
    grouped: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in query.all(session.connection(), {"course_ids": list(ids)}):
        grouped[row[0]].append(row)
    return grouped


def entry_in(session: Session, entry_id: str) -> tuple[EntryView, Course]:
    """Return one entry and its course; raises NotFound."""
    row = session.execute(_ENTRY, {"entry_id": entry_id}).first()
    if row is None:
        raise NotFound(_("There is no such entry."))
    entry, treatment, course, undone_by = row
    return entry_view(entry, treatment, course.currency, undone_by), course


_UNDOING = aliased(Entry)
_ENTRY = (
    select(Entry, Allowance.treatment, Course, _UNDOING.id)
    .join(Allowance, Allowance.id == Entry.allowance_id)
    .join(Course, Course.id == Allowance.course_id)
    .outerjoin(_UNDOING, _UNDOING.reverses == Entry.id)
    .where(Entry.id == bindparam("entry_id"))
)


def charge_of(course: Course) -> Charge:
    """Return what was charged for a course, tax included; net only where no tax was recorded."""
    tax, in_price = course.tax or 0, course.tax_in_price or 0
    return Charge(course.price, tax, in_price, is_tax_known=course.tax is not None)


def _entry_views(
    course: Course | Row[Any], state: CourseState, rows: Sequence[Row[Any]]
) -> tuple[EntryView, ...]:
    taken_back = {row.reverses: row.id for row in rows if row.reverses}
    return tuple(
        entry_view(row, row.treatment, course.currency, taken_back.get(row.id), state.number_of(row.id))
        for row in rows
    )


def entry_view(
    entry: Entry | EntryRow | Row[Any],
    treatment: str,
    currency: str,
    reversed_by: str | None = None,
    session_number: int | None = None,
) -> EntryView:
    return EntryView(
        id=entry.id,
        allowance_id=entry.allowance_id,
        treatment=treatment,
        seq=entry.seq,
        kind=Kind(entry.kind),
        sessions_delta=entry.sessions_delta,
        sessions_after=entry.sessions_after,
        value_delta=Money(entry.value_delta, currency),
        value_after=Money(entry.value_after, currency),
        happened_at=entry.happened_at,
        written_at=entry.written_at,
        by=entry.by,
        source=entry.source,
        reason=entry.reason,
        reverses=entry.reverses,
        reversed_by=reversed_by,
        visit_id=entry.visit_id,
        session_number=session_number,
    )
