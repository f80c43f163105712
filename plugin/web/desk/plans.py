"""The plan of a course at the desk: dates proposed by rhythm and opening hours, changed one by one, kept."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.opening_hours import DAY_MINUTES
from plugin.courses.visits import visit_plan
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.desk import courses
from plugin.web.forms import Day, Form, TimeOfDay, count_field
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _, ngettext

blueprint = Screens("plans", __name__)


class RhythmForm(Form):
    """From when, at what time, how often."""

    first = Day(N_("First visit"))
    at = TimeOfDay(N_("Time"))
    every_days = count_field(N_("Days between visits"), N_("The number of days"))


@cache
def _plan_form() -> type[Form]:
    """Return the form of as many visits as a plan may have; an empty day leaves one out."""
    fields: dict[str, object] = {}
    for number in range(1, visit_plan.MOST_PLANNED + 1):
        fields[f"day_{number}"] = Day(N_("Day"))
        fields[f"time_{number}"] = TimeOfDay(N_("Time"))
    return type("PlanForm", (Form,), {"__doc__": "The visits of a plan.", **fields})


@blueprint.get("/courses/<course_id>/plan", roles=AT_THE_DESK, refused=courses.page_of_course)
def show(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the plan as a form, or the proposal by the rhythm in the address."""
    plan = visit_plan.read_plan(current_services().store, course_id, now=pages.now())
    asked, wrong = _asked(plan)
    is_proposal = plan.needs_proposal or "first" in request.args
    moments = [each.at for each in plan.dates]
    if is_proposal:
        moments = sorted([*plan.kept, *visit_plan.propose_plan(current_services().store, plan, asked)])
    form = _plan_form().shown(refusal, **_values(moments))
    return render_template(
        "desk/plan.html",
        plan=plan,
        course=plan.course,
        rhythm_form=RhythmForm.shown(wrong, first=asked.first, at=asked.minute, every_days=asked.every_days),
        form=form,
        rows=[
            (form[f"day_{number}"], form[f"time_{number}"])
            for number in range(1, _shown(moments, refusal) + 1)
        ],
        is_proposal=is_proposal,
        books=current_services().settings.book_appointments,
        missed=plan.missed,
        not_usable="" if plan.is_usable or not plan.dates else visit_plan.NOT_USABLE,
        unfit=visit_plan.unfit_days(current_services().store, plan, moments),
    )


@blueprint.post("/courses/<course_id>/plan", roles=AT_THE_DESK, refused=courses.form_again(show))
def save(course_id: str) -> ResponseReturnValue:
    form = _plan_form().sent()
    moments = [each for number in range(1, visit_plan.MOST_PLANNED + 1) if (each := _moment(form, number))]
    books = current_services().settings.book_appointments
    changed = visit_plan.save_plan(current_services().store, current_act(), course_id, moments, books=books)
    return redirect_to("clients.show", _said(len(moments), books=books), client_id=changed.course.client_id)


def _said(planned: int, *, books: bool) -> str:
    if not planned:
        return _("The plan is removed.")
    if books:
        return ngettext(
            "{n} visit is planned. It is being booked in Square.",
            "{n} visits are planned. They are being booked in Square.",
            planned,
        )
    return ngettext("{n} visit is planned.", "{n} visits are planned.", planned)


def _asked(plan: visit_plan.VisitPlan) -> tuple[visit_plan.Rhythm, Refusal | None]:
    """Return the rhythm in the address, the plan's own where there is none or it can't be read."""
    usual = plan.rhythm
    if "first" not in request.args:
        return usual, None
    try:
        form = RhythmForm.asked()
        wish = visit_plan.Rhythm(
            form.first.data or usual.first,
            usual.minute if form.at.data is None else form.at.data % DAY_MINUTES,
            form.every_days.data or usual.every_days,
        )
        today = pages.today()
        if wish.every_days > visit_plan.MOST_DAYS:
            raise InvalidField(
                _("Between visits there are 1 to {n} days.", n=visit_plan.MOST_DAYS), field="every_days"
            )
        if wish.first <= today or (wish.first - today).days > 366:
            raise InvalidField(_("Choose a day after today, within a year."), field="first")
    except InvalidField as error:
        return usual, Refusal.of(error, request.args)
    return wish, None


def _moment(form: Form, number: int) -> datetime | None:
    day, minute = form[f"day_{number}"].data, form[f"time_{number}"].data
    if day is None:
        return None
    if minute is None:
        raise InvalidField(_("Enter the time of this visit."), field=f"time_{number}")
    return visit_plan.moment_of(day, minute, pages.clinic().time_zone)


def _values(moments: Sequence[datetime]) -> dict[str, Any]:
    zone = pages.clinic().zone
    values: dict[str, Any] = {}
    for number, moment in enumerate(moments, start=1):
        local = moment.astimezone(zone)
        values[f"day_{number}"], values[f"time_{number}"] = local.date(), local.hour * 60 + local.minute
    return values


def _shown(moments: Sequence[datetime], refusal: Refusal | None) -> int:
    """Return how many rows the form shows: as many as were sent, where it was refused."""
    sent = [
        number
        for number in range(1, visit_plan.MOST_PLANNED + 1)
        if refusal and f"day_{number}" in refusal.typed
    ]
    return max(len(moments), *sent, 0)
