"""The visit planner of a course: its booked and planned visits, as paper and as calendar file."""

from datetime import datetime

from invoices.calendar import calendar_of
from invoices.language import language_for
from invoices.papers import PlannerForm, PlannerVisit, VisitPlanner
from plugin.courses.base.clinic import local_date
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.handouts.content import arrival_on_paper, clinic_on_paper, subject_in
from plugin.courses.visits.visit_plan import VisitPlan, plan_in
from plugin.store import Store


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
        clinic, course, spoken = subject_in(session, course_id, now, language)
        names = names_in(session, spoken)
        plan = plan_in(session, course_id, now=now)
    visits = _visits(plan, names)
    return VisitPlanner(
        clinic=clinic_on_paper(clinic),
        client_name=course.client_name or "",
        issued_on=local_date(clinic, now),
        package_name=names(course.package_name),
        visits=visits[:1] if form == "card" else visits,
        language=spoken,
        form=form,
        arrival=arrival_on_paper(clinic, names),
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
