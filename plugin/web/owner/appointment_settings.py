"""Booking planned visits in Square Appointments, for the owner: the switch, with whom, and which service for what."""

from functools import cache

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.configuration.save import save_settings
from plugin.courses.visits.bookings import planned_treatments, save_services
from plugin.errors import InvalidField
from plugin.square.connection.status import is_connected
from plugin.square.connection.trial import Bookable, bookable, why_not_booking
from plugin.web import current_services
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import Notice, current_act, redirect_to
from plugin.web.forms import Choice, Choices
from plugin.web.owner.setting_forms import SettingsForm, form_class_of
from plugin.web.owner.settings import SAVED, stored_and_fixed
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("appointment_settings", __name__, url_prefix="/clinic/settings/appointments")
SWITCH, TEAM = "book_appointments", "booking_team_member_id"
_SERVICE = "service_"
_NO_SUCH = N_("Square no longer offers this. Choose again.")


@blueprint.get("", fresh=FRESH_FOR)
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the settings, with what Square can book now."""
    services = current_services()
    services.settings_source.refresh()
    known = bookable(services) if is_connected(services) else Bookable(problem=_("Square is not connected."))
    form_class = _form_class()
    form = form_class.shown(refusal, **form_class.values(), **_services_now())
    form.say_seen()
    _offer(form, known)
    return render_template(
        "owner/setting_appointments.html",
        form=form,
        problem=known.problem,
        why_not=services.settings.book_appointments and not known.problem and why_not_booking(services),
        service_prefix=_SERVICE,
        **stored_and_fixed([SWITCH, TEAM]),
    )


@blueprint.post("", fresh=FRESH_FOR, refused=show)
def save() -> ResponseReturnValue:
    """Save them; where it is switched on, whether Square lets us book is tried at once."""
    services, form = current_services(), _form_class().sent()
    chosen = {name.removeprefix(_SERVICE): form[name].data for name in _service_names(form)}
    _refuse_unknown(form, chosen)
    save_settings(services, current_act(), form.changes(), seen=form.versions())
    save_services(services.store, current_act(), chosen)
    why = why_not_booking(services) if services.settings.book_appointments else ""
    said = _("Saved, but nothing is booked yet: {why} Plans work as before.", why=why) if why else ""
    return redirect_to("appointment_settings.show", Notice(said) if said else SAVED)


def _form_class() -> type[SettingsForm]:
    fixed = current_services().settings_source.set_by_server
    names = tuple(name for name in (SWITCH, TEAM) if name not in fixed)
    treatments = planned_treatments(current_services().store)
    return _form_of(names, tuple((each.id, each.name) for each in treatments))


@cache
def _form_of(names: tuple[str, ...], treatments: tuple[tuple[str, str], ...]) -> type[SettingsForm]:
    """Return the form of these settings, with a choice of a service for each treatment."""
    settings = {name: getattr(form_class_of(names), name) for name in names}
    fields = {f"{_SERVICE}{id_}": Choice(name) for id_, name in treatments}
    return type("AppointmentForm", (SettingsForm,), {**settings, **fields})


def _service_names(form: SettingsForm) -> list[str]:
    return [each.name for each in form if each.name.startswith(_SERVICE)]


def _services_now() -> dict[str, str]:
    treatments = planned_treatments(current_services().store)
    return {f"{_SERVICE}{each.id}": each.square_service_id or "" for each in treatments}


def _offer(form: SettingsForm, known: Bookable) -> None:
    if TEAM in form:
        form[TEAM].choices = _choices(_("Anyone available"), known.team, form[TEAM].data)
    for name in _service_names(form):
        form[name].choices = _choices(_("Not booked"), known.services, form[name].data)


def _choices(none: str, found: Choices, current: str) -> Choices:
    """Return what is offered, and what is chosen, though Square does not name it now."""
    offered = [("", none), *found]
    return [*offered, (current, current)] if current and current not in dict(offered) else offered


def _refuse_unknown(form: SettingsForm, chosen: dict[str, str]) -> None:
    """Raise InvalidField for what was chosen anew, and Square does not offer."""
    services = current_services()
    before = {TEAM: services.settings.booking_team_member_id, **_services_now()}
    typed = {f"{_SERVICE}{key}": value for key, value in chosen.items()}
    if TEAM in form:
        typed[TEAM] = form[TEAM].data
    new = {name: value for name, value in typed.items() if value and value != before.get(name)}
    if not new:
        return
    known = bookable(services)
    for name, value in new.items():
        if known.problem:
            raise InvalidField(known.problem, field=name)
        if value not in dict(known.team if name == TEAM else known.services):
            raise InvalidField(_NO_SUCH, field=name)
