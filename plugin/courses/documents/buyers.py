"""Who bought a course, and how a document names them.

The buyer is the first owner of a course, even after it was given away: they are billed for it.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers import Party
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.catalog.names import names_in
from plugin.courses.clients.contacts import written_phone
from plugin.store.tables import Course, CourseOrigin, Gift, SquareCustomer


def buyer_in(session: Session, course: Course) -> str | None:
    """Return the client who bought the course; None while it has no owner."""
    return buyers_in(session, [course])[course.id]


def buyers_in(session: Session, courses: Iterable[Course | CourseView]) -> dict[str, str | None]:
    """Return the buyer of each course; None while it has no owner."""
    owners = {course.id: course.client_id for course in courses}
    gifts = (
        select(Gift.course_id, Gift.giver_id)
        .where(Gift.course_id.in_(owners), Gift.redeemed_at.is_not(None))
        # The first of several gifts is last here, and counts.
        .order_by(Gift.given_at.desc(), Gift.id.desc())
    )
    return owners | dict(session.execute(gifts).all())


def courses_of_sale_in(session: Session, square_order_id: str) -> list[Course]:
    """Return the courses opened by a sale, in the order of its lines."""
    rows = (
        select(Course)
        .where(Course.square_order_id == square_order_id)
        .order_by(Course.square_line_uid, Course.unit, Course.id)
    )
    return list(session.scalars(rows))


def packages_of_sale_in(session: Session, square_order_id: str, language: str) -> str:
    """Return the names of the packages of a sale in a language, each once."""
    names = names_in(session, language)
    courses = courses_of_sale_in(session, square_order_id)
    return ", ".join(dict.fromkeys(names(each.package_name) for each in courses))


def sold_course_in(session: Session, course: Course) -> Course:
    """Return the course that was sold: for one that received transferred sessions, where they came from."""
    return sold_courses_in(session, [course])[course.id]


def sold_courses_in(session: Session, courses: Iterable[Course]) -> dict[str, Course]:
    """Return the sold course of each course, with one query per transfer on the longest path."""
    sold = {course.id: course for course in courses}
    # Sessions may return to a course they came from: what is left is moved to it again.
    seen: dict[str, set[str]] = {course_id: set() for course_id in sold}
    moved = dict(sold)
    while moved:
        origins = _origins(session, {course.id for course in moved.values()})
        for start, course in moved.items():
            seen[start].add(course.id)
        moved = {
            start: session.get_one(Course, origins[course.id])
            for start, course in moved.items()
            if course.id in origins
        }
        sold |= moved
        moved = {start: course for start, course in moved.items() if course.id not in seen[start]}
    return sold


def _origins(session: Session, course_ids: Collection[str]) -> dict[str, str]:
    rows = select(CourseOrigin.course_id, CourseOrigin.origin_id).where(
        CourseOrigin.course_id.in_(course_ids)
    )
    return dict(session.execute(rows).all())


_MOST_LINES = 4


def party_in(session: Session, buyer: ClientView) -> Party:
    """Return the buyer as a document names them: with the address typed here, else that of their Square profile."""
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
        phone=written_phone(buyer.phone, clinic_in(session).country) if buyer.phone else "",
        country=profile.country if profile is not None and not buyer.postal_address else "",
        address_lines=tuple(
            (buyer.postal_address or (profile.address if profile else "")).splitlines()[:_MOST_LINES]
        ),
    )
