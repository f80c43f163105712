"""Changing a sold course: a page for each deed, filled in again when refused, the client's page as the answer."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.base.clinic import local_date
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.changes.gifts import gift_of_course
from plugin.courses.changes.missed import missed_offer
from plugin.courses.clients.clients import read_client
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import NotFound
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_after_post
from plugin.web.desk import clients, courses
from plugin.web.desk.course_actions import COURSE_DEEDS, CourseDeed
from plugin.web.form_values import known_charges, typed_date, typed_number
from plugin.web.refusals import Refusal, refused_shows

blueprint = Blueprint("changes", __name__)


def _register(each: CourseDeed) -> None:
    def answer(course_id: str) -> ResponseReturnValue:
        if request.method == "GET":
            return page(each, course_id)
        before = courses.course(course_id)
        changed = each.do(current_services().store, current_act(), course_id, request.form)
        flash_notice(each.told(changed.course))
        return _back(before)

    def shown_again(course_id: str, refusal: Refusal) -> ResponseReturnValue:
        # Without a field or a question there is nothing to answer on the form: the course itself is in the way.
        if not each.title or (refusal.field is None and not refusal.charges):
            return courses.page_of_course(course_id, refusal)
        return page(each, course_id, refusal)

    view = refused_shows(shown_again)(allow(*each.roles)(answer))
    methods = ["GET", "POST"] if each.title else ["POST"]
    blueprint.add_url_rule(f"/courses/<course_id>/{each.path}", each.name, view, methods=methods)


def page(each: CourseDeed, course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Answer the page of a deed, with the person chosen so far or those who fit what is typed."""
    course = courses.course(course_id)
    chosen = refusal.typed.get("client_id", "") if refusal else request.args.get("to", "")
    is_searched = each.has_person and bool(request.args.get("q", "").strip())
    matches = clients.found(clients.SHOWN_WHILE_TYPING) if is_searched else None
    if is_fragment() and refusal is None:
        return render_template("desk/_people.html", each=each, course=course, matches=matches)
    return render_template(
        "desk/change.html",
        each=each,
        course=course,
        refusal=refusal,
        to=_person(chosen) if each.has_person else None,
        matches=matches,
        offer=missed_offer(current_services().store, course_id) if each.name == "missed" else None,
        gift=_gift(course_id) if each.name == "give" and course.gift else None,
    )


def _gift(course_id: str) -> object:
    today = local_date(pages.clinic(), pages.now())
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
        return redirect_after_post(url_for("today.show"))
    return redirect_after_post(url_for("clients.show", client_id=course.client_id))


for _each in COURSE_DEEDS:
    _register(_each)


@blueprint.get("/courses/<course_id>/visits")
@allow(*AT_THE_DESK)
def visit(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form for a visit of another day, of somebody else, or with several sessions."""
    course = courses.course(course_id)
    day = local_date(pages.clinic(), pages.now()).isoformat()
    return render_template("desk/visit.html", course=course, refusal=refusal, day=day)


def _visit_again(course_id: str, refusal: Refusal) -> ResponseReturnValue:
    if refusal.field is None and not refusal.charges:
        return courses.page_of_course(course_id, refusal)
    return visit(course_id, refusal)


@blueprint.post("/courses/<course_id>/visits")
@allow(*AT_THE_DESK)
@refused_shows(_visit_again)
def enter_visit(course_id: str) -> ResponseReturnValue:
    """Use sessions for a visit as it was told."""
    form = request.form
    wish = UseSession(
        course_id=course_id,
        allowance_id=form.get("allowance_id") or None,
        sessions=typed_number(form.get("sessions", ""), field="sessions", called="The number of sessions"),
        visited_on=typed_date(form.get("visited_on", ""), field="visited_on"),
        client_id=form.get("client_id") or None,
    )
    services = current_services()
    known = known_charges(form)
    used = use_session(
        services.store, current_act(), wish, known_charges=known, has_mail=services.mail.is_ready
    )
    course = courses.course(course_id)
    flash_notice(
        Notice(courses.said_of_use(used, course), undo_entry_id=used.entry.id, client_id=used.client_id)
    )
    return _back(course)
