"""All courses: filtered, in any order, a page at a time, with the count and the sums of the filtered set.

Which rows there are is decided by `ListedCourse`; what a row shows is the state of its course as it is now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.course import CourseState
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.base.clinic import clinic_in, hours_of, local_date_in
from plugin.courses.base.course_extras import COURSE_IDS
from plugin.courses.base.keyset import Order
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
from plugin.courses.base.state import CLIENT_NAME, prepared_states, states_of
from plugin.courses.base.views import Page
from plugin.courses.lists.listing import count_waiting_in, status_of
from plugin.store import Store
from plugin.store.listing import (
    CURRENT,
    GIFT,
    IS_CURRENT,
    NOT_YET,
    UNASSIGNED,
    ListedCourse,
    ListedSum,
    SumOf,
)
from plugin.store.prepared import Prepared
from plugin.store.tables import Course
from plugin.wording import N_, _

_AT_ONCE = 500
# More days than a course lasts.
MOST_DAYS, MOST_LEFT = 3660, 999
# Groups of statuses that are asked for together, and each status alone.
STATES: dict[str, tuple[str, ...]] = {
    "current": CURRENT,
    **{each: (each,) for each in (*Status, GIFT, UNASSIGNED)},
}
STATE_NAMES = {
    "current": N_("Current"),
    Status.OPEN: N_("Open"),
    Status.PART_PAID: N_("Part paid"),
    Status.FROZEN: N_("On hold"),
    GIFT: N_("Gift not redeemed"),
    UNASSIGNED: N_("No client yet"),
    Status.EXPIRED: N_("Expired"),
    Status.FINISHED: N_("Finished"),
    Status.REFUNDED: N_("Refunded"),
    Status.TRANSFERRED: N_("Transferred"),
}


@dataclass(frozen=True, slots=True)
class CourseFilter:
    """Which courses: all that meet every condition given.

    `expires_within` and `not_seen_for` are days, `left_at_most` sessions of a course that has any left.
    `course_ids`: only these, whatever else.
    """

    state: str = ""
    package_id: str = ""
    practitioner_id: str = ""
    sold_from: date | None = None
    sold_to: date | None = None
    expires_within: int | None = None
    has_due: bool = False
    not_seen_for: int | None = None
    left_at_most: int | None = None
    course_ids: tuple[str, ...] | None = None


class ListedRow(NamedTuple):
    """One row: the state of the course, whose it is, and its last visit that was not undone."""

    state: CourseState
    client_id: str | None
    client_name: str
    package_name: str
    sold_on: date
    practitioner: str
    last_visit_on: date | None

    @property
    def status(self) -> str:
        return status_of(self.state)

    @property
    def left(self) -> int:
        """Return the sessions left of all treatments."""
        return self.state.all_left

    @property
    def granted(self) -> int:
        """Return the sessions ever granted, of all treatments."""
        return self.state.all_granted


class ListSum(NamedTuple):
    """How many courses there are in a currency, and what is left in them: sessions, and deferred revenue."""

    courses: int
    sessions: int
    value: Money


@dataclass(frozen=True, slots=True)
class CourseList:
    """A page of the list, and the sums of all of it. `waiting`: how many changes are not in it yet."""

    page: Page[ListedRow]
    sums: tuple[ListSum, ...]
    waiting: int

    @property
    def count(self) -> int:
        return sum(each.courses for each in self.sums)


def _order(key: str, column: Any, *, is_descending: bool = False) -> Order:
    return Order(key, column, ListedCourse.course_id, is_descending)


ORDERS = {
    each.key: each
    for each in (
        _order("sold", ListedCourse.sold_at, is_descending=True),
        _order("client", ListedCourse.client_name),
        _order("package", ListedCourse.package_name),
        _order("state", ListedCourse.status),
        _order("left", ListedCourse.sessions_left, is_descending=True),
        _order("value", ListedCourse.value, is_descending=True),
        _order("due", ListedCourse.due, is_descending=True),
        _order("expires", ListedCourse.expires_on),
        _order("visit", ListedCourse.last_visit_on, is_descending=True),
        _order("practitioner", ListedCourse.practitioner_name),
    )
}


def list_courses(
    store: Store, wanted: CourseFilter, order: Order, *, now: datetime, limit: int, cursor: str | None = None
) -> CourseList:
    """Return a page of the courses that meet the filter; raises InvalidField for an unreadable cursor."""
    with store.reading() as session:
        today = local_date_in(session, now)
        conditions = conditions_of(session, wanted, today)
        paged = [*conditions, order.after(cursor)] if cursor else conditions
        places = select(order.column, ListedCourse.course_id).where(*paged).order_by(*order.by)
        found = session.execute(places.limit(limit + 1)).all()
        rows = _rows_in(session, [row.course_id for row in found[:limit]], today)
        following = order.cursor(*found[limit - 1]) if len(found) > limit else None
        sums = _sums(session, wanted, conditions, today)
        return CourseList(Page(rows, following), sums, count_waiting_in(session))


def course_ids_of(
    session: Session, wanted: CourseFilter, order: Order, today: date, most: int | None = None
) -> list[str]:
    """Return the ids of all courses that meet the filter, in order, at most so many."""
    conditions = conditions_of(session, wanted, today)
    ids = select(ListedCourse.course_id).where(*conditions).order_by(*order.by).limit(most)
    return list(session.scalars(ids))


def count_courses(store: Store, wanted: CourseFilter, now: datetime) -> int:
    """Return how many courses meet the filter."""
    with store.reading() as session:
        today = local_date_in(session, now)
        return sum(
            each.courses for each in _sums(session, wanted, conditions_of(session, wanted, today), today)
        )


def owners_of(store: Store, wanted: CourseFilter, order: Order, now: datetime, most: int) -> dict[str, str]:
    """Return the courses that meet the filter and have a client, each with the client's id, at most so many."""
    with store.reading() as session:
        conditions = conditions_of(session, wanted, local_date_in(session, now))
        rows = select(ListedCourse.course_id, ListedCourse.client_id).where(
            *conditions, ListedCourse.client_id.is_not(None)
        )
        return {row.course_id: row.client_id for row in session.execute(rows.order_by(*order.by).limit(most))}


