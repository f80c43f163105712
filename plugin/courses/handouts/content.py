"""The content of a course's papers, frozen from the ledger into plain values."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoices import papers
from plugin.core.course import AllowanceState
from plugin.core.moments import day_at
from plugin.core.opening_hours import OpeningHours
from plugin.core.status import Status
from plugin.courses.base.chain import NO_COURSE
from plugin.courses.base.clinic import clinic_in, hours_in
from plugin.courses.base.read import course_in
from plugin.courses.base.views import ClinicView, CourseView, NoShowView, VisitView, from_row
from plugin.courses.base.words import paper_money
from plugin.courses.base.work import require_row
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.catalog.terms_text import terms_of
from plugin.courses.clients.clients import client_in
from plugin.courses.handouts import status
from plugin.courses.handouts.status import next_visit_in, suggested_interval_in
from plugin.courses.handouts.texts import text_for
from plugin.courses.ratings.choices import choice_in
from plugin.courses.ratings.views import concern_views_in
from plugin.courses.refunds.basis import GONE
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.ledger import Allowance as SoldAllowance
from plugin.store.tables import Course, Document, DocumentCourse, SquareRefund
from plugin.wording import _


def summary_paper(
    store: Store,
    course_id: str,
    *,
    now: datetime,
    language: str | None = None,
    balance_url: str | None = None,
) -> papers.CourseSummary:
    """Freeze a course summary from the ledger; raises NotFound, or Refused for a course without an owner.

    `balance_url`: the client's private page.
    """
    with store.reading() as session:
        clinic, course, spoken = subject_in(session, course_id, now, language)
        names = names_in(session, spoken)
        zone = clinic.zone
        standing = status.standing_in(session, course, zone)
        received = status.received_in(session, course, zone)
        credit = status.credit_in(session, course)
        refunded = _given_back(session, course) if received is None else None
        credit_notes = _credit_notes(session, course.id) if refunded else ()
        next_visit = next_visit_in(session, [course.client_id or ""], now)
        interval = suggested_interval_in(session, course, spoken, next_visit)
        ratings = _ratings(session, course, names)
        last = status.last_session_in(session, course, clinic, names, is_told_prices=received is None)
    return papers.CourseSummary(
        clinic=clinic_on_paper(clinic),
        client_name=course.client_name or "",
        language=spoken,
        issued_on=day_at(now, clinic.zone),
        package_name=names(course.package_name),
        sessions_left=course.left,
        sessions_total=course.granted,
        sessions_used=course.used,
        sessions_usable=course.left - course.locked,
        sessions_lost=sum(status.lost_sessions(course, each) for each in course.counted),
        sold_on=day_at(course.sold_at, zone),
        paid=paper_money(course.gross_paid) if received is None else None,
        credit=credit,
        received=received,
        gift_for=course.waiting_gift.recipient_name if course.waiting_gift else "",
        status=standing.status,
        status_on=standing.since,
        exchanged_for=names(standing.exchanged_for) if standing.exchanged_for else "",
        allowances=tuple(_allowance(course, each, names) for each in course.allowances),
        visits=_occasions(course, names),
        licenses=_licenses(course),
        earlier_visits=course.used_before,
        balance_due=paper_money(course.due) if course.due.amount else None,
        due_on=course.due_on,
        refunded=refunded,
        credit_notes=credit_notes,
        expires_on=course.expires_on,
        expires_after_first_visit=course.terms.waits_for_first_use and course.expires_on is None,
        terms=terms_in_force(course, spoken, names, has_refund=received is None),
        last_session=last,
        next_visit=in_language(next_visit, names),
        suggested_interval=interval,
        balance_url=balance_url,
        ratings=ratings,
    )


def aftercare_paper(
    store: Store,
    course_id: str,
    *,
    now: datetime,
    visit_id: str | None = None,
    language: str | None = None,
    form: papers.SheetForm = "sheet",
) -> papers.AftercareSheet:
    """Freeze an aftercare sheet for a visit, the latest by default; raises NotFound or Refused."""
    with store.reading() as session:
        clinic, course, spoken = subject_in(session, course_id, now, language)
        visit = _chosen_visit(course, visit_id)
        of = _session_of(course, visit)
        text = text_for(
            session, _treatment_id(session, course_id, of.treatment), of.treatment, of.kind, spoken
        )
        next_visit = next_visit_in(session, [visit.client_id], now)
        names = names_in(session, spoken)
        phone_hours = open_hours(hours_in(session))
    return papers.AftercareSheet(
        clinic=clinic_on_paper(clinic),
        client_name=visit.guest or course.client_name or "",
        language=spoken,
        visited_on=visit.visited_on,
        treatment=names(of.treatment),
        text=text,
        session_number=visit.number,
        sessions_total=course.granted if visit.number else None,
        kind=of.kind,
        practitioner=visit.printed_practitioner,
        focus=focus_text(visit, names),
        next_visit=in_language(next_visit, names),
        phone_hours=phone_hours,
        form=form,
    )


def open_hours(hours: OpeningHours) -> tuple[papers.OpenHours, ...]:
    """Return the opening hours as printed: days in a row with the same hours together; none where they are assumed."""
    if hours.is_assumed:
        return ()
    found = groupby(range(len(hours.week)), key=lambda day: hours.week[day])
    spans = [(list(days), intervals) for intervals, days in found]
    return tuple(
        papers.OpenHours(days[0], days[-1], each.opens, each.closes)
        for days, intervals in spans
        for each in intervals
    )


def clinic_on_paper(clinic: ClinicView) -> papers.Clinic:
    return from_row(
        papers.Clinic,
        clinic,
        address_lines=tuple(line for line in clinic.address.splitlines() if line),
        page_size="a4" if clinic.page_size == "a4" else "letter",
        logo=papers.Logo(clinic.logo.sha256, clinic.logo.width, clinic.logo.height) if clinic.logo else None,
        has_address_window=clinic.address_place == "window",
        large_print=False,
        ledger_head="",
    )


def arrival_on_paper(clinic: ClinicView, names: Names) -> papers.Arrival:
    """Return how to find the clinic, in the paper's language."""
    return papers.Arrival(
        parking=names(clinic.parking), entrance=names(clinic.entrance), map_url=clinic.map_url
    )


