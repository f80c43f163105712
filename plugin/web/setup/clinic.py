"""The set-up's step of the clinic: its details and opening hours."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.configuration.clinic import why_currency_locked
from plugin.courses.accounts.setup import read_setup
from plugin.courses.base.clinic import change_clinic, is_named
from plugin.courses.base.opening_hours import read_hours, save_hours
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act
from plugin.web.refusals import Refusal
from plugin.web.setup.clinic_form import ClinicForm
from plugin.web.setup.frame import finish_step, frame_of

blueprint = Screens("setup_clinic", __name__, url_prefix="/first-steps/clinic")


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form."""
    store, known = current_services().store, pages.clinic()
    setup, hours, locked = read_setup(store), read_hours(store), why_currency_locked(current_services())
    zone = setup.browser_zone if setup else ""
    values = ClinicForm.values_of_clinic(known, browser_zone=zone, is_new=not is_named(store))
    form = ClinicForm.shown(refusal, **values, **ClinicForm.values_of(hours))
    form.offer(known, is_currency_locked=bool(locked))
    return render_template("setup/clinic.html", **frame_of("clinic"), form=form, hours=hours, locked=locked)


@blueprint.post("", refused=show)
def save() -> ResponseReturnValue:
    """Save the clinic's details and hours."""
    store = current_services().store
    form = ClinicForm.sent()
    if form.currency.data != pages.clinic().currency and (why := why_currency_locked(current_services())):
        raise InvalidField(why, field="currency")
    change_clinic(store, current_act(), form.changes(is_new=not is_named(store)))
    assumed = read_hours(store)
    # Hours that nobody has changed leave it to Square to tell them.
    if not (assumed.is_assumed and form.hours().week == assumed.week):
        save_hours(store, current_act(), form.hours())
    return finish_step("clinic")
