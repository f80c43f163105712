"""Keeping the rows by which courses are listed: those noted as out of date are computed again from their state.

The worker does it every few seconds, and the list itself before it is read, so that it shows what was just done.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Insert,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session, aliased

from plugin.core.course import CourseState
from plugin.core.moments import day_at
from plugin.core.status import IN_USE, Status
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.course_extras import CLIENT_IDS, COURSE_IDS
from plugin.courses.base.state import prepared_states, states_of
from plugin.courses.lists.balances import renew_balances
from plugin.courses.lists.outcomes import changes_between, days_for, had_time_to_buy, outcome_of, reasons_of
from plugin.store import Store
from plugin.store.listing import (
    CURRENT,
    GIFT,
    NEVER,
    NOT_YET,
    UNASSIGNED,
    ListedClient,
    ListedCourse,
    ListingState,
    UnlistedCourse,
)
from plugin.store.prepared import Prepared
from plugin.store.tables import Allowance, Client, Course, Entry, Staff, Visit, VisitNote

# At once by a page, and by the worker, for which no one at the desk is to wait.
BATCH, AT_ONCE = 500, 10
# From six weeks on a client with sessions left counts as not seen for long.
USUALLY_BACK_WITHIN = timedelta(weeks=6, days=-1)


def keep_listing(
    store: Store, clock: Callable[[], datetime], should_stop: Callable[[], bool] = lambda: False
) -> int:
    """Renew all rows that are out of date, in batches; return how many notes there were.

    Those that are written meanwhile are for the next time: while courses are used, there would be no end.
    """

    def part(session: Session, place: str) -> tuple[int, str | None]:
        some = renew_batch(session, clock(), AT_ONCE)
        return some, place if some >= AT_ONCE else None

    return store.transact_in_parts(part, should_stop) if _has_work(store, clock()) else 0


def renew_some(store: Store, now: datetime) -> None:
    """Renew a batch of rows, if any is out of date: all of them, but after an import or an upgrade."""
    if _has_work(store, now):
        store.transact(partial(renew_batch, now=now))


def count_waiting_in(session: Session) -> int:
    """Return how many notes wait, at most 10,000."""
    ((count,),) = _WAITING.all(session.connection(), {})
    return int(count)


def _has_work(store: Store, now: datetime) -> bool:
    with store.reading() as session:
        state = _STATE.first(session.connection(), {})
        is_old = state is None or state.listed_for != local_date_in(session, now)
        return is_old or bool(state.has_notes)


_WAITING = Prepared(select(func.count()).select_from(select(UnlistedCourse.id).limit(10_000).subquery()))
_STATE = Prepared(select(ListingState.listed_for, exists(select(UnlistedCourse.id)).label("has_notes")))


def renew_batch(session: Session, now: datetime, most: int = BATCH) -> int:
    """Renew a batch of rows in an open transaction; return how many notes were removed."""
    # One at a time: an older state must not overwrite a newer one.
    state = session.get(ListingState, 1, with_for_update=True, populate_existing=True)
    today = local_date_in(session, now)
    if state is None:
        state = ListingState(id=1)
        session.add(state)
    _note_new_day(session, state, today)
    connection = session.connection()
    notes = _NOTES.all(connection, {"most": most})
    ids, noted = ({getattr(note, name) for note in notes} for name in ("course_id", "client_id"))
    which = {"course_ids": sorted(ids), "client_ids": sorted(filter(None, noted))}
    if connection.dialect.name == "postgresql":
        _hold_names(connection, which)
    rows = list(_rows(session, which["course_ids"], today))
    # A course may have been another client's until now.
    before = {row.client_id for row in _CLIENTS.all(connection, which)}
    connection.execute(_DELETE_COURSES, which)
    if rows:
        connection.execute(_INSERT_COURSES, rows)
    clients = before | {row["client_id"] for row in rows} | (noted - {None})
    theirs = {"client_ids": sorted(filter(None, clients))}
    connection.execute(_BOUGHT_AGAIN, theirs)
    connection.execute(_DELETE_CLIENTS, theirs)
    connection.execute(_insert_clients(), {**theirs, **days_for(today)})
    renew_balances(connection, clients)
    connection.execute(_DELETE_NOTES, {"notes": [note.id for note in notes]})
    return len(notes)


def _hold_names(connection: Connection, which: dict[str, list[str]]) -> None:
    """Let nobody rename or erase whom these rows name until they are there for the triggers."""
    for statement in _NAMES:
        statement.all(connection, which)


def listed_clients(*whose: ColumnElement[bool]) -> Select[Any]:
    """Return the query for the rows of `ListedClient`, by what their courses' rows hold; its parameters: `days_for`."""
    of = ListedCourse
    is_in_use = and_(of.status.in_(IN_USE), of.main_left > 0)
    is_done = and_(of.status.in_((*IN_USE, Status.FINISHED.value)), of.main_left == 0)
    never, not_yet = literal(NEVER, Date()), literal(NOT_YET, Date())
    is_open = func.max(case((or_(is_in_use, of.due > 0), 1), else_=0)) == 1
    done_on = func.max(case((is_done, of.last_visit_on), else_=not_yet))
    columns: tuple[Any, ...] = (
        of.client_id.label("client_id"),
        is_open.label("is_open"),
        done_on.label("done_on"),
        func.min(case((is_in_use, of.expires_on), else_=never)).label("ends_on"),
        func.sum(case((is_in_use, of.main_left), else_=0)).label("sessions_left"),
        func.max(case((or_(is_in_use, is_done, of.due > 0), of.last_seen_on), else_=not_yet)).label(
            "seen_on"
        ),
        func.max(case((is_in_use, of.due_back_on), else_=not_yet)).label("due_back_on"),
        (func.max(case((of.due > 0, 1), else_=0)) == 1).label("is_due"),
    )
    rows = (
        select(*columns)
        .join(Client, Client.id == of.client_id)
        # A client whose data was erased can no longer be called.
        .where(Client.erased_at.is_(None), *whose)
        .group_by(of.client_id)
        .having(or_(is_open, done_on > not_yet))
        .subquery()
    )
    return select(*rows.c, reasons_of(rows.c).label("reasons"))


