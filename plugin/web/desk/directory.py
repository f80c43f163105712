"""Square's customer directory at the desk: a list beside our own, loaded apart; one tap adds a client."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.clients.clients import LONGEST_SEARCH
from plugin.courses.clients.directory import take_in
from plugin.square.directory import Pace, search_directory
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_after_post
from plugin.web.desk import clients
from plugin.web.desk.forms import ClientForm
from plugin.web.translations import _

SHOWN = 6
_PACE = "coursekeeper_directory_pace"

blueprint = Blueprint("directory", __name__)


@blueprint.record_once
def _set_pace(state: object) -> None:
    # One for all who sign in: Square counts the requests of the clinic, not of a person.
    cast(Flask, state.app).extensions[_PACE] = Pace()  # type: ignore[attr-defined]


@blueprint.get("/clients/in-square")
@allow(*AT_THE_DESK)
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


@blueprint.post("/clients/in-square/<square_customer_id>")
@allow(*AT_THE_DESK)
def take(square_customer_id: str) -> ResponseReturnValue:
    """Add one of them as a client and show their page."""
    taken = take_in(current_services().store, current_act(), square_customer_id)
    flash_notice(Notice(_("{taken} is a client here now.", taken=taken.name)))
    return redirect_after_post(url_for("clients.show", client_id=taken.id))
