"""The month on paper, for the owner: which one, and the PDF, drawn when it is asked for and kept nowhere."""

from __future__ import annotations

from datetime import datetime, time

from babel.dates import format_skeleton
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.reports.books import closed_through
from plugin.courses.reports.month import asked_month, month_pdf, months_to_print
from plugin.courses.reports.period import Period, month_before
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.files import name_file
from plugin.web.format import locale_of
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.reports.asked import today

blueprint = Blueprint("month", __name__)


def _again(refusal: Refusal, **_names: str) -> ResponseReturnValue:
    return _page(refusal)


@blueprint.get("/reports/month")
@allow()
def show() -> ResponseReturnValue:
    """Show the months that can be printed."""
    return _page(None)


@blueprint.get("/reports/month.pdf")
@allow()
@refused_shows(_again)
def save() -> Response:
    """Answer the paper of the month that the address names."""
    month = asked_month(request.args.get("month", ""))
    services = current_services()
    pdf = month_pdf(services.store, services.render, month, now=services.clock())
    response = Response(pdf, mimetype="application/pdf")
    name = f"{pages.clinic().name[:60]}, {month:%Y-%m}.pdf".replace("/", " ").replace("\\", " ")
    return name_file(response, name)


def _page(refusal: Refusal | None) -> ResponseReturnValue:
    store = current_services().store
    months = months_to_print(store, now=pages.now())
    closed = closed_through(store)
    # The month that is over is the one to file; on a clinic's first days there is only this one.
    usual = month_before(today()) if len(months) > 1 else months[0]
    return render_template(
        "owner/month.html",
        months=[(f"{month.first:%Y-%m}", _name(month)) for month in months],
        chosen=request.args.get("month") or f"{usual.first:%Y-%m}",
        running=_name(months[0]),
        closed=closed,
        refusal=refusal,
    )


def _name(month: Period) -> str:
    first = datetime.combine(month.first, time())
    return str(format_skeleton("yMMMM", first, locale=locale_of(pages.clinic())))
