"""Courses as people read them: what is left, what was used, and every line of how it came to that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from plugin.core.gross import Charge
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import Status, course_status
from plugin.core.terms import terms_from_json
from plugin.core.unlock import unlocked
from plugin.courses.changes.beside import Beside, beside_in
from plugin.courses.clinic import clinic_in
from plugin.courses.refunds.dispute_flags import disputed_in
from plugin.courses.views import AllowanceView, CourseView, DisputeFlag, EntryView, HappeningView
from plugin.courses.visiting.attendance import attendance
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.changes import CourseOrigin
from plugin.store.imports import ImportedCourse
from plugin.store.ledger import Allowance, Course, Entry, History, Visit
from plugin.store.people import Client, Staff

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One course in a list of sales; no client: it waits in Attention."""

    course_id: str
    client_id: str | None
    client_name: str | None
    package_name: str
    sold_at: datetime
    paid: Money
    left: int
    granted: int
    status: Status


def read_course(store: Store, course_id: str, *, today: date) -> CourseView:
    """Return the course with its allowances, entries, visits and history; raises NotFound."""
    with store.reading() as session:
        course = session.get(Course, course_id)
        if course is None:
            raise NotFound("There is no such course.")
        return course_in(session, course, today=today)


def courses_of_client(store: Store, client_id: str, *, today: date) -> tuple[CourseView, ...]:
    """Return the client's courses: those in use first (soonest expiry, then oldest), then the others, newest first."""
    with store.reading() as session:
        rows = session.scalars(select(Course).where(Course.client_id == client_id))
        views = courses_in(session, list(rows), today=today)
    live = [course for course in views if course.is_live]
    rest = [course for course in views if not course.is_live and not course.is_void]
    live.sort(key=lambda course: (course.expires_on or date.max, course.sold_at, course.id))
    rest.sort(key=lambda course: (course.sold_at, course.id), reverse=True)
    return (*live, *rest)


def recent_sales(store: Store, *, limit: int, today: date) -> tuple[SaleRow, ...]:
    """Return the courses sold last, newest first; what came of an import or of a transfer was sold elsewhere."""
    imported = exists().where(ImportedCourse.course_id == Course.id)
    received = exists().where(CourseOrigin.course_id == Course.id)
    newest = select(Course).where(~imported, ~received).order_by(Course.sold_at.desc(), Course.id.desc())
    with store.reading() as session:
        rows = session.scalars(newest.limit(limit))
        views = courses_in(session, list(rows), today=today)
    return tuple(
        SaleRow(
            course_id=course.id,
            client_id=course.client_id,
            client_name=course.client_name,
            package_name=course.package_name,
            sold_at=course.sold_at,
            paid=course.gross_paid,
            left=course.left,
            granted=course.granted,
            status=course.status,
        )
        for course in views
    )


def course_in(session: Session, course: Course, *, today: date) -> CourseView:
    """Return one course as seen by this session."""
    return courses_in(session, [course], today=today)[0]


def courses_in(session: Session, courses: Sequence[Course], *, today: date) -> list[CourseView]:
    """Return these courses, read in a handful of queries however many they are."""
    ids = [course.id for course in courses]
    allowances = _by(session.scalars(_ordered_allowances(ids)), "course_id")
    all_allowances = [row for rows in allowances.values() for row in rows]
    entries = _by(session.scalars(_ordered_entries(all_allowances)), "allowance_id")
    visits = _by(session.scalars(select(Visit).where(Visit.course_id.in_(ids))), "course_id")
    told = _by(
        session.scalars(select(History).where(History.course_id.in_(ids)).order_by(History.id)), "course_id"
    )
    came = {visit.client_id for rows in visits.values() for visit in rows}
    clients = _names(session, Client, {*(course.client_id for course in courses), *came})
    beside = beside_in(session, courses)
    staff = _names(session, Staff, {visit.practitioner_id for rows in visits.values() for visit in rows})
    disputes = disputed_in(session, [course.square_order_id for course in courses if course.square_order_id])
    zone = ZoneInfo(clinic_in(session).time_zone)
    return [
        _view(
            course,
            clients=clients,
            beside=beside,
            allowances=allowances[course.id],
            entries=entries,
            visits=visits[course.id],
            told=told[course.id],
            staff=staff,
            dispute=disputes.get(course.square_order_id or ""),
            today=today,
            zone=zone,
        )
        for course in courses
    ]


def entry_in(session: Session, entry_id: str) -> tuple[EntryView, Course]:
    """Return one entry and the course it stands in; raises NotFound."""
    row = session.execute(
        select(Entry, Allowance, Course)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .where(Entry.id == entry_id)
    ).first()
    if row is None:
        raise NotFound("There is no such entry.")
    entry, allowance, course = row
    taken_back = session.scalar(select(Entry.id).where(Entry.reverses == entry_id))
    return _entry(entry, allowance, course.currency, taken_back), course


def _ordered_allowances(course_ids: Sequence[str]) -> Select[Allowance]:
    return select(Allowance).where(Allowance.course_id.in_(course_ids)).order_by(Allowance.position)


def _ordered_entries(allowances: Sequence[Allowance]) -> Select[Entry]:
    ids = [allowance.id for allowance in allowances]
    return select(Entry).where(Entry.allowance_id.in_(ids)).order_by(Entry.allowance_id, Entry.seq)


def _by(rows: Iterable[R], column: str) -> defaultdict[str, list[R]]:
    grouped: defaultdict[str, list[R]] = defaultdict(list)
    for row in rows:
        grouped[getattr(row, column)].append(row)
    return grouped


