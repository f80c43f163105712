"""Using a session and undoing it, one tap each, answered with the client’s page; and the plan of a course."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.course import AllowanceState
from plugin.core.opening_hours import DAY_MINUTES
from plugin.courses.base.read import read_course
from plugin.courses.base.views import CourseView, EntryView, Reversed, Used
from plugin.courses.visits import visit_plan
from plugin.courses.visits.reverse import UNDONE_AT_THE_DESK, reverse
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import InvalidField, Refused
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.course_words import allowance_said
from plugin.web.desk import clients
from plugin.web.desk.forms import UndoForm, UseForm
from plugin.web.forms import Day, Form, TimeOfDay, count_field
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _, ngettext

blueprint = Screens("courses", __name__)


def course(course_id: str) -> CourseView:
    """Return the course in its current state; raises NotFound."""
    return read_course(current_services().store, course_id, today=pages.today())


def page_of_course(course_id: str, refusal: Refusal) -> ResponseReturnValue:
    """Return the page of the course's client, and show why the act was refused."""
    return clients.refused(refusal.typed.get("guest_id") or course(course_id).client_id, refusal)


def form_or_course(
    course_id: str, refusal: Refusal, form: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    """Return a refused form again, or the course's page where the course, not a field, is the reason."""
    if refusal.field is None and not refusal.charges:
        return page_of_course(course_id, refusal)
    try:
        return form()
    except Refused as error:
        return page_of_course(course_id, Refusal.of(error, refusal.typed))


def form_again(form: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Return what shows the form of a course, or the course's page, after a refusal; see `form_or_course`."""

    def again(course_id: str, refusal: Refusal, **ids: str) -> ResponseReturnValue:
        return form_or_course(course_id, refusal, lambda: form(course_id, refusal=refusal, **ids))

    return again


@blueprint.post("/courses/<course_id>/uses", roles=AT_THE_DESK, refused=page_of_course)
def use(course_id: str) -> ResponseReturnValue:
    form = UseForm.sent()
    # A client with whom the course is shared: the visit is theirs, and the response is their page.
    guest_id = form.guest_id.data or None
    wish = UseSession(course_id=course_id, allowance_id=form.allowance_id.data or None, client_id=guest_id)
    services = current_services()
    used = use_session(
        services.store,
        current_act(),
        wish,
        known_charges=form.known,
        has_mail=services.mail.is_ready,
        needs_check=services.settings.use_needs_check,
    )
    shown = guest_id or used.client_id

    def say(read: Mapping[str, CourseView]) -> None:
        said = said_of_use(used, read.get(course_id) or course(course_id))
        flash_notice(Notice(said, undo_entry_id=used.entry.id, client_id=shown))

    return clients.after_deed(shown, say)


@blueprint.post("/entries/<entry_id>/reversal", roles=AT_THE_DESK, refused=clients.page_again)
def undo(entry_id: str) -> ResponseReturnValue:
    """Undo a used session; without a reason, the desk's default."""
    form = UndoForm.sent()
    reason = form.reason.data or UNDONE_AT_THE_DESK
    undone = reverse(current_services().store, current_act(), entry_id, reason)

    def say(read: Mapping[str, CourseView]) -> None:
        of = read.get(undone.course_id) or course(undone.course_id)
        flash_notice(Notice(_given_back(undone, of)))

    return clients.after_deed(form.client_id.data or undone.client_id, say)


def said_of_use(used: Used, of: CourseView) -> str:
    """Return what was used and what is left, with a warning where its payment is disputed."""
    allowance = of.allowance(used.entry.allowance_id)
    said = _(
        "{name} {session_number} used. {left}",
        name=_name(allowance),
        session_number=used.session_number,
        left=_left(of, allowance),
    )
    if of.dispute is None:
        return said
    if of.dispute.is_lost:
        return _("{said} The bank reversed a payment for this course.", said=said)
    return _("{said} A payment for this course is disputed.", said=said)


def said_of_link(used: Used, of: CourseView) -> str:
    """Return which session an appointment was checked in with."""
    name = _name(of.allowance(used.entry.allowance_id)).lower()
    return _(
        "Linked to {name} {session_number} of {granted}. Nothing more was charged.",
        name=name,
        session_number=used.session_number,
        granted=used.granted,
    )


def _given_back(undone: Reversed, of: CourseView) -> str:
    allowance = of.allowance(undone.entry.allowance_id)
    return _("{name} restored. {left}", name=_name(allowance), left=_left(of, allowance))


def left_after(course_id: str, entry: EntryView) -> str:
    of = course(course_id)
    return _left(of, of.allowance(entry.allowance_id))


def _left(of: CourseView, allowance: AllowanceState) -> str:
    return f"{allowance_said(of, allowance, pages.clinic())}."


def _name(allowance: AllowanceState) -> str:
    return {"touch_up": _("Touch-up"), "add_on": _("Add-on")}.get(allowance.kind, _("Session"))


plans = Screens("plans", __name__)


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


@plans.get("/courses/<course_id>/plan", roles=AT_THE_DESK, refused=page_of_course)
def show_plan(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
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


@plans.post("/courses/<course_id>/plan", roles=AT_THE_DESK, refused=form_again(show_plan))
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