def _note_new_day(session: Session, state: ListingState, today: date) -> None:
    """Note the courses that expired or stalled since the list was made, or, after a clock was set right, did not.

    And the clients whom the day alone makes worth a call, or no longer so. All courses after a change of the time
    zone, by which days and months are told.
    """
    time_zone, noted = clinic_in(session).time_zone, select(ListedCourse.course_id)
    if state.time_zone not in ("", time_zone):
        session.execute(insert(UnlistedCourse).from_select(["course_id"], noted))
    elif state.listed_for not in (None, today):
        changed = changes_between(*sorted((state.listed_for or today, today)))
        session.execute(insert(UnlistedCourse).from_select(["course_id"], noted.where(changed)))
        session.connection().execute(_NOTE_CLIENTS, days_for(today))
    state.listed_for, state.time_zone = today, time_zone
    session.flush()


def _rows(session: Session, ids: Sequence[str], today: date) -> Iterator[dict[str, Any]]:
    zone, connection, which = clinic_in(session).zone, session.connection(), {"course_ids": ids}
    visits: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for visit in _VISITS.all(connection, which):
        visits[visit.course_id].append(visit)
    last = dict(_LAST_ENTRIES.all(connection, which))
    for state, row in states_of(session, _STATES, which, today=today):
        if not state.is_void:
            sold_on = day_at(row.sold_at, zone)
            listed = _row(state, row, visits[state.facts.id], sold_on)
            yield {**listed, **_lapse(row, last[state.facts.id]), **_progress(listed, sold_on, today)}


def _progress(row: dict[str, Any], sold_on: date, today: date) -> dict[str, Any]:
    """Return what the progress of courses counts it by."""
    outcome = outcome_of(row, today)
    had_time = had_time_to_buy(row, outcome, today)
    return {"sold_in": sold_on.replace(day=1), "outcome": outcome.value, "had_time": had_time}


def _lapse(row: Row[Any], last_at: datetime) -> dict[str, Any]:
    """Return the last day of a course that is not on hold, and what came so late that a report asks for it apart."""
    lapses_on: date = row.last_day if row.last_day and row.frozen_at is None else NEVER
    # What counts after a period in which it expired is at least two days later, in any time zone a day by UTC.
    return {"lapses_on": lapses_on, "late_at": last_at if last_at.date() >= lapses_on else None}


def _row(state: CourseState, row: Row[Any], visits: Sequence[Row[Any]], sold_on: date) -> dict[str, Any]:
    visit = visits[-1] if visits else None
    return {
        "course_id": state.facts.id,
        "client_id": row.client_id,
        "client_name": row.client_name or "",
        "package_id": row.package_id,
        "package_name": row.package_name,
        "practitioner_id": visit.practitioner_id if visit else None,
        "practitioner_name": (visit.practitioner_name or "") if visit else "",
        "status": status_of(state),
        "currency": state.facts.currency,
        "square_location_id": row.square_location_id or "",
        "sold_at": row.sold_at,
        "expires_on": state.expires_on or NEVER,
        "sessions_left": state.all_left,
        "granted": state.all_granted,
        "usable": state.all_usable_now,
        "is_current": state.all_left > 0 and status_of(state) in CURRENT,
        "value": state.value_left.amount,
        "due": state.due.amount,
        "last_visit_on": visit.visited_on if visit else NOT_YET,
        "last_seen_on": max(visit.visited_on, sold_on) if visit else sold_on,
        "main_granted": state.granted,
        "main_used": state.used,
        "main_left": state.left,
        "visits": len({each.visited_on for each in visits}),
        "due_back_on": _due_back_on(visit, sold_on),
        "visit_days": (visits[-1].visited_on - visits[0].visited_on).days if visits else 0,
    }