def subject_in(
    session: Session, course_id: str, now: datetime, language: str | None
) -> tuple[ClinicView, CourseView, str]:
    """Return the clinic, the course and the language of its paper; raises NotFound, or Refused without an owner."""
    clinic = clinic_in(session)
    row = require_row(session, Course, course_id, NO_COURSE)
    course = course_in(session, row, today=day_at(now, clinic.zone))
    if course.client_id is None:
        raise Refused(_("No one owns this course yet. Assign it to a client first."), code="unassigned")
    return clinic, course, language or client_in(session, course.client_id).language


def terms_in_force(course: CourseView, language: str, names: Names, *, has_refund: bool) -> tuple[str, ...]:
    """Return the terms in force: none once no session is left. No expiration is listed among the facts."""
    if not any(each.left for each in course.allowances):
        return ()
    return terms_of(course, language, has_no_expiry=False, has_refund=has_refund, names=names)


def _allowance(course: CourseView, allowance: AllowanceState, names: Names) -> papers.Allowance:
    is_expired = course.status is Status.EXPIRED
    return papers.Allowance(
        treatment=names(allowance.treatment),
        kind=allowance.kind,  # type: ignore[arg-type]
        granted=allowance.granted,
        used=allowance.used,
        left=allowance.left,
        usable_from_session=allowance.usable_from_session,
        is_open=allowance.usable_now > 0,
        stamps=papers.stamps(
            granted=allowance.granted,
            used_on=_days_used(course, allowance.id),
            undated=allowance.used_before,
            left=0 if is_expired else allowance.left,
            locked=allowance.locked if course.is_part_paid and not is_expired else 0,
            expired=status.expired_sessions(course, allowance),
        ),
    )


def _days_used(course: CourseView, allowance_id: str) -> list[date]:
    """Return the day of each session used of the allowance, one for each session of a visit or no-show."""
    days = {entry_id: visit.visited_on for visit in course.visits for entry_id in visit.entry_ids}
    days |= {each.entry_id: each.missed_on for each in course.no_shows}
    return [
        days[entry.id]
        for entry in course.entries
        if entry.id in days and entry.allowance_id == allowance_id
        for _other in range(-entry.sessions_delta)
    ]


def _occasions(course: CourseView, names: Names) -> tuple[papers.SummaryVisit, ...]:
    """Return the visits and the charged no-shows, in the order they are numbered."""
    came = [_visit(course, visit, names) for visit in course.visits]
    missed = [_missed(course, each, names) for each in course.no_shows]
    return tuple(sorted([*came, *missed], key=lambda each: (each.on, each.session_number or 0)))


def _ratings(session: Session, course: CourseView, names: Names) -> tuple[papers.RatedConcern, ...]:
    """Return what the owner of the course rated before its visits, unless they keep it off their papers."""
    owner = course.client_id or ""
    days = sorted({each.visited_on for each in course.visits if each.client_id == owner})
    found = concern_views_in(session, [owner], {owner: days}).get(owner, ())
    rated = [each for each in found if each.rated]
    if not rated or not choice_in(session, owner).is_on_papers:
        return ()
    return tuple(
        papers.RatedConcern(
            words=names(each.words),
            marks=tuple(papers.RatingMark(place.on, place.value) for place in each.places),
            visits_before=each.visits_before,
        )
        for each in rated
    )


