"""Guides for staff, as PDF to print: for the front desk, and for the owner."""

from __future__ import annotations

from flask import Response

from plugin.core.acts import require
from plugin.courses.handouts.guides import guide_pdf
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens, current_actor
from plugin.web.files import pdf_answer
from plugin.web.translations import _

blueprint = Screens("guides", __name__)


@blueprint.get("/guides/<name>.pdf", roles=AT_THE_DESK)
def show(name: str) -> Response:
    """Return a guide; the owner's is for owners only."""
    if name == "owner":
        require(current_actor())
    services = current_services()
    pdf = guide_pdf(services.store, services.render, name, now=services.clock())
    return pdf_answer(pdf, _("Coursekeeper guide, {name}.pdf", name=name))
