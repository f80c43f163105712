"""What falls due: balances to be paid by today, and courses that expire within days with sessions left."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select, union

from plugin.core.course import CourseState
from plugin.courses.base.state import each_state
from plugin.courses.reports.overview import last_in_chain
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.people import Client
from plugin.store.selling import Checkout

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
    """Balances due today or overdue, the oldest first; courses about to expire, the next first."""

    balances: tuple[DueCourse, ...]
    expiring: tuple[DueCourse, ...]


def due_today(store: Store, today: date) -> DueToday:
    """Return what falls due, in one query that reads only the courses concerned."""
    last = today + EXPIRING_WITHIN
    # Most are used up by then: their state need not be read.
    has_left = (
        select(Allowance.id)
        .where(Allowance.course_id == Course.id, last_in_chain(Entry.sessions_after) > 0)
        .exists()
    )
    expiring = select(Course.id).where(
        Course.expires_on.between(today, last), Course.closed_as.is_(None), has_left
    )
    asked = select(Checkout.square_order_id).where(
        Checkout.state.in_(("asking", "waiting")), Checkout.balance_due_on <= today
    )
    unpaid = select(Course.id).where(Course.square_order_id.in_(asked), Course.closed_as.is_(None))
    which = select(union(expiring, unpaid).subquery().c.id)
    client_name = select(Client.name).where(Client.id == Course.client_id).scalar_subquery()
    more = (Course.package_name, client_name.label("client_name"))
    with store.reading() as session:
        rows = each_state(session, which, *more, today=today)
        found = [
            DueCourse(state.facts.id, row.client_id, row.client_name, row.package_name, state)
            for state, row in rows
            if row.client_id is not None
        ]
    return DueToday(
        balances=tuple(sorted(filter(_is_due, found), key=lambda each: each.state.due_on or today)),
        expiring=tuple(
            sorted(
                (each for each in found if _expires(each, last)),
                key=lambda each: each.state.expires_on or last,
            )
        ),
    )


def _is_due(each: DueCourse) -> bool:
    return each.state.due_on is not None and each.state.due_on <= each.state.today


def _expires(each: DueCourse, last: date) -> bool:
    state = each.state
    return state.is_live and state.not_used > 0 and state.expires_on is not None and state.expires_on <= last
