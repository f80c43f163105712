"""The connection to Square, for the owner: how it stands, making it, ending it, and trying whether events come."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.people.profile_notes import show_balances as keep_balances_shown
from plugin.square.connection.asked_sweep import ask_for_sweep
from plugin.square.connection.authorize import Answer, begin, finish, square_origin
from plugin.square.connection.check import check_now
from plugin.square.connection.disconnect import disconnect as end_connection
from plugin.square.connection.standing import read_standing
from plugin.square.connection.subscription import make_subscription, send_test
from plugin.web import current_house, live
from plugin.web.access import allow
from plugin.web.deeds import Notice, deed, deed_without_form, see, tell
from plugin.web.headers import let_forms_lead_to
from plugin.web.refusals import Refusal, refused_shows

blueprint = Blueprint("connection", __name__)
_LIVE = "owner/_connection.html"


@blueprint.get("/square")
@allow()
def show(refusal: Refusal | None = None) -> Response:
    """Show how it stands with Square; the page asks Square nothing, so it shows whatever Square does."""
    now = _now()
    if not now["standing"].why_not_connect:
        let_forms_lead_to(square_origin(current_house()))
    return live.screen("owner/connection.html", _LIVE, url_for("connection.news"), refusal=refusal, **now)


@blueprint.get("/square/live")
@allow()
def news() -> Response:
    """Answer what is new on it."""
    return live.news(_LIVE, refusal=None, **_now())


@blueprint.post("/square/connect")
@allow()
@refused_shows(show)
def connect() -> ResponseReturnValue:
    """Lead the owner to Square's permission page."""
    return see(begin(current_house(), deed()))


@blueprint.get("/square/connected")
@allow()
@refused_shows(show)
def come_back() -> ResponseReturnValue:
    """Take up what Square's permission page answered. The state, not a form, shows that the owner wanted it."""
    sent = request.args
    answer = Answer(sent.get("state", ""), sent.get("code", ""), sent.get("error", ""))
    name = finish(current_house(), deed_without_form(), answer)
    tell(Notice(f"Connected to {name}." if name else "Connected. Square tells the rest once it answers."))
    return see(url_for("connection.show"))


@blueprint.post("/square/disconnect")
@allow()
@refused_shows(show)
def disconnect() -> ResponseReturnValue:
    """Give the permission back."""
    return _told(end_connection(current_house(), deed()))


@blueprint.post("/square/check")
@allow()
@refused_shows(show)
def check() -> ResponseReturnValue:
    """Ask Square now who we are to it."""
    check_now(current_house(), deed())
    return _told("Square answers.")


@blueprint.post("/square/subscription")
@allow()
@refused_shows(show)
def subscribe() -> ResponseReturnValue:
    """Make the webhook subscription."""
    return _told(make_subscription(current_house(), deed()))


@blueprint.post("/square/test")
@allow()
@refused_shows(show)
def test() -> ResponseReturnValue:
    """Have Square send a sample event."""
    send_test(current_house(), deed())
    return see(url_for("connection.show") + "#events")


@blueprint.post("/square/sweep")
@allow()
@refused_shows(show)
def look_through() -> ResponseReturnValue:
    """Have the worker look through Square."""
    ask_for_sweep(current_house(), deed())
    return see(url_for("connection.show") + "#missed")


@blueprint.post("/square/balances")
@allow()
@refused_shows(show)
def show_balances() -> ResponseReturnValue:
    """Switch the balance on the clients' Square profiles on or off."""
    is_shown = request.form.get("shown") == "yes"
    keep_balances_shown(current_house().store, deed(), is_shown=is_shown)
    said = "written on each client's Square profile" if is_shown else "taken off the clients' Square profiles"
    return _told(f"The balance is {said}.")


def _told(text: str) -> ResponseReturnValue:
    tell(Notice(text))
    return see(url_for("connection.show"))


def _now() -> dict[str, Any]:
    return {"standing": read_standing(current_house())}
