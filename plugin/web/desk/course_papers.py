"""The papers to print: course summary and aftercare sheet, shown by the browser under a readable file name."""

from __future__ import annotations

from flask import Blueprint, Response, request

from plugin.courses.base.clinic import local_date
from plugin.courses.handouts.bundle import safe_name
from plugin.courses.handouts.cache import AFTERCARE, SUMMARY, hand_out
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.actions import act_without_form
from plugin.web.files import name_file
from plugin.web.headers import let_our_page_frame

blueprint = Blueprint("papers", __name__)


@blueprint.get("/courses/<course_id>/summary.pdf")
@allow(*AT_THE_DESK)
def summary(course_id: str) -> Response:
    """Return the course summary."""
    return _paper(course_id, SUMMARY, "Course summary")


@blueprint.get("/courses/<course_id>/aftercare.pdf")
@allow(*AT_THE_DESK)
def aftercare(course_id: str) -> Response:
    """Return the aftercare sheet of a visit, the last one unless `visit` names another."""
    return _paper(course_id, AFTERCARE, "Aftercare", visit_id=request.args.get("visit") or None)


def _paper(course_id: str, kind: str, called: str, visit_id: str | None = None) -> Response:
    services = current_services()
    paper = hand_out(
        services.store,
        services.render,
        act_without_form(),
        course_id,
        kind,
        visit_id=visit_id,
        language=request.args.get("language") or None,
        public_url=services.settings.public_url,
    )
    # The page that prints it embeds it in a frame.
    let_our_page_frame()
    response = Response(paper.pdf, mimetype="application/pdf")
    return name_file(response, _filename(called, paper.client_name))


def _filename(called: str, client_name: str) -> str:
    """Return a file name that the client recognizes: "Course summary, Maria Alvarez, 2026-11-22.pdf"."""
    today = local_date(pages.clinic(), pages.now())
    return ", ".join(part for part in (called, safe_name(client_name), today.isoformat()) if part) + ".pdf"
