"""The reserve, for the owner: what is prepaid and unused now and at the ends of the last months, by package."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.courses.reports.reserve import reserve, reserve_sheet
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import file_answer
from plugin.web.format import written_month
from plugin.web.translations import _

blueprint = Screens("reserve", __name__)


@blueprint.get("/reports/reserve")
def show() -> ResponseReturnValue:
    """Show the reserve as it is today."""
    seen, clinic = reserve(current_services().store, pages.today()), pages.clinic()
    names = [written_month(month.first, clinic, "MMM") for month in seen.months] if seen else []
    return render_template("owner/reserve.html", seen=seen, names=names)


@blueprint.get("/reports/reserve.<ending>")
def save(ending: str) -> Response:
    """Return it as a file; raises Refused while the totals are being made."""
    seen = reserve(current_services().store, pages.today())
    if seen is None:
        raise Refused(
            _("The sums of all entries are being made. Try again in a few minutes."), code="not_ready"
        )
    return file_answer(reserve_sheet(seen), ending)
