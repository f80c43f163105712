"""Deferred revenue, for the owner: the roll-forward of any period, and closing the books."""

from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.base.words import day_text
from plugin.courses.reports.books import close_books
from plugin.courses.reports.breakage import expired_courses
from plugin.courses.reports.liability import liability
from plugin.courses.reports.sheets import liability_sheet
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.files import file_answer
from plugin.web.owner.forms import CloseBooksForm
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import frame, period_for
from plugin.web.translations import _

EXPIRED_SHOWN = 50

blueprint = Screens("liability", __name__)


@blueprint.get("/reports/liability")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the roll-forward of the period in the address."""
    store, period = current_services().store, period_for(refusal)
    after = request.args.get("after") or None
    return render_template(
        "owner/money_owed.html",
        report=liability(store, period),
        expired=expired_courses(store, pages.today(), limit=EXPIRED_SHOWN, cursor=after),
        is_first=after is None,
        **frame(period, refusal),
    )


@blueprint.get("/reports/liability.<ending>")
def save(ending: str) -> Response:
    period = period_for(None)
    return file_answer(liability_sheet(liability(current_services().store, period)), ending, period)


@blueprint.post("/reports/books", refused=show)
def close() -> ResponseReturnValue:
    """Close the books through a day, and show the period that was on the page."""
    form = CloseBooksForm.sent()
    closed = close_books(current_services().store, current_act(), form.last_day)
    flash_notice(Notice(_("The books are closed through {day}.", day=day_text(closed, pages.clinic()))))
    days: dict[str, Any] = {"from": form.from_.data or None, "to": form.to.data or None}
    return redirect_to("liability.show", **days)
