"""The cookie by which a browser is a check-in screen."""

from __future__ import annotations

from flask import Response, after_this_request, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from plugin.core.acts import Act, Actor
from plugin.courses.accounts.check_in_screens import CheckInScreenView, leave_screen, screen_of_token
from plugin.web import current_services
from plugin.web.access import CHECK_IN_COOKIE
from plugin.web.actions import fresh_key

_YEAR_S = 365 * 24 * 3600


def current_screen() -> CheckInScreenView | None:
    """Return the check-in screen that sent this request, None where it is none, or none may run."""
    services, token = current_services(), request.cookies.get(CHECK_IN_COOKIE, "")
    if not token or not services.settings.check_in_screen:
        return None
    return screen_of_token(services.store, token)


def put_cookie(response: Response, token: str) -> None:
    """Make the browser a check-in screen."""
    response.set_cookie(
        CHECK_IN_COOKIE,
        token,
        max_age=_YEAR_S,
        path=current_app.config["SESSION_COOKIE_PATH"],
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )


def forget_cookie(response: AnyResponse) -> AnyResponse:
    """Make the browser an ordinary one again."""
    response.delete_cookie(CHECK_IN_COOKIE, path=current_app.config["SESSION_COOKIE_PATH"])
    return response


def leave(actor: Actor) -> None:
    """End the check-in screen of this browser, if it is one, because this person has signed in there."""
    token = request.cookies.get(CHECK_IN_COOKIE, "")
    if token:
        services = current_services()
        leave_screen(services.store, Act(actor, services.clock(), fresh_key()), token)
        after_this_request(forget_cookie)
