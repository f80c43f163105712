"""What reaches one client: their page, bounced e-mail, letters; and turning a browser into a screen for clients."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.accounts.shared_devices import end_screen, list_screens, start_hand_over, start_screen
from plugin.courses.accounts.sign_ins import device_of
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.private_page import renew_page, token_of
from plugin.courses.handouts.visit_email import trust_address
from plugin.courses.letters.kinds import (
    TITLES,
    choose_letter,
    declined_by,
    letter_kind,
    letters_of_client,
    list_letter_kinds,
)
from plugin.errors import Refused
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, DESK, Screens
from plugin.web.actions import (
    Notice,
    act_without_form,
    current_act,
    flash_notice,
    redirect_after_post,
    redirect_to,
)
from plugin.web.check_in_cookie import give_away
from plugin.web.client_page.views import AS_CLIENT
from plugin.web.desk import clients
from plugin.web.owner.forms import SwitchForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("private_pages", __name__)


@blueprint.get("/clients/<client_id>/page", roles=DESK)
def show(client_id: str) -> ResponseReturnValue:
    """Redirect to the client's own page, as they see it."""
    token = token_of(current_services().store, act_without_form(), client_id)
    return redirect_after_post(f"{url_for('my.show', token=token)}?{AS_CLIENT}=1")


@blueprint.post("/clients/<client_id>/page", roles=DESK)
def renew(client_id: str) -> ResponseReturnValue:
    """Give the page a new address and invalidate the old one."""
    client_id = renew_page(current_services().store, current_act(), client_id)
    flash_notice(Notice(_("Their page has a new address. The old one no longer works; print a new summary.")))
    return clients.after_deed(client_id)


@blueprint.post("/clients/<client_id>/mail-address", roles=DESK)
def trust(client_id: str) -> ResponseReturnValue:
    """Send e-mails to the client's address again, though one bounced."""
    client = trust_address(current_services().store, current_act(), client_id)
    flash_notice(Notice(_("E-mails to {email} are resumed.", email=client.email)))
    return clients.after_deed(client.id)


client_letters = Screens("client_letters", __name__)


@client_letters.get("/clients/<client_id>/letters", roles=DESK, endpoint="show")
def show_letters(client_id: str) -> ResponseReturnValue:
    """Show the kinds that the client gets, and the letters written to them."""
    store = current_services().store
    client = read_client(store, client_id)
    return render_template(
        "desk/client_letters.html",
        client=client,
        kinds=list_letter_kinds(store),
        declined=declined_by(store, client.id),
        letters=letters_of_client(store, client.id),
        titles=TITLES,
    )


@client_letters.post("/clients/<client_id>/letters/<kind>", roles=DESK)
def choose(client_id: str, kind: str) -> ResponseReturnValue:
    """Have the client get letters of this kind, or not."""
    known, is_on = letter_kind(kind), SwitchForm.sent().is_on
    client_id = choose_letter(current_services().store, current_act(), client_id, known, is_wanted=is_on)
    title = _(TITLES[known])
    said = (
        _("They get “{title}” again.", title=title)
        if is_on
        else _("They no longer get “{title}”.", title=title)
    )
    return redirect_to("client_letters.show", said, client_id=client_id)


screens = Screens("check_in_screens", __name__, url_prefix="/check-in-screens")


@screens.get("", roles=DESK)
def show_screens(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the screens that run, and the button that makes one of this browser."""
    services = current_services()
    return render_template(
        "desk/check_in_screens.html",
        screens=list_screens(services.store),
        is_allowed=services.settings.check_in_screen,
        uses_session=services.settings.check_in_uses_session,
        refusal=refusal,
    )


@screens.post("", roles=DESK, refused=show_screens)
def start() -> ResponseReturnValue:
    """Turn this browser into a check-in screen. The sign-in here ends: what follows is for clients."""
    services = current_services()
    if not services.settings.check_in_screen:
        raise Refused(_("The owner has not turned check-in screens on."), code="check_in_is_off")
    token = start_screen(services.store, current_act(), device=device_of(request.user_agent.string))
    return give_away(url_for("check_in.show"), token)


@screens.post("/<screen_id>/end", roles=DESK)
def end(screen_id: str) -> ResponseReturnValue:
    """Let nobody check in at a screen any more, such as a lost iPad."""
    end_screen(current_services().store, current_act(), screen_id)
    return redirect_to("check_in_screens.show_screens", _("Ended. Clients can no longer check in there."))


hand_overs = Screens("hand_overs", __name__)


@hand_overs.post("/clients/<client_id>/hand-over", roles=AT_THE_DESK, endpoint="start")
def hand_over(client_id: str) -> ResponseReturnValue:
    """Show only this client's questions on this device. The sign-in here ends: what follows is for the client."""
    services = current_services()
    if not services.settings.asks_clients:
        raise Refused(_("The owner has not turned on what clients answer."), code="answers_are_off")
    token = start_hand_over(services.store, current_act(), client_id)
    return give_away(url_for("hand_over.show"), token)
