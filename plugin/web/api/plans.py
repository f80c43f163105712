"""The calls on the plan of a course: its booked and planned visits, what is proposed, and saving it."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from plugin.courses.visits import visit_plan
from plugin.web.api.answers import Answer, Moment, shown
from plugin.web.api.calls import Reply, Request, call
from plugin.web.api.inputs import GivenMoment, Input

_EXAMPLE = "2026-12-01T18:30:00Z"


class PlanDate(Answer):
    """A date of the plan. `problem`: why Square did not book or move it."""

    at: Moment = shown(_EXAMPLE)
    state: Literal["not_booked", "waiting", "booked", "failed"] = shown(
        "booked", "Its appointment in Square Appointments, where the clinic has plans booked there."
    )
    problem: str = shown("")


class Plan(Answer):
    """The visits to come of a course. `proposal` is saved nowhere until it is sent back."""

    booked: list[Moment] = shown([_EXAMPLE], "Appointments of the client in Square.")
    planned: list[Moment] = shown([_EXAMPLE], "Dates of the plan that are not booked.")
    dates: list[PlanDate] = shown(
        [{"at": _EXAMPLE, "state": "booked", "problem": ""}], "All dates of the plan, with their appointment."
    )
    proposal: list[Moment] = shown(
        [_EXAMPLE], "Dates for the sessions left that are not booked, by rhythm and opening hours."
    )
    closed_days: list[date] = shown(["2026-12-25"], "Days of `dates` on which the clinic is closed.")
    expired_days: list[date] = shown(["2027-11-30"], "Days of `dates` after the expiration of the course.")
    is_usable: bool = shown(
        example=True, description="Whether the course can be used now; nothing else is planned."
    )
    is_off: bool = shown(
        example=False, description="A visit was missed, moved, added or booked since: plan again."
    )


class NewPlan(Input, json_schema_extra={"examples": [{"visits": [_EXAMPLE]}]}):
    """The dates of the plan, in place of all that are to come; an empty list removes it."""

    visits: list[GivenMoment] = Field(
        min_length=0, max_length=visit_plan.MOST_PLANNED, description="Each with its time zone."
    )


@call("GET", "/courses/{course_id}/plan", Plan)
def read_course_plan(request: Request, course_id: str) -> Reply:
    """Read the booked and planned visits of a course, and a proposal for the rest."""
    return Reply(_plan(request, course_id))


@call("POST", "/courses/{course_id}/plan", Plan)
def plan_course(request: Request, body: NewPlan, course_id: str) -> Reply:
    """Plan the visits of a course. They are booked in Square where the clinic switched that on."""
    books = request.services.settings.book_appointments
    changed = visit_plan.save_plan(request.store, request.act, course_id, body.visits, books=books)
    return Reply(_plan(request, course_id), changed.is_repeat)


def _plan(request: Request, course_id: str) -> dict[str, Any]:
    plan: visit_plan.VisitPlan = visit_plan.read_plan(request.store, course_id, now=request.act.now)
    unfit = visit_plan.unfit_days(request.store, plan, [each.at for each in plan.dates])
    return Plan.of(
        {
            "booked": [each.at for each in plan.booked],
            "planned": plan.planned,
            "dates": [
                {"at": each.at, "state": each.state or "not_booked", "problem": each.problem}
                for each in plan.dates
            ],
            "proposal": visit_plan.propose_plan(request.store, plan, plan.rhythm),
            "closed_days": unfit.closed,
            "expired_days": unfit.expired,
            "is_usable": plan.is_usable,
            "is_off": plan.is_off,
        }
    )
