"""Saving the access token of Square, once Square has accepted it."""

from collections.abc import Mapping
from contextlib import suppress

from plugin.configuration.save import save_settings
from plugin.core.acts import Act, require
from plugin.errors import CoursekeeperError, InvalidField, Refused
from plugin.services import Services
from plugin.square.client.asking import Transport
from plugin.square.connection.check import check_connection
from plugin.square.connection.trial import TokenTrial, try_square_token
from plugin.wording import _

TOKEN, ENVIRONMENT, LOCATION = "square_access_token", "square_environment", "square_location_id"


def try_and_save_token(
    services: Services,
    act: Act,
    *,
    token: str,
    environment: str,
    is_other_business: bool = False,
    seen: Mapping[str, int] | None = None,
    transport: Transport | None = None,
) -> TokenTrial:
    """Try the token, "" for the one in use, and save it with its environment; raises Refused, InvalidField.

    `is_other_business`: the person knows that it opens another business than the one connected so far.
    """
    require(act.actor)
    settings = services.settings_source.refresh()
    typed = token.strip() or settings.square_access_token.get_secret_value()
    if not typed:
        raise InvalidField(_("Access token is missing."), field=TOKEN)
    trial = try_square_token(typed, environment, base_url=settings.square_base_url, transport=transport)
    if trial.is_another_business(services) and not is_other_business:
        raise Refused(_another(trial), code="another_business", field="is_other_business")
    changes = {ENVIRONMENT: environment, **({TOKEN: token} if token.strip() else {})}
    fixed = services.settings_source.set_by_server
    if ENVIRONMENT in fixed and environment == settings.square_environment:
        del changes[ENVIRONMENT]
    if (
        settings.square_location_id not in ("", *(each.id for each in trial.locations))
        and LOCATION not in fixed
    ):
        changes[LOCATION] = ""
    save_settings(services, act, changes, seen=seen)
    # What Square has just told shows at once, not at the worker's next minute; the token is saved either way.
    with suppress(CoursekeeperError):
        check_connection(services)
    return trial


def _another(trial: TokenTrial) -> str:
    named = f"“{trial.business}”" if trial.business else _("another business")
    return _(
        "This token opens {named}, not the business connected so far. Its sales and clients "
        "would be mixed with those here. Tick the box below if that is right.",
        named=named,
    )
