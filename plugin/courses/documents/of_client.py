"""Documents issued to a client, by course; never what was billed to the giver of a course."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.views import CourseView
from plugin.courses.clients.clients import living_client_in
from plugin.courses.documents.buyers import buyers_in, sold_courses_in
from plugin.courses.documents.read import BILLED, DocumentView, documents_about_in
from plugin.store import Store
from plugin.store.ledger import Course


@dataclass(frozen=True, slots=True)
class ClientDocuments:
    """The client's documents of each course at hand, oldest first, and those of courses that others have now.

    `bought`: the courses they paid for themselves, which have or will have an invoice issued to them.
    """

    of_course: dict[str, tuple[DocumentView, ...]]
    given_away: tuple[DocumentView, ...]
    bought: frozenset[str]

    @property
    def is_billed(self) -> bool:
        """Return whether an invoice was issued to them, which a statement of account begins with."""
        issued = (*self.given_away, *(each for of_one in self.of_course.values() for each in of_one))
        return any(each.kind == "invoice" for each in issued)


def documents_of_client(store: Store, client_id: str, courses: Sequence[CourseView]) -> ClientDocuments:
    """Return what was issued to the client; `courses` are those at hand."""
    with store.reading() as session:
        sold = _sold_in(session, courses)
        about = documents_about_in(session, {each.id for each in sold.values()}, client_id)
        buyers = _buyers_in(session, courses, sold)
        bought = frozenset(
            course.id for course in courses if _is_now(session, buyers[sold[course.id].id], client_id)
        )
    theirs = {
        course_id: tuple(each for each in about if one.id in each.course_ids and each.client_id == client_id)
        for course_id, one in sold.items()
    }
    at_hand = {one.id for one in sold.values()}
    given_away = tuple(
        each
        for each in about
        if each.client_id == client_id and each.kind in BILLED and not at_hand.intersection(each.course_ids)
    )
    return ClientDocuments(theirs, given_away, bought)


def _sold_in(session: Session, courses: Sequence[CourseView]) -> Mapping[str, Course | CourseView]:
    # Without a transfer, which a view of the course shows, each was sold as it is.
    if not any(course.origin for course in courses):
        return {course.id: course for course in courses}
    ids = [course.id for course in courses]
    return sold_courses_in(session, session.scalars(select(Course).where(Course.id.in_(ids))))


def _buyers_in(
    session: Session, courses: Sequence[CourseView], sold: Mapping[str, Course | CourseView]
) -> dict[str, str | None]:
    # The history of a course shows that a gift was redeemed; that of the course it came from is not at hand.
    if any(course.origin or course.has_history("redeemed") for course in courses):
        return buyers_in(session, sold.values())
    return {course.id: course.client_id for course in sold.values()}


def _is_now(session: Session, buyer_id: str | None, client_id: str) -> bool:
    return buyer_id == client_id or (
        buyer_id is not None and living_client_in(session, buyer_id).id == client_id
    )
