"""The monthly report, for the owner: choosing the month, and the PDF, rendered on request and not stored."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.reports.books import closed_through
from plugin.courses.reports.month import asked_month, month_pdf, months_to_print
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import pdf_answer
from plugin.web.format import written_month
from plugin.web.refusals import Refusal
from plugin.web.reports.asked import usual
from plugin.web.translations import _

blueprint = Screens("month", __name__)


@blueprint.get("/reports/month")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the months that can be printed."""
    store, clinic = current_services().store, pages.clinic()
    months = months_to_print(store, now=pages.now())
    return render_template(
        "owner/month.html",
        months=[(f"{month.first:%Y-%m}", written_month(month.first, clinic)) for month in months],
        chosen=request.args.get("month") or f"{usual(months).first:%Y-%m}",
        running=written_month(months[0].first, clinic),
        closed=closed_through(store),
        refusal=refusal,
    )


@blueprint.get("/reports/month.pdf", refused=show)
def save() -> Response:
    """Return the paper of the month in the address."""
    month = asked_month(request.args.get("month", ""))
    services = current_services()
    pdf = month_pdf(services.store, services.render, month, now=services.clock())
    name = _("{clinic}, {month}.pdf", clinic=pages.clinic().name[:60], month=f"{month:%Y-%m}")
    return pdf_answer(pdf, name.replace("/", " ").replace("\\", " "))
