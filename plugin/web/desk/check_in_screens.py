"""Turning a browser into a check-in screen, or handing a device to one client; and ending the screens that run."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.accounts.shared_devices import end_screen, list_screens, start_hand_over, start_screen
from plugin.courses.accounts.sign_ins import device_of
from plugin.errors import Refused
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, DESK, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.check_in_cookie import give_away
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("check_in_screens", __name__, url_prefix="/check-in-screens")


@blueprint.get("", roles=DESK)
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the screens that run, and the button that makes one of this browser."""
    services = current_services()
    return render_template(
        "desk/check_in_screens.html",
        screens=list_screens(services.store),
        is_allowed=services.settings.check_in_screen,
        uses_session=services.settings.check_in_uses_session,
        refusal=refusal,
    )


@blueprint.post("", roles=DESK, refused=show)
def start() -> ResponseReturnValue:
    """Turn this browser into a check-in screen. The sign-in here ends: what follows is for clients."""
    services = current_services()
    if not services.settings.check_in_screen:
        raise Refused(_("The owner has not turned check-in screens on."), code="check_in_is_off")
    token = start_screen(services.store, current_act(), device=device_of(request.user_agent.string))
    return give_away(url_for("check_in.show"), token)


@blueprint.post("/<screen_id>/end", roles=DESK)
def end(screen_id: str) -> ResponseReturnValue:
    """Let nobody check in at a screen any more, such as a lost iPad."""
    end_screen(current_services().store, current_act(), screen_id)
    return redirect_to("check_in_screens.show", _("Ended. Clients can no longer check in there."))


hand_overs = Screens("hand_overs", __name__)


@hand_overs.post("/clients/<client_id>/hand-over", roles=AT_THE_DESK, endpoint="start")
def hand_over(client_id: str) -> ResponseReturnValue:
    """Show only this client's questions on this device. The sign-in here ends: what follows is for the client."""
    services = current_services()
    if not services.settings.asks_clients:
        raise Refused(_("The owner has not turned on what clients answer."), code="answers_are_off")
    token = start_hand_over(services.store, current_act(), client_id)
    return give_away(url_for("hand_over.show"), token)
