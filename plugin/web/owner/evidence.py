"""One file of evidence about a course, for a disputed payment."""

from __future__ import annotations

from flask import Response, send_file

from plugin.courses.handouts.bundle import MIMETYPES, ZIP, safe_name
from plugin.courses.reports.evidence import write_evidence
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import act_without_form
from plugin.web.files import written_file

blueprint = Screens("evidence", __name__)


@blueprint.get("/courses/<course_id>/evidence.zip", fresh=FRESH_FOR)
def save(course_id: str) -> Response:
    """Return agreement, visits, e-mails, payments and the ledger of a course as a ZIP."""
    services = current_services()
    act = act_without_form()
    made, course = written_file(
        lambda out: write_evidence(services.store, services.render, act, course_id, out)
    )
    name = ", ".join(
        part for part in ("evidence", safe_name(course.client_name or ""), f"{pages.now():%Y-%m-%d}") if part
    )
    return send_file(made, mimetype=MIMETYPES[ZIP], as_attachment=True, download_name=f"{name}.zip")
