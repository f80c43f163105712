"""The opening hours, for the owner."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.courses.base.opening_hours import read_hours, save_hours
from plugin.web import current_services
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.owner.hours_form import HoursForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("hours", __name__, url_prefix="/clinic/hours")


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the opening hours."""
    hours = read_hours(current_services().store)
    form = HoursForm.shown(refusal, **HoursForm.values_of(hours))
    return render_template("owner/hours.html", form=form, hours=hours)


@blueprint.post("", refused=show)
def save() -> ResponseReturnValue:
    """Save the opening hours."""
    save_hours(current_services().store, current_act(), HoursForm.sent().hours())
    return redirect_to("hours.show", _("Opening hours saved."))
