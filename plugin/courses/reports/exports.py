"""The tables for export: all courses, all entries, and the roll-forward of deferred revenue.

Times are UTC, as RFC 3339. The headings are stable: programs read these files.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from plugin.core.batches import batched
from plugin.core.course import CourseState
from plugin.core.moments import day_at, rfc3339
from plugin.core.money import Money
from plugin.core.terms import terms_from_json
from plugin.courses.base.clinic import clinic_in, read_clinic
from plugin.courses.base.course_extras import OPTIONS_OF_NOTE, option_names
from plugin.courses.base.course_record import AllowanceRecord, CourseRecord, summed
from plugin.courses.base.sheet import Cell, Columns, Sheet, major, sheet_of
from plugin.courses.base.state import each_state
from plugin.courses.reports.books import counts_at, counts_within
from plugin.courses.reports.liability import liability, liability_sheet
from plugin.courses.reports.period import Period, asked_period
from plugin.store import Store
from plugin.store.tables import Allowance, AllowedAhead, Client, Course, Entry, VisitNote
from plugin.wording import _

_AT_ONCE = 1000


class Export(StrEnum):
    """The table to export."""

    COURSES = "courses"
    ENTRIES = "entries"
    LIABILITY = "liability"


class _CourseRow(NamedTuple):
    state: CourseState
    row: Row[Any]
    record: str


def export_sheet(
    store: Store, what: Export, first: date | None, last: date | None, *, now: datetime
) -> Sheet:
    """Return the table; without days all courses and entries, and this month's roll-forward."""
    if what is Export.LIABILITY:
        today = day_at(now, read_clinic(store).zone)
        return liability_sheet(liability(store, asked_period(first, last, today)))
    # One day alone leaves the other end open.
    period = Period(first or date(2000, 1, 1), last or date(2100, 12, 31)) if first or last else None
    return courses_sheet(store, now, period) if what is Export.COURSES else entries_sheet(store, period)


def courses_sheet(store: Store, now: datetime, period: Period | None) -> Sheet:
    """Return a row for each course sold in the period, or ever; sessions and value of all of its treatments."""
    return sheet_of(_("Courses"), _COURSE, _course_rows(store, now, period))


def entries_sheet(store: Store, period: Period | None) -> Sheet:
    """Return a row for each entry that counts in the period, or ever."""
    return sheet_of(_("Entries"), _ENTRY, _entry_rows(store, period))


def _course_rows(store: Store, now: datetime, period: Period | None) -> Iterator[_CourseRow]:
    with store.reading() as session:
        clinic = clinic_in(session)
        which = select(Course.id)
        if period is not None:
            start, end = period.moments(clinic.zone)
            which = which.where(Course.sold_at >= start, Course.sold_at < end)
        today, order = day_at(now, clinic.zone), (Course.sold_at, Course.id)
        states = each_state(session, which, *_MORE, today=today, order_by=order)
        for some in batched(states, _AT_ONCE):
            records = records_in(session, [state.facts.id for state, _other in some])
            for state, row in some:
                yield _CourseRow(state, row, records[state.facts.id].to_text())


def _of_client(column: Any, name: str) -> Any:
    return select(column).where(Client.id == Course.client_id).scalar_subquery().label(name)


_MORE = (
    _of_client(Client.name, "client_name"),
    _of_client(Client.phone, "client_phone"),
    _of_client(Client.email, "client_email"),
    Course.package_name,
    Course.sold_at,
    Course.square_order_id,
    Course.square_location_id,
    Course.closed_at,
)


def _entry_rows(store: Store, period: Period | None) -> Iterator[Any]:
    rows = (
        select(
            Entry,
            Allowance.treatment,
            Course.id.label("course_id"),
            Course.package_name,
            Course.currency,
            Client.name,
            VisitNote.focus,
            VisitNote.interval_days,
            OPTIONS_OF_NOTE.label("options"),
        )
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
        .outerjoin(VisitNote, VisitNote.visit_id == Entry.visit_id)
        .order_by(Entry.written_at, Entry.id)
    )
    with store.reading() as session:
        if period is not None:
            start, end = period.moments(clinic_in(session).zone)
            rows = rows.where(counts_within(counts_at(session), start, end))
        yield from session.execute(rows).yield_per(_AT_ONCE)


def _major(amount: int, currency: str) -> Cell:
    return major(Money(int(amount), currency))


