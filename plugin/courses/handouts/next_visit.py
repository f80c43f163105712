"""A client's next visit: the booked one, and the interval between visits that the clinic suggests.

Reads the stored appointments; makes no network call.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import Language, language_for
from invoices.papers import NextVisit
from plugin.core.text import is_same_name
from plugin.courses.base.outbox import PAPERS, enqueue
from plugin.courses.base.views import CourseView
from plugin.courses.base.work import Work
from plugin.store.tables import Allowance, Booking, Course, SquareCustomer, Treatment

ACCEPTED = "ACCEPTED"
_DAYS_A_WEEK = 7


def next_visit_in(session: Session, client_ids: Sequence[str], now: datetime) -> NextVisit | None:
    """Return the next booked visit of one of these clients, None if Square has none."""
    theirs = select(SquareCustomer.square_customer_id).where(SquareCustomer.client_id.in_(client_ids))
    booking = session.scalar(
        select(Booking)
        .where(
            Booking.square_customer_id.in_(theirs),
            Booking.status == ACCEPTED,
            Booking.outcome.is_(None),
            Booking.start_at > now,
        )
        .order_by(Booking.start_at, Booking.square_booking_id)
        .limit(1)
    )
    if booking is None:
        return None
    return NextVisit(
        at=booking.start_at, treatment=booking.service_name, practitioner=booking.team_member_name
    )


def suggested_interval_in(
    session: Session, course: CourseView, language: str, next_visit: NextVisit | None
) -> str | None:
    """Return the suggested interval in words: as asked at the last visit, else of the first main treatment.

    None if there is none, if no session of it can be used, or if the booked visit is for something else, such
    as a touch-up.
    """
    if not course.is_live or not course.left or _is_for_another(course, next_visit):
        return None
    spoken = language_for(language)
    last = course.visits[-1] if course.visits else None
    if last is not None and last.interval_days and not last.guest:
        day = last.visited_on + timedelta(days=last.interval_days)
        if day > course.today:
            return spoken.gettext("We suggest your next visit around {date}.", date=spoken.medium_date(day))
        return every_text(spoken, last.interval_days)
    days = session.scalar(
        select(Treatment.suggested_days)
        .join(Allowance, Allowance.treatment_id == Treatment.id)
        # With only touch-ups left, their own interval counts.
        .where(Allowance.id.in_([each.id for each in course.allowances if each.left]))
        .order_by(Allowance.position)
        .limit(1)
    )
    return None if days is None else every_text(spoken, days)


def every_text(spoken: Language, days: int) -> str:
    """Return the suggested interval in words."""
    # No plural forms: Chinese has one, in which a week would be “1 week”.
    if days == 1:
        return spoken.gettext("We suggest a visit every day.")
    if days == _DAYS_A_WEEK:
        return spoken.gettext("We suggest a visit every week.")
    if days % _DAYS_A_WEEK:
        return spoken.gettext("We suggest a visit every {n} days.", n=days)
    return spoken.gettext("We suggest a visit every {n} weeks.", n=days // _DAYS_A_WEEK)


def _is_for_another(course: CourseView, next_visit: NextVisit | None) -> bool:
    others = [each.treatment for each in course.allowances if each.kind != "main"]
    return next_visit is not None and any(is_same_name(next_visit.treatment, each) for each in others)


def booking_changed(work: Work, square_customer_ids: Iterable[str | None]) -> None:
    """Render the papers again that may name the booked visit of these customers."""
    ids = [each for each in square_customer_ids if each]
    clients = select(SquareCustomer.client_id).where(SquareCustomer.square_customer_id.in_(ids))
    courses = select(Course.id).where(Course.client_id.in_(clients), Course.closed_as.is_(None))
    for course_id in work.session.scalars(courses.order_by(Course.id)).all():
        enqueue(work, PAPERS, course_id)
