"""What falls due: balances to be paid by today, and courses that expire within days with sessions left."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Date, Integer, bindparam, exists, func, literal, select, union, union_all

from plugin.core.course import CourseState
from plugin.courses.base.course_extras import COURSE_IDS
from plugin.courses.base.state import CLIENT_NAME, prepared_states, states_of
from plugin.courses.reports.overview import last_in_chain
from plugin.store import Store
from plugin.store.listing import IS_CURRENT, ListedCourse, UnlistedCourse
from plugin.store.prepared import Prepared
from plugin.store.tables import Allowance, Checkout, Course, Entry, Gift

EXPIRING_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DueCourse:
    """A course that something is due of, and whose it is."""

    course_id: str
    client_id: str
    client_name: str
    package_name: str
    state: CourseState


@dataclass(frozen=True, slots=True)
class DueToday:
    """Balances due today or overdue, the oldest first; the next courses to expire, of `expiring_count` in all."""

    balances: tuple[DueCourse, ...]
    expiring: tuple[DueCourse, ...]
    expiring_count: int


def due_today(store: Store, today: date, *, limit: int = 20) -> DueToday:
    """Return what falls due, with at most `limit` courses that expire."""
    last = today + EXPIRING_WITHIN
    values = {"today": today, "last": last, "limit": limit}
    with store.reading() as session:
        due = _DUE.all(session.connection(), values)
        ids = {"course_ids": [row.id for row in due]}
        rows = list(states_of(session, _STATES, ids, today=today)) if due else []
    found = [
        DueCourse(state.facts.id, row.client_id, row.client_name, row.package_name, state)
        for state, row in rows
        if row.client_id is not None
    ]
    expiring = sorted((each for each in found if _expires(each, last)), key=_ends_on)
    return DueToday(
        balances=tuple(sorted(filter(_is_due, found), key=lambda each: each.state.due_on or today)),
        expiring=tuple(expiring[:limit]),
        expiring_count=max((row.expiring_count for row in due), default=0),
    )


# Most are used up by then, and need no state; the conditions are those of `_expires`, so that the count is of the same.
_HAS_LEFT = (
    select(Allowance.id)
    .where(
        Allowance.course_id == Course.id,
        Allowance.kind.in_(("main", "touch_up")),
        last_in_chain(Entry.sessions_after) > 0,
    )
    .exists()
)
_TODAY, _LAST = bindparam("today", type_=Date), bindparam("last", type_=Date)
# By the list of courses, in which most have nothing left, and by what is not in it yet.
_KNOWN = union(
    select(ListedCourse.course_id).where(IS_CURRENT, ListedCourse.expires_on.between(_TODAY, _LAST)),
    select(UnlistedCourse.course_id),
)
_EXPIRING = select(Course.id).where(
    Course.id.in_(_KNOWN),
    Course.expires_on.between(_TODAY, _LAST),
    Course.closed_as.is_(None),
    Course.frozen_at.is_(None),
    Course.client_id.is_not(None),
    ~exists().where(Gift.waiting == Course.id),
    _HAS_LEFT,
)
_NEXT = (
    _EXPIRING.add_columns(func.count().over().label("expiring_count"))
    .order_by(Course.expires_on, Course.id)
    .limit(bindparam("limit", type_=Integer))
    .subquery()
)
_ASKED = select(Checkout.square_order_id).where(
    Checkout.state.in_(("asking", "waiting")), Checkout.balance_due_on <= bindparam("today", type_=Date)
)
_UNPAID = select(Course.id, literal(0)).where(Course.square_order_id.in_(_ASKED), Course.closed_as.is_(None))
_DUE = Prepared(union_all(select(_NEXT), _UNPAID))
_STATES = prepared_states(COURSE_IDS, Course.package_name, CLIENT_NAME)


def _is_due(each: DueCourse) -> bool:
    return each.state.due_on is not None and each.state.due_on <= each.state.today


def _expires(each: DueCourse, last: date) -> bool:
    state = each.state
    return state.is_live and state.not_used > 0 and state.expires_on is not None and state.expires_on <= last


def _ends_on(each: DueCourse) -> tuple[date, str]:
    return each.state.expires_on or date.max, each.course_id
