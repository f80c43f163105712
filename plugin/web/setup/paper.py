"""The set-up's step of the printer: a sample client's summary under the clinic's own letterhead, printed once."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.courses.handouts.cache import drawn
from plugin.courses.handouts.drafts import draft_summary
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import pdf_answer
from plugin.web.headers import let_page_hold_frame
from plugin.web.setup.frame import frame_of, note_done

blueprint = Screens("setup_paper", __name__, url_prefix="/first-steps/paper")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Show the paper and the button that prints it."""
    let_page_hold_frame()
    return render_template("setup/paper.html", **frame_of("paper"))


@blueprint.get("/test.pdf")
def pdf() -> Response:
    """Return the paper as it is printed; opening it does the step."""
    services = current_services()
    made = drawn(services.store, services.render, draft_summary(pages.clinic()))
    note_done("paper")
    return pdf_answer(made)