def course_list_sheet(store: Store, wanted: CourseFilter, order: Order, *, now: datetime) -> Sheet:
    """Return all courses that meet the filter as a table, in the same order as on the page."""
    return sheet_of(_("Course list"), _SHEET, _all_rows(store, wanted, order, now))


def _all_rows(store: Store, wanted: CourseFilter, order: Order, now: datetime) -> Iterator[ListedRow]:
    with store.reading() as session:
        today = local_date_in(session, now)
        for some in batched(course_ids_of(session, wanted, order, today), _AT_ONCE):
            yield from _rows_in(session, some, today)


def conditions_of(session: Session, wanted: CourseFilter, today: date) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter on the clinic's day."""
    of, found = ListedCourse, _grouped_by(ListedCourse, wanted)
    zone = clinic_in(session).zone
    if wanted.sold_from is not None:
        found.append(of.sold_at >= hours_of(wanted.sold_from, zone)[0])
    if wanted.sold_to is not None:
        found.append(of.sold_at < hours_of(wanted.sold_to, zone)[1])
    if wanted.expires_within is not None:
        found += expires_within(today, wanted.expires_within)
    if wanted.has_due:
        found.append(of.due > 0)
    if wanted.not_seen_for is not None:
        found += not_seen_for(today, wanted.not_seen_for)
        # It follows; but in the order of the last visit the rows before it are not read for nothing.
        found.append(of.last_visit_on <= today - timedelta(wanted.not_seen_for))
    if wanted.left_at_most is not None:
        found.append(of.sessions_left.between(1, wanted.left_at_most))
    if wanted.course_ids is not None:
        found.append(of.course_id.in_(wanted.course_ids))
    return found


def expires_within(today: date, days: int) -> list[ColumnElement[bool]]:
    """Return the conditions that a course with sessions left expires in so many days from today."""
    return [ListedCourse.expires_on.between(today, today + timedelta(days)), IS_CURRENT]


