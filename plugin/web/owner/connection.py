"""The connection to Square, for the owner: its status, connecting, testing events, and its settings with the token."""

from importlib.util import find_spec
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.configuration.save import ENVIRONMENT, LOCATION, TOKEN, save_settings, try_and_save_token
from plugin.courses.accounts.setup import DONE, read_setup
from plugin.courses.clients.profile_notes import show_balances as keep_balances_shown
from plugin.courses.page_versions import PageVersion, version_of_connection
from plugin.courses.square_health import read_connection
from plugin.errors import InvalidField, Refused
from plugin.job_registry import JOBS
from plugin.square.connection.authorize import Answer, begin, finish, square_origin
from plugin.square.connection.authorize import disconnect as end_connection
from plugin.square.connection.check import check_now, missing
from plugin.square.connection.status import connection_status
from plugin.square.connection.subscription import make_subscription, send_test
from plugin.square.connection.trial import TokenTrial
from plugin.square.sync.requested import ask_for_sweep
from plugin.web import current_services, live, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import act_without_form, current_act, redirect_after_post, redirect_to
from plugin.web.forms import Choice, Choices, Form, Hidden, Tick
from plugin.web.headers import let_forms_lead_to
from plugin.web.owner import setting_forms
from plugin.web.owner.forms import SwitchForm
from plugin.web.owner.settings import save_form, stored_and_fixed
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _, ngettext

blueprint = Screens("connection", __name__)
_LIVE = "owner/_connection.html"


@blueprint.get("/square")
def show(refusal: Refusal | None = None) -> Response:
    """Show the status of the connection; makes no call to Square, so it works whatever Square does."""
    version, now = _version(), _now()
    if not now["standing"].why_not_connect:
        let_forms_lead_to(square_origin(current_services()))
    address = url_for("connection.news")
    return live.screen("owner/connection.html", _LIVE, address, version, lambda: now | {"refusal": refusal})


@blueprint.post("/square/connect", refused=show)
def connect() -> ResponseReturnValue:
    """Redirect the owner to Square's permission page."""
    return redirect_after_post(begin(current_services(), current_act()))


@blueprint.get("/square/connected", refused=show)
def come_back() -> ResponseReturnValue:
    """Handle the result of Square's permission page. The state, not a form, shows that the owner intended it."""
    sent = request.args
    answer = Answer(sent.get("state", ""), sent.get("code", ""), sent.get("error", ""))
    name = finish(current_services(), act_without_form(), answer)
    return redirect_to(
        _page_after_connecting(),
        _("Connected to {name}.", name=name)
        if name
        else _("Connected. The details appear once Square answers."),
    )


@blueprint.post("/square/disconnect", refused=show)
def disconnect() -> ResponseReturnValue:
    return redirect_to("connection.show", end_connection(current_services(), current_act()))


@blueprint.post("/square/check", refused=show)
def check() -> ResponseReturnValue:
    """Check the connection and its permissions with Square now."""
    check_now(current_services(), current_act())
    return redirect_to("connection.show", _("Square is connected."))


@blueprint.post("/square/subscription", refused=show)
def subscribe() -> ResponseReturnValue:
    """Create the webhook subscription."""
    return redirect_to("connection.show", make_subscription(current_services(), current_act()))


@blueprint.post("/square/test", refused=show)
def test() -> ResponseReturnValue:
    """Have Square send a sample event."""
    send_test(current_services(), current_act())
    return redirect_after_post(url_for("connection.show") + "#events")


@blueprint.post("/square/sweep", refused=show)
def look_through() -> ResponseReturnValue:
    """Have the worker sync with Square."""
    ask_for_sweep(current_services(), current_act())
    return redirect_after_post(url_for("connection.show") + "#missed")


@blueprint.post("/square/balances", refused=show)
def show_balances() -> ResponseReturnValue:
    """Switch the balance on the clients' Square profiles on or off."""
    is_shown = SwitchForm.sent().is_on
    keep_balances_shown(current_services().store, current_act(), is_shown=is_shown)
    if is_shown:
        return redirect_to("connection.show", _("The balance is shown on each client’s Square profile."))
    return redirect_to(
        "connection.show", _("The balance is no longer shown on the clients’ Square profiles.")
    )


def _page_after_connecting() -> str:
    """Return the page that asked for it: the set-up's, until its step is done."""
    setup = read_setup(current_services().store)
    is_set_up = setup is None or setup.steps.get("square") == DONE or setup.hidden_at is not None
    return "connection.show" if is_set_up else "setup_square.show"


def _version() -> PageVersion:
    return version_of_connection(current_services().store, pages.now())


def _now() -> dict[str, Any]:
    titles = {kind: each.title for kind, each in JOBS.items()}
    return {"standing": connection_status(current_services()), "job_titles": titles}


live.add_news(blueprint, "/square/live", _LIVE, _version, lambda: _now() | {"refusal": None})


square_settings = Screens("square_settings", __name__, url_prefix="/clinic/settings/square")
_TRIED = (ENVIRONMENT, TOKEN)
_SELLS_AT = (LOCATION,)
_APPLICATION = ("square_application_id", "square_application_secret")
_EVENTS = ("square_webhook_url", "square_webhook_signature_key")
_OTHERS = (*_SELLS_AT, *_APPLICATION, *_EVENTS)