def _due_back_on(visit: Row[Any] | None, sold_on: date) -> date:
    """Return the day by which a client with sessions left should be back."""
    visited_on: date | None = visit.visited_on if visit else None
    if visit is not None and visited_on is not None and visit.interval_days is not None:
        return visited_on + timedelta(days=visit.interval_days)
    return max(visited_on or sold_on, sold_on) + USUALLY_BACK_WITHIN


def status_of(state: CourseState) -> str:
    if state.status in IN_USE and not state.facts.has_owner:
        return UNASSIGNED
    return GIFT if state.status in IN_USE and state.waiting_gift else state.status.value


_MORE: tuple[Any, ...] = (
    Course.package_id,
    Course.package_name,
    Course.sold_at,
    Course.square_location_id,
    Course.expires_on.label("last_day"),
    Course.frozen_at,
    select(Client.name_folded).where(Client.id == Course.client_id).scalar_subquery().label("client_name"),
)


# Built once: building them takes longer than asking.
_STATES = prepared_states(COURSE_IDS, *_MORE)
_NOTES = Prepared(
    select(UnlistedCourse.id, UnlistedCourse.course_id, UnlistedCourse.client_id)
    .order_by(UnlistedCourse.id)
    .limit(bindparam("most", type_=Integer))
)
_CLIENTS = Prepared(select(ListedCourse.client_id).where(ListedCourse.course_id.in_(COURSE_IDS)))
_THEIRS = union(
    select(ListedCourse.client_id).where(ListedCourse.course_id.in_(COURSE_IDS)),
    select(Course.client_id).where(Course.id.in_(COURSE_IDS)),
)
# In the order of their ids, as those do who change several.
_NAMES = (
    Prepared(
        select(Client.id)
        .where(or_(Client.id.in_(CLIENT_IDS), Client.id.in_(_THEIRS)))
        .order_by(Client.id)
        .with_for_update(read=True)
    ),
    Prepared(
        select(Staff.id)
        .where(Staff.id.in_(select(Visit.practitioner_id).where(Visit.course_id.in_(COURSE_IDS))))
        .order_by(Staff.id)
        .with_for_update(read=True)
    ),
)
_OTHER = aliased(ListedCourse)
_HAS_BOUGHT_AGAIN = (
    # No column: an index has all that is asked for.
    select(literal(1))
    .where(
        _OTHER.client_id == ListedCourse.client_id,
        _OTHER.sold_at > ListedCourse.sold_at,
        _OTHER.status != Status.REFUNDED.value,
    )
    .exists()
)
_BOUGHT_AGAIN = (
    update(ListedCourse)
    .where(ListedCourse.client_id.in_(CLIENT_IDS), ListedCourse.bought_again != _HAS_BOUGHT_AGAIN)
    .values(bought_again=~ListedCourse.bought_again)
)
_DELETE_COURSES = delete(ListedCourse).where(ListedCourse.course_id.in_(COURSE_IDS))
_INSERT_COURSES = insert(ListedCourse)
_DELETE_CLIENTS = delete(ListedClient).where(ListedClient.client_id.in_(CLIENT_IDS))
_NOTE_CLIENTS = insert(UnlistedCourse).from_select(
    ["course_id", "client_id"],
    select(literal(""), ListedClient.client_id).where(ListedClient.reasons != reasons_of(ListedClient)),
)
_DELETE_NOTES = delete(UnlistedCourse).where(UnlistedCourse.id.in_(bindparam("notes", expanding=True)))


@cache
def _insert_clients() -> Insert:
    found = listed_clients(ListedCourse.client_id.in_(CLIENT_IDS))
    return insert(ListedClient).from_select([each.name for each in found.selected_columns], found)


# The visits to courses that were not undone, the last of each last.
_UNDONE = aliased(Entry)
_VISITS = Prepared(
    select(
        Visit.course_id,
        Visit.visited_on,
        Visit.practitioner_id,
        Staff.name.label("practitioner_name"),
        VisitNote.interval_days,
    )
    .join(Entry, Entry.visit_id == Visit.id)
    .outerjoin(Staff, Staff.id == Visit.practitioner_id)
    .outerjoin(VisitNote, VisitNote.visit_id == Visit.id)
    .where(
        Visit.course_id.in_(COURSE_IDS),
        Entry.kind == "used",
        ~select(literal(1)).where(_UNDONE.reverses == Entry.id).exists(),
    )
    .order_by(Visit.visited_on, Visit.id)
)
# When the last entry of each course happened or was written.
_LAST_ENTRIES = Prepared(
    select(
        Allowance.course_id,
        func.max(case((Entry.written_at > Entry.happened_at, Entry.written_at), else_=Entry.happened_at)),
    )
    .join(Entry, Entry.allowance_id == Allowance.id)
    .where(Allowance.course_id.in_(COURSE_IDS))
    .group_by(Allowance.course_id)
)
