"""What was issued to a client, course by course: never what was billed to whoever gave them a course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.clients.clients import living_client_in
from plugin.courses.documents.buyers import buyer_in, sold_course_in
from plugin.courses.documents.read import DocumentView, documents_billed_to_in, documents_of_courses_in
from plugin.store import Store
from plugin.store.ledger import Course


@dataclass(frozen=True, slots=True)
class ClientDocuments:
    """The client's documents of each course at hand, oldest first, and those of courses that are others' now.

    `bought`: the courses that they paid for themselves, which have or get an invoice made out to them.
    """

    of_course: dict[str, tuple[DocumentView, ...]]
    given_away: tuple[DocumentView, ...]
    bought: frozenset[str]


def documents_of_client(store: Store, client_id: str, course_ids: Sequence[str]) -> ClientDocuments:
    """Return what was issued to the client; `course_ids` are the courses at hand."""
    with store.reading() as session:
        found = documents_of_courses_in(session, course_ids)
        theirs = {
            course_id: tuple(each for each in documents if each.client_id == client_id)
            for course_id, documents in found.items()
        }
        shown = {each.id for documents in found.values() for each in documents}
        billed = documents_billed_to_in(session, client_id)
        rows = session.scalars(select(Course).where(Course.id.in_(course_ids)))
        bought = frozenset(row.id for row in rows if _buyer_in(session, row) == client_id)
    return ClientDocuments(theirs, tuple(each for each in billed if each.id not in shown), bought)


def _buyer_in(session: Session, course: Course) -> str | None:
    buyer_id = buyer_in(session, sold_course_in(session, course))
    return living_client_in(session, buyer_id).id if buyer_id is not None else None
