"""Which papers are selected: lists of clients, and each paper's course and visit, or why there is none."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.text import folded
from plugin.courses.base.read import courses_in
from plugin.courses.base.views import CourseView, FoundClient, VisitView
from plugin.courses.clients.clients import (
    IS_SOMEBODY,
    IS_SOMEBODY_HERE,
    LONGEST_SEARCH,
    living_client_in,
    with_balances_in,
    words_in,
)
from plugin.courses.handouts.cache import AFTERCARE, SUMMARY
from plugin.courses.visits.arrivals import arrivals_on
from plugin.courses.visits.visits import visits_on
from plugin.store import Store
from plugin.store.tables import Client, Course, Document, DocumentCourse
from plugin.wording import N_, _


class Listing(StrEnum):
    """The name of a list."""

    ALL = "all"
    CAME = "came"
    BOOKED = "booked"


def ids_on(
    store: Store, listing: Listing, q: str, *, today: date, now: datetime, limit: int
) -> tuple[str, ...]:
    """Return the ids of the clients on a list whose name, e-mail or phone contains every word of `q`, by name."""
    rows = select(Client.id).where(*IS_SOMEBODY, *words_in(Client.search_text, q[:LONGEST_SEARCH]))
    if listing is not Listing.ALL:
        rows = rows.where(Client.id.in_((_came if listing is Listing.CAME else _booked)(store, today, now)))
    with store.reading() as session:
        return tuple(session.scalars(rows.order_by(Client.name_folded, Client.id).limit(limit)))


def people_chosen(store: Store, client_ids: Collection[str], *, today: date) -> tuple[FoundClient, ...]:
    """Return these clients, by name."""
    # Sorted here: asked to sort, SQLite goes through all clients by name to find these.
    rows = select(Client).where(*IS_SOMEBODY_HERE, Client.id.in_(client_ids))
    with store.reading() as session:
        found = session.scalars(rows).all() if client_ids else ()
        by_name = sorted(found, key=lambda each: (each.name_folded, each.id))
        return with_balances_in(session, by_name, today)


def _came(store: Store, today: date, _now: datetime) -> list[str]:
    return [each.course.client_id for each in visits_on(store, today, today=today) if each.course.client_id]


def _booked(store: Store, today: date, now: datetime) -> list[str]:
    booked = arrivals_on(store, today, now=now) or ()
    return [each.client_id for each in booked if each.client_id]


INVOICE = "invoice"
CALLED = {SUMMARY: N_("course summary"), AFTERCARE: N_("aftercare sheet"), INVOICE: N_("invoice")}


@dataclass(frozen=True, slots=True)
class Selection:
    """One paper to be made. `subject` is the course's id; for an invoice, the document's, which has a number."""

    client_name: str
    kind: str
    subject: str
    visit_id: str | None = None
    number: str = ""

    @property
    def called(self) -> str:
        """Return the paper's name: "course summary", "invoice 2026-0041"."""
        return f"{CALLED[self.kind]} {self.number}".strip()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A missing paper: whose, which ("" for any), and why in a sentence."""

    client_name: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose papers and which; with a `day`, only those of that day's visits; with `course_ids`, only of these."""

    client_ids: tuple[str, ...]
    kinds: tuple[str, ...]
    day: date | None = None
    course_ids: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, the same for the same choice."""
        day = self.day.isoformat() if self.day else None
        only = {"courses": sorted(self.course_ids)} if self.course_ids else {}
        return {"clients": sorted(self.client_ids), "kinds": list(self.kinds), "day": day, **only}


def selection_in(session: Session, choice: Choice, *, today: date) -> tuple[list[Selection], list[LeftOut]]:
    """Return the papers in the order they are printed, by name, and the missing ones."""
    clients = _clients(session, choice.client_ids)
    courses = _courses(session, [client.id for client in clients], today)
    wanted: list[Selection] = []
    left_out: list[LeftOut] = []
    for client in clients:
        known = courses[client.id] if client.erased_at is None else []
        if choice.course_ids:
            known = [course for course in known if course.id in choice.course_ids]
        theirs = _Theirs(client, known, choice.day, are_chosen=bool(choice.course_ids))
        if not theirs.courses:
            left_out.append(LeftOut(client.name, "", _without_course(client)))
            continue
        for kind in choice.kinds:
            found = _FINDERS[kind](session, theirs)
            wanted += found
            if not found:
                left_out.append(LeftOut(client.name, kind, _why_not(theirs, kind)))
    return wanted, left_out


@dataclass(frozen=True, slots=True)
class _Theirs:
    """A client and their courses; with a `day`, only what was used then counts.

    `are_chosen`: each of the courses was chosen, in use or not.
    """

    client: Client
    courses: Sequence[CourseView]
    day: date | None
    are_chosen: bool = False

    @property
    def at_hand(self) -> list[CourseView]:
        """Return the courses in use, oldest first; if there are none, the one sold last."""
        if self.day is not None:
            return [course for course in self.courses if any(self._is_meant(each) for each in course.visits)]
        by_age = sorted(self.courses, key=lambda course: (course.sold_at, course.id))
        if self.are_chosen:
            return by_age
        return [course for course in by_age if course.is_live] or by_age[-1:]

    @property
    def visits(self) -> list[tuple[CourseView, VisitView]]:
        """Return the last visit, or all of the day."""
        came = [
            (course, visit) for course in self.courses for visit in course.visits if self._is_meant(visit)
        ]
        came.sort(key=lambda each: (each[1].visited_on, each[1].id))
        return came[-1:] if self.day is None else came

    def _is_meant(self, visit: VisitView) -> bool:
        return self.day is None or visit.visited_on == self.day


def _clients(session: Session, ids: Collection[str]) -> list[Client]:
    """Return the people by name, each once even if merged since."""
    # Loaded together: those not merged need no query each.
    known = {client.id: client for client in session.scalars(select(Client).where(Client.id.in_(ids)))}
    found = (known[each] if _is_whole(known.get(each)) else living_client_in(session, each) for each in ids)
    living = {client.id: client for client in found}
    return sorted(living.values(), key=lambda client: (folded(client.name), client.id))


def _is_whole(client: Client | None) -> bool:
    return client is not None and client.merged_into is None


def _courses(session: Session, client_ids: Sequence[str], today: date) -> dict[str, list[CourseView]]:
    rows = session.scalars(select(Course).where(Course.client_id.in_(client_ids)))
    found: dict[str, list[CourseView]] = defaultdict(list)
    for course in courses_in(session, list(rows), today=today):
        if not course.is_void:
            found[course.client_id or ""].append(course)
    return found


def _summaries(_session: Session, theirs: _Theirs) -> list[Selection]:
    return [Selection(theirs.client.name, SUMMARY, course.id) for course in theirs.at_hand]


def _sheets(_session: Session, theirs: _Theirs) -> list[Selection]:
    return [
        Selection(visit.guest or theirs.client.name, AFTERCARE, course.id, visit.id)
        for course, visit in theirs.visits
    ]


def _invoices(session: Session, theirs: _Theirs) -> list[Selection]:
    """Return the invoices of the courses at hand: a course received from another client is billed to that client."""
    about = select(DocumentCourse.document_id).where(
        DocumentCourse.course_id.in_([course.id for course in theirs.at_hand])
    )
    rows = select(Document.id, Document.number).where(
        Document.kind == INVOICE, Document.client_id == theirs.client.id, Document.id.in_(about)
    )
    return [
        Selection(theirs.client.name, INVOICE, document_id, number=number)
        for document_id, number in session.execute(rows.order_by(Document.place))
    ]


_FINDERS: dict[str, Callable[[Session, _Theirs], list[Selection]]] = {
    SUMMARY: _summaries,
    AFTERCARE: _sheets,
    INVOICE: _invoices,
}


def _without_course(client: Client) -> str:
    return _("No course yet.") if client.erased_at is None else _("Their data was erased.")


def _why_not(theirs: _Theirs, kind: str) -> str:
    if kind == AFTERCARE or theirs.day is not None:
        return _("No visit yet.")
    return _("No invoice was issued yet. The client’s page issues it.")
