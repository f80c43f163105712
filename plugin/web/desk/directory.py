"""Square's customer directory at the desk: a list beside our own, loaded apart; one tap adds a client."""

from typing import cast

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.clients.clients import LONGEST_SEARCH
from plugin.courses.clients.directory import take_in
from plugin.square.customers import Pace, search_directory
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import current_act, is_fragment, redirect_to
from plugin.web.desk import clients
from plugin.web.desk.forms import ClientForm
from plugin.web.translations import _

SHOWN = 6
_PACE = "coursekeeper_directory_pace"

blueprint = Screens("directory", __name__)


@blueprint.record_once
def _set_pace(state: object) -> None:
    # One for all who sign in: Square counts the requests of the clinic, not of a person.
    cast(Flask, state.app).extensions[_PACE] = Pace()  # type: ignore[attr-defined]


@blueprint.get("/clients/in-square", roles=AT_THE_DESK)
def find() -> ResponseReturnValue:
    """Return the people in Square's directory who match and are no clients here."""
    q = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    pace: Pace = current_app.extensions[_PACE]
    searched = search_directory(current_services(), pace, q, limit=SHOWN)
    if is_fragment():
        return render_template("desk/_in_square.html", q=q, searched=searched)
    return render_template(
        "desk/clients.html", form=ClientForm.shown(), searched=searched, **clients.found(clients.SHOWN)
    )


@blueprint.post("/clients/in-square/<square_customer_id>", roles=AT_THE_DESK)
def take(square_customer_id: str) -> ResponseReturnValue:
    taken = take_in(current_services().store, current_act(), square_customer_id)
    return redirect_to(
        "clients.show", _("{taken} is a client here now.", taken=taken.name), client_id=taken.id
    )
