"""The letters of one client at the desk: which kinds they get, and what was sent to them."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.courses.clients.clients import read_client
from plugin.courses.letters.choices import choose_letter, declined_by
from plugin.courses.letters.kinds import TITLES, letter_kind, list_letter_kinds
from plugin.courses.letters.log import letters_of_client
from plugin.web import current_services
from plugin.web.access import DESK, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.owner.forms import SwitchForm
from plugin.web.translations import _

blueprint = Screens("client_letters", __name__)


@blueprint.get("/clients/<client_id>/letters", roles=DESK)
def show(client_id: str) -> ResponseReturnValue:
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


@blueprint.post("/clients/<client_id>/letters/<kind>", roles=DESK)
def choose(client_id: str, kind: str) -> ResponseReturnValue:
    """Have the client get letters of this kind, or not."""
    known, is_on = letter_kind(kind), SwitchForm.sent().is_on
    client_id = choose_letter(current_services().store, current_act(), client_id, known, is_wanted=is_on)
    title = _(TITLES[known])
    said = (
        _("They get “{title}” again.", title=title)
        if is_on
        else _("They get no “{title}” any more.", title=title)
    )
    return redirect_to("client_letters.show", said, client_id=client_id)
