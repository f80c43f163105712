"""The cookie by which a browser is a check-in screen, or a device in one client's hands."""

from flask import after_this_request, current_app, redirect, request, session
from flask_security import logout_user
from werkzeug.wrappers import Response as AnyResponse

from plugin.core.acts import Actor
from plugin.courses.accounts import shared_devices
from plugin.web import current_services
from plugin.web.access import CHECK_IN_COOKIE, keep_cookie
from plugin.web.actions import act_by


def current_screen() -> shared_devices.CheckInScreenView | None:
    """Return the check-in screen that sent this request, None where it is none, or none may run."""
    services, token = current_services(), request.cookies.get(CHECK_IN_COOKIE, "")
    if not token or not services.settings.check_in_screen:
        return None
    return shared_devices.screen_of_token(services.store, token)


def current_hand_over() -> shared_devices.HandOverView | None:
    """Return the hand-over of the device that sent this request, None where it is none or nothing is asked."""
    services, token = current_services(), request.cookies.get(CHECK_IN_COOKIE, "")
    if not token or not services.settings.asks_clients:
        return None
    return shared_devices.hand_over_of_token(services.store, token, services.clock())


def give_away(address: str, token: str = "") -> AnyResponse:
    """Sign out here and lead to what a client sees; with `token` the browser stays a check-in screen or theirs."""
    logout_user()
    # What else the sign-in left in the session, such as a notice, is not for clients either.
    session.clear()
    response = redirect(address, code=303)
    if token:
        put_cookie(response, token)
    return response


def put_cookie(response: AnyResponse, token: str) -> None:
    """Make the browser a check-in screen, or a device in one client's hands."""
    keep_cookie(response, CHECK_IN_COOKIE, token, samesite="Strict")


def forget_cookie(response: AnyResponse) -> AnyResponse:
    """Make the browser an ordinary one again."""
    response.delete_cookie(CHECK_IN_COOKIE, path=current_app.config["SESSION_COOKIE_PATH"])
    return response


def leave(actor: Actor) -> None:
    """End the check-in screen or hand-over of this browser, if it is one: this person has signed in there."""
    token = request.cookies.get(CHECK_IN_COOKIE, "")
    if token:
        store, act = current_services().store, act_by(actor)
        shared_devices.leave_screen(store, act, token)
        shared_devices.end_hand_over(store, act, token)
        after_this_request(forget_cookie)
