"""The opening hours, for the owner."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.base.opening_hours import read_hours, save_hours
from plugin.web import current_services
from plugin.web.access import allow
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.owner.hours_form import HoursForm
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import _

blueprint = Blueprint("hours", __name__, url_prefix="/clinic/hours")


@blueprint.get("")
@allow()
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the opening hours."""
    hours = read_hours(current_services().store)
    form = HoursForm.shown(refusal, **HoursForm.values_of(hours))
    return render_template("owner/hours.html", form=form, hours=hours)


@blueprint.post("")
@allow()
@refused_shows(show)
def save() -> ResponseReturnValue:
    """Save the opening hours."""
    save_hours(current_services().store, current_act(), HoursForm.sent().hours())
    flash_notice(Notice(_("Opening hours saved.")))
    return redirect_after_post(url_for("hours.show"))
