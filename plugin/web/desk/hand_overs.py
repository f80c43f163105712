"""Handing this device to a client, who answers for themselves before a visit."""

from __future__ import annotations

from flask import make_response, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import logout_user

from plugin.courses.accounts.hand_overs import start_hand_over
from plugin.errors import Refused
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import current_act
from plugin.web.check_in_cookie import put_cookie
from plugin.web.translations import _

blueprint = Screens("hand_overs", __name__)


@blueprint.post("/clients/<client_id>/hand-over", roles=AT_THE_DESK)
def start(client_id: str) -> ResponseReturnValue:
    """Show only this client's questions on this device. The sign-in here ends: what follows is for the client."""
    services = current_services()
    if not services.settings.asks_clients:
        raise Refused(_("The owner has not turned on what clients answer."), code="answers_are_off")
    token = start_hand_over(services.store, current_act(), client_id)
    logout_user()
    session.clear()
    response = make_response(redirect(url_for("hand_over.show"), code=303))
    put_cookie(response, token)
    return response
