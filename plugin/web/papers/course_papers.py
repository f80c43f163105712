"""The papers to print: course summary and aftercare sheet, shown by the browser under a name worth keeping."""

from __future__ import annotations

from flask import Blueprint, Response, request

from plugin.core.acts import Act
from plugin.courses.clinic import local_date
from plugin.courses.papers.ready import AFTERCARE, SUMMARY, paper_bytes
from plugin.courses.read import read_course
from plugin.web import current_house, pages
from plugin.web.access import AT_THE_DESK, allow, current_actor
from plugin.web.deeds import fresh_key

_LONGEST_NAME = 80

blueprint = Blueprint("papers", __name__)


@blueprint.get("/courses/<course_id>/summary.pdf")
@allow(*AT_THE_DESK)
def summary(course_id: str) -> Response:
    """Answer the course summary."""
    return _paper(course_id, SUMMARY, "Course summary")


@blueprint.get("/courses/<course_id>/aftercare.pdf")
@allow(*AT_THE_DESK)
def aftercare(course_id: str) -> Response:
    """Answer the aftercare sheet of a visit, the last one unless `visit` names another."""
    return _paper(course_id, AFTERCARE, "Aftercare", visit_id=request.args.get("visit") or None)


def _paper(course_id: str, kind: str, called: str, visit_id: str | None = None) -> Response:
    house = current_house()
    pdf = paper_bytes(
        house.store,
        house.render,
        Act(current_actor(), house.clock(), fresh_key()),
        course_id,
        kind,
        visit_id=visit_id,
        language=request.args.get("language") or None,
    )
    response = Response(pdf, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=_filename(course_id, called))
    return response


def _filename(course_id: str, called: str) -> str:
    """Return a name that the client finds again: "Course summary, Maria Alvarez, 2026-11-22.pdf"."""
    today = local_date(pages.clinic(), pages.now())
    name = read_course(current_house().store, course_id, today=today).client_name or ""
    safe = "".join(ch for ch in name if ch.isalnum() or ch in " .-'")[:_LONGEST_NAME].strip()
    return ", ".join(part for part in (called, safe, today.isoformat()) if part) + ".pdf"
