"""Details of a visit: the practitioner, the focus for the papers, and a note that stays at the clinic."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from plugin.courses.visits.notes import CHANGED
from plugin.courses.visits.visits import describe_visit
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice
from plugin.web.desk import clients
from plugin.web.desk.forms import VisitDetailsForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

_FIELDS = ("practitioner_id", "focus", "note", CHANGED)

blueprint = Screens("visits", __name__)


def _page_again(visit_id: str, refusal: Refusal) -> ResponseReturnValue:
    client_id = refusal.typed.get("client_id", "")
    if refusal.field not in _FIELDS:
        return clients.refused(client_id, refusal)
    return clients.page(client_id, refused_details=refusal, refused_visit=visit_id)


@blueprint.post("/visits/<visit_id>/details", roles=AT_THE_DESK, refused=_page_again)
def describe(visit_id: str) -> ResponseReturnValue:
    """Store the details of a visit."""
    form = VisitDetailsForm.sent()
    course = describe_visit(
        current_services().store,
        current_act(),
        visit_id,
        practitioner_id=form.practitioner_id.data or None,
        focus=form.focus.data,
        note=form.note.data,
        seen_version=form.version.number,
    )
    flash_notice(Notice(_("Visit details saved.")))
    return clients.after_deed(course.client_id)
