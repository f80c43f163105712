"""The set-up's step of Square: the token tried at once, the location, the permissions, and how sales arrive."""

from contextlib import suppress
from importlib.util import find_spec

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.configuration.clinic import why_currency_locked
from plugin.configuration.save import ENVIRONMENT, LOCATION, TOKEN, save_settings, try_and_save_token
from plugin.courses.accounts.setup import DONE, mark_step
from plugin.courses.base.clinic import change_clinic
from plugin.errors import CoursekeeperError, InvalidField
from plugin.services import Services
from plugin.square.connection.authorize import square_origin
from plugin.square.connection.status import connection_status
from plugin.square.connection.subscription import make_subscription
from plugin.square.locations import adopt_location, currency_charged
from plugin.square.sync.requested import ask_for_sweep
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Choice, Choices, Form, Tick
from plugin.web.headers import let_forms_lead_to
from plugin.web.owner.connection import location_choices
from plugin.web.owner.setting_forms import SecretText
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import finish_step, frame_of
from plugin.web.translations import N_, _

blueprint = Screens("setup_square", __name__, url_prefix="/first-steps/square")
_CONSOLE = "https://developer.squareup.com/apps"
_PRODUCTION = ("production", N_("My Square, with real sales"))
_SANDBOX = ("sandbox", N_("Square’s sandbox, for developers: no real money"))
_PRACTICE = ("practice", N_("The practice Square of this computer: no real money"))


class TokenForm(Form):
    square_environment = Choice(N_("Which Square"), default=_PRODUCTION[0])
    square_access_token = SecretText(
        N_("Access token"),
        hint=N_(
            "It opens your Square account like a key: send it to no one. Coursekeeper keeps it encrypted, and never"
            " shows it again."
        ),
    )
    is_other_business = Tick(N_("Yes, use this other business from now on"))


class LocationForm(Form):
    square_location_id = Choice(N_("Whose sales count"))


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show how to get a token; with one, what it opens."""
    services = current_services()
    settings = services.settings_source.refresh()
    standing = connection_status(services)
    if not standing.why_not_connect:
        let_forms_lead_to(square_origin(services))
    token_form = TokenForm.shown(
        refusal, square_environment=_usual_environment(services), square_access_token=""
    )
    token_form.square_environment.choices = _environments()
    location_form = LocationForm.shown(None, square_location_id=settings.square_location_id)
    location_form.square_location_id.choices = location_choices()
    return render_template(
        "setup/square.html",
        **frame_of("square"),
        console=_CONSOLE,
        standing=standing,
        token_form=token_form,
        location_form=location_form,
        fixed=services.settings_source.set_by_server & {TOKEN, ENVIRONMENT, LOCATION},
        asks_about_business=refusal is not None and refusal.field == "is_other_business",
        refusal=refusal if refusal is not None and "square_environment" not in refusal.typed else None,
        # The practice Square delivers on this machine; the real one only over https.
        can_receive=settings.is_https or standing.environment == _PRACTICE[0],
    )


@blueprint.post("/token", refused=show)
def connect() -> ResponseReturnValue:
    """Try the token; if it works, save it and take over what Square knows of the clinic."""
    services, form = current_services(), TokenForm.sent()
    if form.square_environment.data not in dict(_environments()):
        raise InvalidField(_("Choose one of those in the list."), field="square_environment")
    trial = try_and_save_token(
        services,
        current_act(),
        token=form.square_access_token.data,
        environment=form.square_environment.data,
        is_other_business=form.is_other_business.data,
    )
    adopt_location(services)
    ask_for_sweep(services, current_act())
    mark_step(services.store, current_act(), "square", DONE)
    name = trial.business or _("your business")
    return redirect_to("setup_square.show", _("Connected to {name}.", name=name) + _same_currency(services))


@blueprint.post("/location", refused=show)
def choose() -> ResponseReturnValue:
    """Save the location whose sales count, and go on."""
    services = current_services()
    if LOCATION in services.settings_source.set_by_server:
        return finish_step("square")
    chosen = LocationForm.sent().square_location_id.data
    if chosen not in dict(location_choices()):
        raise InvalidField(_("Square has no such location."), field="square_location_id")
    save_settings(services, current_act(), {LOCATION: chosen})
    return finish_step("square")


@blueprint.post("/events", refused=show)
def subscribe() -> ResponseReturnValue:
    """Make the webhook subscription."""
    return redirect_to("setup_square.show", make_subscription(current_services(), current_act()))


def _environments() -> Choices:
    # The practice Square comes with a clone alone; a clinic has no use for it.
    return (_PRODUCTION, _SANDBOX, *([_PRACTICE] if find_spec("practice_square") else []))


def _usual_environment(services: Services) -> str:
    """Return what is chosen at first: the one in use, and for a clinic that has chosen none its real Square."""
    settings = services.settings
    has_chosen = bool(settings.square_access_token.get_secret_value())
    is_fixed = ENVIRONMENT in services.settings_source.set_by_server
    return settings.square_environment if has_chosen or is_fixed else _PRODUCTION[0]


def _same_currency(services: Services) -> str:
    """Take over Square's currency while it is not locked; return what to say of it."""
    with suppress(CoursekeeperError):
        charged, known = currency_charged(services), pages.clinic().currency
        if not charged or charged == known:
            return ""
        if why_currency_locked(services):
            return " " + _(
                "It charges in {charged}, but your packages are priced in {known}: sales of them can’t be counted.",
                charged=charged,
                known=known,
            )
        change_clinic(services.store, current_act(), {"currency": charged})
        return " " + _("Prices are in {charged}, as there.", charged=charged)
    return ""