class TokenForm(Form):
    seen = Hidden()
    square_environment = Choice(
        N_("Environment"), tuple(setting_forms.ENVIRONMENTS.items()), default="practice"
    )
    square_access_token = setting_forms.SecretText(
        N_("Access token"),
        hint=N_("Square Developer Console, your application, Credentials. Never shown here again."),
    )
    is_other_business = Tick(N_("Yes, use this other business from now on"))


@square_settings.get("", fresh=FRESH_FOR)
def show_settings(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show what is set, and what Square said of it."""
    services = current_services()
    settings = services.settings_source.refresh()
    asked = TokenForm.refusal_of(refusal)
    token_form = TokenForm.shown(asked, suffix="-token", square_environment=settings.square_environment)
    token_form.square_environment.choices = _environments(settings.square_environment)
    # A token that does not open the saved location clears that one too.
    token_form.seen.data = setting_forms.seen_now((*_TRIED, LOCATION))
    known = read_connection(services.store)
    return render_template(
        "owner/setting_square.html",
        token_form=token_form,
        form=_others(refusal),
        groups=(_SELLS_AT, _APPLICATION, _EVENTS),
        asks_about_business=refusal is not None and refusal.field == "is_other_business",
        known=known,
        missing=missing(known.scopes, books=settings.book_appointments),
        environments=setting_forms.ENVIRONMENTS,
        can_seal=services.vault.has_keys,
        refusal=None if asked or _is_of_others(refusal) else refusal,
        **stored_and_fixed([*_TRIED, *_OTHERS]),
    )


@square_settings.post("/token", fresh=FRESH_FOR, refused=show_settings)
def save_token() -> ResponseReturnValue:
    """Try the token, and save it if it works."""
    form, services = TokenForm.sent(), current_services()
    if not form.square_access_token.data and not services.settings.square_access_token.get_secret_value():
        return _save_environment(form)
    trial = try_and_save_token(
        current_services(),
        current_act(),
        token=form.square_access_token.data,
        environment=form.square_environment.data,
        is_other_business=form.is_other_business.data,
        seen=setting_forms.seen_versions(form.seen.data),
    )
    return redirect_to("square_settings.show_settings", _words_of(trial))


@square_settings.post("", fresh=FRESH_FOR, refused=show_settings)
def save_others() -> ResponseReturnValue:
    """Save location, application and webhook."""
    form = setting_forms.form_class_of(tuple(_open_names())).sent()
    _refuse_unknown_location(form.changes().get(LOCATION, ""))
    return save_form(form, url_for("square_settings.show_settings"))


def _save_environment(form: TokenForm) -> ResponseReturnValue:
    """Save which Square it is, for a clinic that connects with a button: there is no token to try."""
    services, chosen = current_services(), form.square_environment.data
    if chosen == services.settings.square_environment:
        raise InvalidField(_("Access token is missing."), field=TOKEN)
    seen = setting_forms.seen_versions(form.seen.data)
    save_settings(services, current_act(), {ENVIRONMENT: chosen}, seen=seen)
    return redirect_to(
        "square_settings.show_settings",
        _("Saved. Now paste a token, or connect with a button under Settings, Square."),
    )


def _environments(current: str) -> Choices:
    """Return the Squares to choose from: the practice one comes with a clone alone, and a clinic has no use for it."""
    has_practice = bool(find_spec("practice_square"))
    return [
        (name, text)
        for name, text in setting_forms.ENVIRONMENTS.items()
        if name != "practice" or has_practice or name == current
    ]


def _others(refusal: Refusal | None) -> setting_forms.SettingsForm | None:
    names = _open_names()
    if not names:
        return None
    form = setting_forms.SettingsForm.of(names, refusal)
    if LOCATION in names:
        form[LOCATION].choices = location_choices()
    return form


def _is_of_others(refusal: Refusal | None) -> bool:
    return refusal is not None and any(name in refusal.typed for name in _OTHERS)


def _open_names() -> list[str]:
    return [name for name in _OTHERS if name not in current_services().settings_source.set_by_server]


def location_choices() -> Choices:
    """Return the locations that Square told, and the one that is set."""
    services = current_services()
    told = {one["id"]: one["name"] or one["id"] for one in read_connection(services.store).locations}
    current = services.settings.square_location_id
    return [
        ("", _("All active locations")),
        *told.items(),
        *([(current, current)] if current and current not in told else []),
    ]


def _refuse_unknown_location(location_id: str) -> None:
    if location_id and location_id not in dict(location_choices()):
        raise Refused(_("Square has no such location."), field=LOCATION)


def _words_of(trial: TokenTrial) -> str:
    name = trial.business or _("your business")
    if where := ", ".join(place.name for place in trial.locations if place.is_active):
        name = f"{name} ({where})"
    lost = (
        " "
        + ngettext(
            "It lacks {n} permission, listed below.",
            "It lacks {n} permissions, listed below.",
            len(trial.missing),
        )
        if trial.missing
        else ""
    )
    return _("Square accepts the token: {name}. Saved and in use now.{more}", name=name, more=lost)