def _names(session: Session, table: type[Client] | type[Staff], ids: set[str | None]) -> dict[str, str]:
    rows = session.execute(select(table.id, table.name).where(table.id.in_([each for each in ids if each])))
    return dict(rows.all())


def _view(
    course: Course,
    *,
    clients: dict[str, str],
    beside: Beside,
    allowances: Sequence[Allowance],
    entries: dict[str, list[Entry]],
    visits: Sequence[Visit],
    told: Sequence[History],
    staff: dict[str, str],
    dispute: DisputeFlag | None,
    today: date,
    zone: ZoneInfo,
) -> CourseView:
    entry_views = _entry_views(course, allowances, entries)
    main = [entries[each.id] for each in allowances if each.kind == "main"]
    main_used = sum(_used(rows) for rows in main)
    is_used_up = all(rows[-1].sessions_after == 0 for rows in main)
    paid = sum(entry.value_delta.amount for entry in entry_views if entry.kind is Kind.PAID)
    allowance_views = tuple(
        _allowance(
            course,
            each,
            entries[each.id],
            main_used,
            paid,
            is_used_up=is_used_up,
            ahead=beside.ahead.get(each.id, 0),
        )
        for each in allowances
    )
    counted = [each for each in allowance_views if each.kind == "main"] or list(allowance_views)
    left = sum(each.left for each in allowance_views)
    came, missed = attendance(visits, entry_views, allowance_views, staff, _guests(course, clients), zone)
    return CourseView(
        id=course.id,
        client_id=course.client_id,
        client_name=clients.get(course.client_id or ""),
        package_id=course.package_id,
        package_name=course.package_name,
        status=course_status(
            closed_as=course.closed_as,
            is_frozen=course.frozen_at is not None,
            expires_on=course.expires_on,
            today=today,
            sessions_left=left,
            price=course.price,
            paid=paid,
        ),
        sold_at=course.sold_at,
        expires_on=course.expires_on,
        price=Money(course.price, course.currency),
        paid=Money(paid, course.currency),
        value_left=Money(sum(each.value_left.amount for each in allowance_views), course.currency),
        terms=terms_from_json(course.terms),
        square_order_id=course.square_order_id,
        closed_at=course.closed_at,
        allowances=allowance_views,
        entries=entry_views,
        visits=came,
        happenings=tuple(HappeningView(row.kind, row.text, row.at, row.by, row.reason) for row in told),
        left=sum(each.left for each in counted),
        granted=sum(each.granted for each in counted),
        used=sum(each.used for each in counted),
        no_shows=missed,
        dispute=dispute,
        frozen_on=course.frozen_at.astimezone(zone).date() if course.frozen_at else None,
        shares=beside.shares.get(course.id, ()),
        origin=beside.origins.get(course.id),
        gift=beside.gifts.get(course.id),
        balance_due_on=None if course.due_ended_at else beside.due.get(course.square_order_id or ""),
        charge=charge_of(course),
        tax_paid=course.tax_paid or 0,
        due_ended_on=course.due_ended_at.astimezone(zone).date() if course.due_ended_at else None,
    )


def charge_of(course: Course) -> Charge:
    """Return what was charged for a course, tax included; net alone where nothing that is stored tells the tax."""
    tax, in_price = course.tax or 0, course.tax_in_price or 0
    return Charge(course.price, tax, in_price, is_tax_known=course.tax is not None)


def _guests(course: Course, clients: dict[str, str]) -> dict[str, str]:
    return {client_id: name for client_id, name in clients.items() if client_id != course.client_id}


def _allowance(
    course: Course,
    row: Allowance,
    entries: Sequence[Entry],
    main_used: int,
    paid: int,
    *,
    is_used_up: bool,
    ahead: int,
) -> AllowanceView:
    last = entries[-1]
    opens_at = row.usable_from_session
    goodwill = sum(e.granted_after - e.granted_before for e in entries if e.kind == Kind.ADJUSTED)
    money_for = unlocked(granted=last.granted_after - goodwill, price=course.price, paid=paid)
    return AllowanceView(
        id=row.id,
        treatment=row.treatment,
        kind=row.kind,
        granted=last.granted_after,
        used=_used(entries),
        left=last.sessions_after,
        value_left=Money(last.value_after, course.currency),
        single_price=Money(row.single_price, course.currency),
        usable_from_session=opens_at,
        # Sessions that left with a refund must not keep the touch-ups closed for ever.
        is_usable=last.sessions_after > 0 and (opens_at is None or main_used >= opens_at or is_used_up),
        unlocked=min(last.granted_after, max(money_for, ahead) + goodwill),
        goodwill=goodwill,
    )


def _used(entries: Iterable[Entry]) -> int:
    """Count the sessions used by entries that stand: a reversal takes its entry's back."""
    rows = list(entries)
    taken_back = {row.reverses for row in rows}
    return -sum(row.sessions_delta for row in rows if row.kind == Kind.USED and row.id not in taken_back)


def _entry_views(
    course: Course, allowances: Sequence[Allowance], entries: dict[str, list[Entry]]
) -> tuple[EntryView, ...]:
    rows = [(entry, allowance) for allowance in allowances for entry in entries[allowance.id]]
    taken_back = {entry.reverses: entry.id for entry, _ in rows if entry.reverses}
    views = [_entry(entry, allowance, course.currency, taken_back.get(entry.id)) for entry, allowance in rows]
    return tuple(sorted(views, key=lambda view: view.id))


def _entry(entry: Entry, allowance: Allowance, currency: str, reversed_by: str | None) -> EntryView:
    return EntryView(
        id=entry.id,
        allowance_id=entry.allowance_id,
        treatment=allowance.treatment,
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
    )
