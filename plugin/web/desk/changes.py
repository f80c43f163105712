"""Changing a sold course: a page per change, refilled when refused; answered with the client's page."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.terms import NoShowOffer
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.changes.gifts import gift_of_course
from plugin.courses.clients.clients import read_client
from plugin.courses.visits.no_shows import missed_offer
from plugin.courses.visits.use import use_session
from plugin.courses.visits.visit_plan import read_plan
from plugin.errors import NotFound
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens, allow
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_to
from plugin.web.desk import clients, courses
from plugin.web.desk.course_actions import COURSE_ACTIONS, CourseAction
from plugin.web.desk.forms import VisitForm
from plugin.web.forms import Form
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import _

blueprint = Screens("changes", __name__)


def _register(action: CourseAction) -> None:
    def answer(course_id: str) -> ResponseReturnValue:
        if request.method == "GET":
            return page(action, course_id)
        before = courses.course(course_id)
        form = action.form_for(before).sent()
        changed = action.do(current_services().store, current_act(), course_id, form)
        flash_notice(action.said(changed.course))
        return _back(before)

    def shown_again(course_id: str, refusal: Refusal) -> ResponseReturnValue:
        if not action.title:
            return courses.page_of_course(course_id, refusal)
        return courses.form_or_course(course_id, refusal, lambda: page(action, course_id, refusal))

    view = refused_shows(shown_again)(allow(*action.roles)(answer))
    methods = ["GET", "POST"] if action.title else ["POST"]
    blueprint.add_url_rule(f"/courses/<course_id>/{action.path}", action.name, view, methods=methods)


def page(action: CourseAction, course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Return the page of a change, with the chosen client or the matches of the search."""
    course = courses.course(course_id)
    chosen = refusal.typed.get("client_id", "") if refusal else request.args.get("to", "")
    is_searched = action.has_person and bool(request.args.get("q", "").strip())
    matches = clients.found(clients.SHOWN_WHILE_TYPING) if is_searched else None
    if is_fragment() and refusal is None:
        return render_template("desk/_people.html", action=action, course=course, matches=matches)
    offer = missed_offer(current_services().store, course_id) if action.name == "missed" else None
    plan = (
        read_plan(current_services().store, course_id, now=pages.now()) if action.name == "freeze" else None
    )
    form = _form(action, course, refusal, offer)
    if plan and plan.appointments:
        form.ask_appointments()
    return render_template(
        "desk/change.html",
        action=action,
        course=course,
        plan=plan,
        form=form,
        charges=refusal if refusal and refusal.charges else None,
        to=_person(chosen) if action.has_person else None,
        matches=matches,
        offer=offer,
        gift=_gift(course_id) if action.name == "give" and course.waiting_gift else None,
    )


def _form(
    action: CourseAction, course: CourseView, refusal: Refusal | None, offer: NoShowOffer | None
) -> Form:
    day = pages.today()
    usual: dict[str, Any] = {
        "expires_on": course.expires_on,
        "missed_on": day,
        "decision": offer and offer.proposed,
    }
    return _with_treatments(action.form_for(course).shown(refusal, **usual), course)


def _with_treatments(form: Form, course: CourseView) -> Form:
    if "allowance_id" in form:
        form["allowance_id"].choices = [
            (each.id, _("{treatment}, {left} left", treatment=each.treatment, left=each.left))
            for each in course.allowances
        ]
    return form


def _gift(course_id: str) -> object:
    today = pages.today()
    return gift_of_course(current_services().store, course_id, today=today)


def _person(client_id: str) -> ClientView | None:
    if not client_id:
        return None
    try:
        return read_client(current_services().store, client_id)
    except NotFound:
        return None


def _back(course: CourseView) -> ResponseReturnValue:
    if course.client_id is None:
        return redirect_to("today.show")
    return redirect_to("clients.show", client_id=course.client_id)


for _action in COURSE_ACTIONS:
    _register(_action)


@blueprint.get("/courses/<course_id>/visits", roles=AT_THE_DESK)
def visit(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form for a visit of another day, of another person, or with several sessions."""
    course = courses.course(course_id)
    today = pages.today()
    form = VisitForm.shown(refusal, visited_on=today, practitioner_id=clients.own_practitioner_id())
    form.practitioner_id.choices = clients.practitioner_choices()
    form.client_id.choices = [
        ("", course.client_name or ""),
        *((each.client_id, each.client_name) for each in course.shares),
    ]
    return render_template(
        "desk/visit.html",
        course=course,
        form=_with_treatments(form, course),
        charges=refusal if refusal and refusal.charges else None,
        today=today,
    )


@blueprint.post("/courses/<course_id>/visits", roles=AT_THE_DESK, refused=courses.form_again(visit))
def enter_visit(course_id: str) -> ResponseReturnValue:
    form = VisitForm.sent()
    services = current_services()
    used = use_session(
        services.store,
        current_act(),
        form.wish(course_id),
        known_charges=form.known,
        has_mail=services.mail.is_ready,
    )
    course = courses.course(course_id)
    flash_notice(
        Notice(courses.said_of_use(used, course), undo_entry_id=used.entry.id, client_id=used.client_id)
    )
    return _back(course)
