"""Who bought a course, and how a document names them.

The buyer is the first owner of a course, also once it was given away: they are billed for it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers import Party
from plugin.courses.base.views import ClientView
from plugin.store.changes import CourseOrigin, Gift
from plugin.store.ledger import Course
from plugin.store.people import SquareCustomer


def buyer_in(session: Session, course: Course) -> str | None:
    """Return the client who bought the course; None while it has no owner."""
    first_gift = (
        select(Gift.giver_id)
        .where(Gift.course_id == course.id, Gift.redeemed_at.is_not(None))
        .order_by(Gift.given_at, Gift.id)
        .limit(1)
    )
    return session.scalar(first_gift) or course.client_id


def courses_of_sale_in(session: Session, square_order_id: str) -> list[Course]:
    """Return the courses a sale opened, in the order of its lines."""
    rows = (
        select(Course)
        .where(Course.square_order_id == square_order_id)
        .order_by(Course.square_line_uid, Course.unit, Course.id)
    )
    return list(session.scalars(rows))


def sold_course_in(session: Session, course: Course) -> Course:
    """Return the course that was sold: of one that sessions were transferred into, where they came from."""
    seen = set[str]()
    # A course may have come back to where it was: what is left goes there again.
    while course.id not in seen and (origin := session.get(CourseOrigin, course.id)) is not None:
        seen.add(course.id)
        course = session.get_one(Course, origin.origin_id)
    return course


_MOST_LINES = 4


def party_in(session: Session, buyer: ClientView) -> Party:
    """Return the buyer as a document names them."""
    profile = session.scalar(
        select(SquareCustomer)
        .where(
            SquareCustomer.client_id == buyer.id,
            SquareCustomer.is_current.is_(True),
            SquareCustomer.is_deleted.is_(False),
            SquareCustomer.address != "",
        )
        .order_by(SquareCustomer.seen_at.desc(), SquareCustomer.square_customer_id)
        .limit(1)
    )
    return Party(
        name=buyer.name,
        email=buyer.email or "",
        phone=buyer.phone or "",
        country=profile.country if profile is not None else "",
        address_lines=tuple(profile.address.splitlines()[:_MOST_LINES]) if profile is not None else (),
    )