def _licenses(course: CourseView) -> tuple[str, ...]:
    """Return each licensed practitioner of the visits, such as "Lin Wu, L.Ac., AC 12345"."""
    found = (f"{each.printed_practitioner}, {each.license}" for each in course.visits if each.license)
    return tuple(dict.fromkeys(found))


def _visit(course: CourseView, visit: VisitView, names: Names) -> papers.SummaryVisit:
    of = _session_of(course, visit)
    return papers.SummaryVisit(
        on=visit.visited_on,
        treatment=names(of.treatment),
        session_number=of.number,
        kind=of.kind,
        practitioner=visit.printed_practitioner,
        # What was treated is between the practitioner and the person treated.
        focus="" if visit.guest else focus_text(visit, names),
    )


def focus_text(visit: VisitView, names: Names) -> str:
    """Return what a visit was about as its client reads it: the focus areas, then what was added."""
    return " · ".join(filter(None, (names.listed(visit.all_areas), names.listed(visit.add_ons))))


def in_language(visit: papers.NextVisit | None, names: Names) -> papers.NextVisit | None:
    return visit and replace(visit, treatment=names(visit.treatment))


@dataclass(frozen=True, slots=True)
class _SessionOf:
    treatment: str
    kind: papers.AllowanceKind
    number: int | None


def _session_of(course: CourseView, visit: VisitView) -> _SessionOf:
    """Return which session a visit was: of a main treatment if one was used, and add-ons beside it."""
    rank: dict[papers.AllowanceKind, int] = {"main": 0, "touch_up": 1, "add_on": 2}
    used = sorted(
        zip(visit.treatments, visit.entry_ids, strict=True), key=lambda each: rank[_kind(course, each[0])]
    )
    treatment, entry_id = used[0]
    kind = _kind(course, treatment)
    number = course.number_of(entry_id) if kind == "touch_up" else visit.number
    return _SessionOf(treatment, kind, number)


def _missed(course: CourseView, no_show: NoShowView, names: Names) -> papers.SummaryVisit:
    return papers.SummaryVisit(
        on=no_show.missed_on,
        treatment=names(no_show.treatment),
        session_number=no_show.number,
        kind=_kind(course, no_show.treatment),
        is_no_show=True,
    )


def _kind(course: CourseView, treatment: str) -> papers.AllowanceKind:
    kinds: dict[str, papers.AllowanceKind] = {each.treatment: each.kind for each in course.allowances}  # type: ignore[misc]
    return kinds.get(treatment, "main")


def _given_back(session: Session, course: CourseView) -> papers.Money | None:
    """Return the money refunded by Square, None if it can't be attributed to this course alone."""
    if course.status is not Status.REFUNDED or course.square_order_id is None:
        return None
    of_sale = select(func.count()).where(Course.square_order_id == course.square_order_id)
    if session.scalar(of_sale) != 1:
        return None
    given = session.scalar(
        select(func.coalesce(func.sum(SquareRefund.amount - SquareRefund.tip), 0)).where(
            SquareRefund.square_order_id == course.square_order_id,
            SquareRefund.status.not_in(GONE),
            SquareRefund.currency == course.price.currency,
        )
    )
    # More than was paid for the course: it includes something else on the ticket.
    if not given or given > course.gross_paid.amount:
        return None
    return papers.Money(int(given), course.price.currency)


def _credit_notes(session: Session, course_id: str) -> tuple[str, ...]:
    """Return the numbers of the credit notes about the course, in the order they were issued."""
    about = (
        select(Document.number)
        .join(DocumentCourse, DocumentCourse.document_id == Document.id)
        .where(DocumentCourse.course_id == course_id, Document.kind == "credit_note")
        .order_by(Document.place)
    )
    return tuple(session.scalars(about))


def _chosen_visit(course: CourseView, visit_id: str | None) -> VisitView:
    if visit_id is None:
        if not course.visits:
            raise Refused(_("No session of this course was used yet, so there is nothing to take care of."))
        return course.visits[-1]
    chosen = next((visit for visit in course.visits if visit.id == visit_id), None)
    if chosen is None:
        raise NotFound(_("That course has no such visit."))
    return chosen


def _treatment_id(session: Session, course_id: str, treatment: str) -> str | None:
    of_course = select(SoldAllowance.treatment_id).where(
        SoldAllowance.course_id == course_id, SoldAllowance.treatment == treatment
    )
    return session.scalar(of_course.limit(1))