_COURSE: Columns[_CourseRow] = {
    "course": lambda each: each.state.facts.id,
    "client": lambda each: each.row.client_id,
    "client_name": lambda each: each.row.client_name,
    "package": lambda each: each.row.package_name,
    "status": lambda each: each.state.status.value,
    "sold_at": lambda each: rfc3339(each.row.sold_at),
    "expires_on": lambda each: each.state.expires_on,
    "price": lambda each: major(each.state.price),
    "paid": lambda each: major(each.state.paid),
    "value_left": lambda each: major(each.state.value_left),
    "currency": lambda each: each.state.facts.currency,
    "sessions_granted": lambda each: each.state.all_granted,
    "sessions_left": lambda each: each.state.all_left,
    "square_order": lambda each: each.row.square_order_id,
    "square_location": lambda each: each.row.square_location_id,
    "closed_at": lambda each: rfc3339(each.row.closed_at) if each.row.closed_at else None,
    "sessions_usable_now": lambda each: each.state.all_usable_now,
    "sessions_locked": lambda each: sum(one.locked for one in each.state.allowances),
    "balance_due": lambda each: major(each.state.due),
    "balance_due_on": lambda each: each.state.due_on,
    "on_hold_since": lambda each: each.state.on_hold_since,
    "waits_as_gift_for": lambda each: (
        each.state.waiting_gift.recipient_name if each.state.waiting_gift else None
    ),
    "client_phone": lambda each: each.row.client_phone,
    "client_email": lambda each: each.row.client_email,
    # What the other columns can't express: an import makes the same course from it.
    "record": lambda each: each.record,
}
_ENTRY: Columns[Any] = {
    "entry": lambda row: row.Entry.id,
    "course": lambda row: row.course_id,
    "client_name": lambda row: row.name,
    "package": lambda row: row.package_name,
    "allowance": lambda row: row.Entry.allowance_id,
    "treatment": lambda row: row.treatment,
    "seq": lambda row: row.Entry.seq,
    "kind": lambda row: row.Entry.kind,
    "sessions_delta": lambda row: row.Entry.sessions_delta,
    "sessions_after": lambda row: row.Entry.sessions_after,
    "value_delta": lambda row: _major(row.Entry.value_delta, row.currency),
    "value_after": lambda row: _major(row.Entry.value_after, row.currency),
    "currency": lambda row: row.currency,
    "happened_at": lambda row: rfc3339(row.Entry.happened_at),
    "written_at": lambda row: rfc3339(row.Entry.written_at),
    "by": lambda row: row.Entry.by,
    "source": lambda row: row.Entry.source,
    "reason": lambda row: row.Entry.reason,
    "reverses": lambda row: row.Entry.reverses,
    "visit": lambda row: row.Entry.visit_id,
    # Of the visit's note, what its papers show; the rest stays where it was written.
    "focus_areas": lambda row: ", ".join(option_names(row.options)[0]),
    "add_ons": lambda row: ", ".join(option_names(row.options)[1]),
    "focus": lambda row: row.focus,
    "next_visit_days": lambda row: row.interval_days,
}


def records_in(session: Session, course_ids: Sequence[str]) -> dict[str, CourseRecord]:
    """Return the record of each course by its id."""
    allowances: dict[str, list[Allowance]] = defaultdict(list)
    for allowance in session.scalars(
        select(Allowance).where(Allowance.course_id.in_(course_ids)).order_by(Allowance.position)
    ):
        allowances[allowance.course_id].append(allowance)
    sums: dict[str, list[tuple[str, int, int, int]]] = defaultdict(list)
    for allowance_id, *numbers in session.execute(_sums(course_ids)):
        kind, sessions, value, granted = numbers
        sums[allowance_id].append((kind, int(sessions), int(value), int(granted)))
    ahead: dict[str, int] = dict(
        session.execute(
            select(AllowedAhead.allowance_id, func.max(AllowedAhead.sessions))
            .join(Allowance, Allowance.id == AllowedAhead.allowance_id)
            .where(Allowance.course_id.in_(course_ids))
            .group_by(AllowedAhead.allowance_id)
        ).all()
    )
    courses = (
        select(Course, Client)
        .outerjoin(Client, Client.id == Course.client_id)
        .where(Course.id.in_(course_ids))
    )
    return {
        course.id: _record(course, client, allowances[course.id], sums, ahead)
        for course, client in session.execute(courses)
    }


def _sums(course_ids: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Sum the entries by kind; a reversal counts against the kind of what it reverses."""
    undone = aliased(Entry)
    kind = func.coalesce(undone.kind, Entry.kind)
    return (
        select(
            Entry.allowance_id,
            kind,
            func.sum(Entry.sessions_delta),
            func.sum(Entry.value_delta),
            func.sum(Entry.granted_after - Entry.granted_before),
        )
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .outerjoin(undone, undone.id == Entry.reverses)
        .where(Allowance.course_id.in_(course_ids))
        .group_by(Entry.allowance_id, kind)
    )


def _record(
    course: Course,
    client: Client | None,
    allowances: Sequence[Allowance],
    sums: dict[str, list[tuple[str, int, int, int]]],
    ahead: dict[str, int],
) -> CourseRecord:
    return CourseRecord(
        course_id=course.id,
        client_id=course.client_id,
        language=client.language if client else "en",
        wants_mail=client.wants_mail if client else True,
        currency=course.currency,
        terms=terms_from_json(course.terms),
        frozen_at=course.frozen_at,
        closed_as=course.closed_as,
        closed_at=course.closed_at,
        allowances=tuple(
            AllowanceRecord(
                treatment=each.treatment,
                kind=each.kind,
                single_price=each.single_price,
                price=each.price,
                usable_from_session=each.usable_from_session,
                ahead=ahead.get(each.id, 0),
                changes=summed(sums[each.id]),
            )
            for each in allowances
        ),
    )
