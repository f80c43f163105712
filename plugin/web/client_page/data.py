"""A client's courses for their own page: their own data, in their language, and nothing about others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from invoices.language import Language
from plugin.core.status import Status
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, CourseView, NoShowView, VisitView
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.catalog.terms_text import terms_of
from plugin.courses.changes.gifts import shared_with
from plugin.courses.clients.balance_text import figure, standing
from plugin.courses.clients.clients import read_client
from plugin.courses.documents.read import BILLED, DocumentView, documents_of_courses
from plugin.courses.handouts.content import focus_text
from plugin.courses.handouts.status import received_in
from plugin.store import Store
from plugin.web.desk.card import Card, card_of


@dataclass(frozen=True, slots=True)
class Line:
    """One visit, or a missed one that was charged; `visit_id` where there is an aftercare sheet for them."""

    on: date
    what: str
    treatment: str
    practitioner: str = ""
    focus: str = ""
    visit_id: str | None = None


@dataclass(frozen=True, slots=True)
class OwnCourse:
    """A course on the page. Of one that is shared with the client, only what concerns them.

    `figure`: the sessions left or ready to use, and their unit; `standing`: what prevents its use.
    """

    card: Card
    figure: tuple[int, str]
    standing: str
    lines: tuple[Line, ...]
    terms: tuple[str, ...]
    documents: tuple[DocumentView, ...]
    is_theirs: bool
    owner: str

    @property
    def last_visit(self) -> Line | None:
        """Return the visit whose sheet they may want now."""
        return next((line for line in self.lines if line.visit_id), None)


@dataclass(frozen=True, slots=True)
class OwnCourses:
    """The courses with sessions left, usable ones first; the used-up ones; and the names in the page's language."""

    current: tuple[OwnCourse, ...]
    earlier: tuple[OwnCourse, ...]
    names: Names


def own_courses(store: Store, client: ClientView, language: Language, *, today: date) -> OwnCourses:
    own = courses_of_client(store, client.id, today=today)
    shared = [each for each in shared_with(store, client.id, today=today) if each.is_live]
    current = [each for each in own if each.closed_at is None and each.not_used]
    earlier = [each for each in own if each.status is Status.FINISHED]
    issued = issued_to(store, client, (each.id for each in (*current, *earlier)))
    with store.reading() as session:
        names = names_in(session, language.tag)
    terms = _terms(store, [*current, *earlier], language, names)

    def shown(courses: Iterable[CourseView]) -> tuple[OwnCourse, ...]:
        return tuple(
            _own_course(each, client, language, names, issued.get(each.id, ()), terms.get(each.id, ()))
            for each in courses
        )

    return OwnCourses(shown([*current, *shared]), shown(earlier), names)


def visible_courses(store: Store, client: ClientView, *, today: date) -> tuple[CourseView, ...]:
    """Return every course that this client may have a paper of."""
    return (
        *courses_of_client(store, client.id, today=today),
        *shared_with(store, client.id, today=today),
    )


def issued_to(
    store: Store, client: ClientView, course_ids: Iterable[str]
) -> dict[str, tuple[DocumentView, ...]]:
    """Return the invoices and credit notes of each course that were issued to this client."""
    found = documents_of_courses(store, list(course_ids))
    return {
        course_id: tuple(each for each in documents if _is_to(store, client, each))
        for course_id, documents in found.items()
    }


def first_name(name: str) -> str:
    """Return the part of a name by which a person recognizes their own."""
    return name.split()[0] if name.split() else name


def _is_to(store: Store, client: ClientView, document: DocumentView) -> bool:
    # A transferred course also has the invoice of its buyer.
    return document.kind in BILLED and read_client(store, document.client_id).id == client.id


def _terms(
    store: Store, courses: Iterable[CourseView], language: Language, names: Names
) -> dict[str, tuple[str, ...]]:
    """Return the terms of the client's own courses; refund terms only of those they paid for."""
    with store.reading() as session:
        clinic = clinic_in(session)
        return {
            each.id: terms_of(
                each,
                language.tag,
                has_refund=received_in(session, each, clinic.zone) is None,
                names=names,
            )
            for each in courses
        }


def _own_course(
    course: CourseView,
    client: ClientView,
    language: Language,
    names: Names,
    documents: tuple[DocumentView, ...],
    terms: tuple[str, ...],
) -> OwnCourse:
    is_theirs = course.client_id == client.id
    came = [
        _came(course, each, language, names, has_come=each.client_id == client.id)
        for each in course.visits
        if is_theirs or each.client_id == client.id
    ]
    missed = [_missed(each, language, names) for each in course.no_shows] if is_theirs else []
    return OwnCourse(
        card=card_of(course),
        figure=figure(course, language),
        standing=standing(course, language, is_owner=is_theirs),
        lines=_newest_first([*came, *missed]),
        terms=terms,
        documents=documents,
        is_theirs=is_theirs,
        owner=first_name(course.client_name or ""),
    )


def _newest_first(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines from last to first, also within one day."""
    in_order = sorted(enumerate(lines), key=lambda each: (each[1].on, each[0]), reverse=True)
    return tuple(line for _, line in in_order)


def _came(course: CourseView, visit: VisitView, language: Language, names: Names, *, has_come: bool) -> Line:
    return Line(
        on=visit.visited_on,
        what=_what(course, visit, language),
        treatment=names.listed(visit.treatments),
        practitioner=visit.printed_practitioner,
        # The treatment is between the practitioner and the attendee.
        focus=focus_text(visit, names) if has_come else "",
        visit_id=visit.id if has_come else None,
    )


def _what(course: CourseView, visit: VisitView, language: Language) -> str:
    if visit.number:
        return language.gettext("Session {n}", n=visit.number)
    kinds = {each.treatment: each.kind for each in course.allowances}
    is_touch_up = kinds.get(visit.treatments[0]) == "touch_up"
    return language.gettext("Touch-up") if is_touch_up else language.gettext("Visit")


def _missed(missed: NoShowView, language: Language, names: Names) -> Line:
    return Line(missed.missed_on, language.gettext("Missed"), names(missed.treatment))
