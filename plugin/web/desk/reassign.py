"""Moving a course that was assigned to the wrong client: find the right one; one tap, while it is unused."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.base.views import CourseView
from plugin.courses.clients.clients import read_client
from plugin.courses.sales.assign import move_course
from plugin.web import current_services
from plugin.web.access import DESK, Screens
from plugin.web.actions import (
    Notice,
    current_act,
    is_fragment,
    redirect_to,
)
from plugin.web.desk import clients, courses
from plugin.web.desk.forms import MoveForm
from plugin.web.translations import N_, _

WRONG_CLIENT = N_("Assigned to the wrong client")

blueprint = Screens("moves", __name__)


@blueprint.get("/courses/<course_id>/clients", roles=DESK)
def candidates(course_id: str) -> ResponseReturnValue:
    """Return the clients the course could be moved to, while typing."""
    course = courses.course(course_id)
    found = clients.found(clients.SHOWN_WHILE_TYPING) if request.args.get("q", "").strip() else None
    if is_fragment():
        return render_template("desk/_new_owners.html", course=course, matches=found)
    return clients.page(course.client_id or "", searched_course=course_id, matches=found)


@blueprint.post("/courses/<course_id>/client", roles=DESK, refused=courses.page_of_course)
def move(course_id: str) -> ResponseReturnValue:
    """Move the course and show the page of its new client."""
    before = courses.course(course_id)
    client_id = MoveForm.sent().client_id.data
    moved = move_course(current_services().store, current_act(), course_id, client_id, WRONG_CLIENT)
    return redirect_to("clients.show", _moved(before, moved), client_id=moved.client_id)


def _moved(before: CourseView, moved: CourseView) -> Notice:
    said = _(
        "{package_name} belongs to {client_name} now.",
        package_name=moved.package_name,
        client_name=moved.client_name,
    )
    # If sent twice, the second request finds it moved: there is no former client to link to.
    if before.client_id is None or before.client_id == moved.client_id:
        return Notice(said)
    old = read_client(current_services().store, before.client_id)
    address = url_for("clients.show", client_id=old.id)
    return Notice(said, link=address, link_text=_("Back to {old}", old=old.name))
