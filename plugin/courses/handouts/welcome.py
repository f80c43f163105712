"""The welcome sheet and the visit planner of a course, frozen from the ledger into plain values."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.aftercare import starting_text
from invoices.language import language_for
from invoices.pages.sheet import OF_WELCOME
from invoices.pages.welcome import calendar_of
from invoices.papers import PlannerForm, PlannerVisit, Section, VisitPlanner, WelcomeContent, WelcomeSheet
from plugin.core.moments import day_at
from plugin.courses.base.clinic import hours_in
from plugin.courses.base.views import CourseView
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.handouts import content
from plugin.courses.handouts.status import next_visit_in, received_in, suggested_interval_in
from plugin.courses.handouts.texts import starting_slug, text_for
from plugin.courses.visits.visit_plan import VisitPlan, plan_in
from plugin.store import Store
from plugin.store.ledger import Allowance


def welcome_paper(
    store: Store,
    course_id: str,
    *,
    now: datetime,
    language: str | None = None,
    balance_url: str | None = None,
) -> WelcomeSheet:
    """Freeze a welcome sheet; raises NotFound, or Refused for a course without an owner.

    `balance_url`: the client's private page.
    """
    with store.reading() as session:
        clinic, course, spoken = content.subject_in(session, course_id, now, language)
        names = names_in(session, spoken)
        received = received_in(session, course, clinic.zone)
        next_visit = next_visit_in(session, [course.client_id or ""], now)
        sections = _sections(session, course, spoken)
        interval = suggested_interval_in(session, course, spoken, next_visit)
        hours = content.open_hours(hours_in(session))
    return WelcomeSheet(
        clinic=content.clinic_on_paper(clinic),
        client_name=course.client_name or "",
        issued_on=day_at(now, clinic.zone),
        package_name=names(course.package_name),
        contents=tuple(
            WelcomeContent(
                treatment=names(each.treatment),
                sessions=each.granted,
                kind=each.kind,  # type: ignore[arg-type]  # one of the three, by the database
                usable_from_session=each.usable_from_session,
            )
            for each in course.allowances
            if each.granted
        ),
        sections=sections,
        language=spoken,
        expires_on=course.expires_on,
        suggested_interval=interval,
        next_visit=content.in_language(next_visit, names),
        terms=content.terms_in_force(course, spoken, names, has_refund=received is None),
        phone_hours=hours,
        balance_url=balance_url,
        arrival=content.arrival_on_paper(clinic, names),
    )


def _sections(session: Session, course: CourseView, language: str) -> tuple[Section, ...]:
    """Return the parts for the welcome sheet of the first main treatment's text, else of its starting text."""
    main = next((each for each in course.allowances if each.kind == "main"), course.allowances[0])
    treatment_id = session.scalar(select(Allowance.treatment_id).where(Allowance.id == main.id))
    own = text_for(session, treatment_id, main.treatment, main.kind, language)
    for text in (
        own,
        starting_text(starting_slug(main.treatment, main.kind), language),
        starting_text("", language),
    ):
        if found := tuple(part for part in text.sections if part.role in OF_WELCOME):
            return found
    return ()


def planner_paper(
    store: Store,
    course_id: str,
    *,
    now: datetime,
    language: str | None = None,
    balance_url: str | None = None,
    form: PlannerForm = "sheet",
) -> VisitPlanner:
    """Freeze the planner; raises NotFound, or Refused for a course without an owner.

    `balance_url`: the client's private page, which has the calendar file.
    """
    with store.reading() as session:
        clinic, course, spoken = content.subject_in(session, course_id, now, language)
        names = names_in(session, spoken)
        plan = plan_in(session, course_id, now=now)
    visits = _visits(plan, names)
    return VisitPlanner(
        clinic=content.clinic_on_paper(clinic),
        client_name=course.client_name or "",
        issued_on=day_at(now, clinic.zone),
        package_name=names(course.package_name),
        visits=visits[:1] if form == "card" else visits,
        language=spoken,
        form=form,
        arrival=content.arrival_on_paper(clinic, names),
        calendar_url=f"{balance_url}/courses/{course_id}/visits.ics" if balance_url else None,
    )


def calendar_file(store: Store, course_id: str, *, now: datetime, language: str | None = None) -> str:
    """Return the same visits as an iCalendar file."""
    paper = planner_paper(store, course_id, now=now, language=language)
    return calendar_of(paper.visits, paper.clinic, language_for(paper.language), at=now)


def _visits(plan: VisitPlan, names: Names) -> tuple[PlannerVisit, ...]:
    main = next((each.treatment for each in plan.course.allowances if each.kind == "main"), "")
    booked = [
        PlannerVisit(
            at=each.at,
            is_booked=True,
            minutes=each.minutes,
            treatment=names(each.treatment) if each.treatment else "",
            practitioner=each.practitioner,
        )
        for each in plan.booked
    ]
    planned = [PlannerVisit(at=at, is_booked=False, treatment=names(main)) for at in plan.planned]
    return tuple(sorted([*booked, *planned], key=lambda each: each.at))