def not_seen_for(today: date, days: int) -> list[ColumnElement[bool]]:
    """Return the conditions that a course has sessions left, and no visit or sale for so many days."""
    return [ListedCourse.last_seen_on <= today - timedelta(days), IS_CURRENT]


def _sums(
    session: Session, wanted: CourseFilter, conditions: Sequence[ColumnElement[bool]], today: date
) -> tuple[ListSum, ...]:
    of: Any = ListedCourse
    sums: tuple[Any, ...] = (func.count(), func.sum(of.sessions_left), func.sum(of.value))
    if kept := _kept(wanted, today):
        of, conditions = ListedSum, kept
        sums = (func.sum(of.courses), func.sum(of.sessions), func.sum(of.value))
    rows = session.execute(select(of.currency, *sums).where(*conditions).group_by(of.currency))
    found = [
        ListSum(int(courses), int(sessions), Money(int(value), code))
        for code, courses, sessions, value in rows
        if courses
    ]
    return tuple(sorted(found, key=lambda each: each.value.currency))


_GROUPED = {"state", "package_id", "practitioner_id"}


def _kept(wanted: CourseFilter, today: date) -> list[ColumnElement[bool]]:
    """Return which of the kept sums the filter asks for; none where it asks for what they are not grouped by."""
    asked = {each.name for each in fields(wanted) if getattr(wanted, each.name) != each.default}
    of, last = ListedSum, timedelta(wanted.expires_within or 0)
    if asked == {"expires_within"}:
        return [of.kind == SumOf.EXPIRES.value, of.day.between(today, today + last)]
    if asked == {"not_seen_for"}:
        return [of.kind == SumOf.SEEN.value, of.day <= today - timedelta(wanted.not_seen_for or 0)]
    if asked - _GROUPED:
        return []
    return [of.kind == SumOf.ALL.value, *_grouped_by(of, wanted)]


def _grouped_by(of: type[ListedCourse | ListedSum], wanted: CourseFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on what the kept sums are grouped by (`_GROUPED`), of the rows or of the sums."""
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(of.status.in_(STATES[wanted.state]))
    if wanted.package_id:
        found.append(of.package_id == wanted.package_id)
    if wanted.practitioner_id:
        found.append(of.practitioner_id == wanted.practitioner_id)
    return found


def _rows_in(session: Session, ids: Sequence[str], today: date) -> tuple[ListedRow, ...]:
    """Return the rows of these courses, in this order."""
    which = {"course_ids": ids}
    listed = {row.course_id: row for row in _LISTED.all(session.connection(), which)}
    found = {
        state.facts.id: _row(state, row, listed[state.facts.id])
        for state, row in states_of(session, _STATES, which, today=today)
    }
    return tuple(found[each] for each in ids if each in found)


def _row(state: CourseState, row: Row[Any], listed: Any) -> ListedRow:
    return ListedRow(
        state=state,
        client_id=row.client_id,
        client_name=row.client_name or "",
        package_name=row.package_name,
        sold_on=day_at(row.sold_at, ZoneInfo(row.time_zone)),
        practitioner=listed.practitioner_name,
        last_visit_on=None if listed.last_visit_on == NOT_YET else listed.last_visit_on,
    )


_STATES = prepared_states(COURSE_IDS, CLIENT_NAME, Course.package_name, Course.sold_at)
_LISTED = Prepared(
    select(ListedCourse.course_id, ListedCourse.practitioner_name, ListedCourse.last_visit_on).where(
        ListedCourse.course_id.in_(COURSE_IDS)
    )
)
_SHEET: Columns[ListedRow] = {
    "Client": lambda row: row.client_name,
    "Package": lambda row: row.package_name,
    "State": lambda row: STATE_NAMES[row.status],
    "Sold": lambda row: row.sold_on,
    "Left": lambda row: row.left,
    "Of": lambda row: row.granted,
    "Deferred value": lambda row: major(row.state.value_left),
    "Balance due": lambda row: major(row.state.due),
    "Currency": lambda row: row.state.facts.currency,
    "Expires": lambda row: row.state.expires_on,
    "Last visit": lambda row: row.last_visit_on,
    "Practitioner": lambda row: row.practitioner,
    "Course": lambda row: row.state.facts.id,
}
