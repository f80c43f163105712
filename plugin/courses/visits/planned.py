"""Planned visits to come, of a day and of a client. A day with an appointment is left out: that one counts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Date, bindparam, exists, select

from plugin.courses.base.clinic import clinic_in, hours_of
from plugin.courses.base.course_extras import IS_VALID
from plugin.courses.base.views import CourseView
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.courses.visits.plan_bookings import PLANNED
from plugin.courses.visits.visit_plan import PlannedDate, booked_visits_in, dates_in
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.prepared import Prepared
from plugin.store.tables import Booking, Client, Course, PlannedVisit, SquareCustomer, Visit

MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class PlannedToday:
    """A visit planned for the day that nobody has come to, and that is not booked; `state`: as of PlannedDate."""

    course_id: str
    package_name: str
    client_id: str
    client_name: str
    at: datetime
    state: str = ""
    problem: str = ""


def planned_on(store: Store, day: date) -> tuple[PlannedToday, ...]:
    """Return the planned visits of the day by time, without those who came or have an appointment that day."""
    with store.reading() as session:
        begins, ends = hours_of(day, clinic_in(session).zone)
        asked = {"day": day, "begins": begins, "ends": ends}
        return tuple(PlannedToday(*row) for row in _PLANNED_ON.all(session.connection(), asked))


def planned_of_courses(
    store: Store, courses: Iterable[CourseView], *, now: datetime
) -> Mapping[str, Sequence[PlannedDate]]:
    """Return the planned visits to come of each of these courses; asks only where the history tells of a plan."""
    found: defaultdict[str, Sequence[PlannedDate]] = defaultdict(tuple)
    planned = {each.id: each.client_id for each in courses if each.has_history(PLANNED)}
    if not planned:
        return found
    with store.reading() as session:
        zone = clinic_in(session).zone
        booked = {each: booked_visits_in(session, each, now) for each in set(planned.values())}
        rows = session.scalars(
            select(PlannedVisit)
            .where(
                PlannedVisit.course_id.in_(planned),
                PlannedVisit.replaced_at.is_(None),
                PlannedVisit.start_at > now,
            )
            .order_by(PlannedVisit.course_id, PlannedVisit.start_at)
        )
        for course_id, standing in groupby(rows, key=lambda row: row.course_id):
            found[course_id] = dates_in(standing, booked[planned[course_id]], now, zone)
    return found


# Today is asked for all day long: the statement is built once.
_BEGINS, _ENDS = (bindparam(name, type_=UtcTime()) for name in ("begins", "ends"))
_HAS_COME = (
    exists()
    .where(Visit.course_id == Course.id, Visit.visited_on == bindparam("day", type_=Date()), IS_VALID)
    .correlate(Course)
)
_IS_BOOKED = (
    exists()
    .where(
        SquareCustomer.client_id == Course.client_id,
        Booking.square_customer_id == SquareCustomer.square_customer_id,
        Booking.start_at >= _BEGINS,
        Booking.start_at < _ENDS,
        Booking.status.not_in(CALLED_OFF),
    )
    .correlate(Course)
)
_PLANNED_ON = Prepared(
    select(
        Course.id,
        Course.package_name,
        Client.id,
        Client.name,
        PlannedVisit.start_at,
        PlannedVisit.booking_state,
        PlannedVisit.booking_problem,
    )
    .join(Course, Course.id == PlannedVisit.course_id)
    .join(Client, Client.id == Course.client_id)
    .where(
        PlannedVisit.replaced_at.is_(None),
        PlannedVisit.start_at >= _BEGINS,
        PlannedVisit.start_at < _ENDS,
        Course.closed_at.is_(None),
        Course.frozen_at.is_(None),
        ~_HAS_COME,
        ~_IS_BOOKED,
    )
    .order_by(PlannedVisit.start_at, Client.name)
    .limit(MOST_SHOWN)
)
