"""The connection to Square, for the owner: its status, connecting, disconnecting, and testing events."""

from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.accounts.setup import DONE, read_setup
from plugin.courses.clients.profile_notes import show_balances as keep_balances_shown
from plugin.courses.page_versions import PageVersion, version_of_connection
from plugin.job_registry import JOBS
from plugin.square.connection.authorize import Answer, begin, finish, square_origin
from plugin.square.connection.authorize import disconnect as end_connection
from plugin.square.connection.check import check_now
from plugin.square.connection.status import connection_status
from plugin.square.connection.subscription import make_subscription, send_test
from plugin.square.sync.requested import ask_for_sweep
from plugin.web import current_services, live, pages
from plugin.web.access import Screens
from plugin.web.actions import act_without_form, current_act, redirect_after_post, redirect_to
from plugin.web.headers import let_forms_lead_to
from plugin.web.owner.forms import SwitchForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("connection", __name__)
_LIVE = "owner/_connection.html"


@blueprint.get("/square")
def show(refusal: Refusal | None = None) -> Response:
    """Show the status of the connection; makes no call to Square, so it works whatever Square does."""
    version, now = _version(), _now()
    if not now["standing"].why_not_connect:
        let_forms_lead_to(square_origin(current_services()))
    address = url_for("connection.news")
    return live.screen("owner/connection.html", _LIVE, address, version, lambda: now | {"refusal": refusal})


@blueprint.post("/square/connect", refused=show)
def connect() -> ResponseReturnValue:
    """Redirect the owner to Square's permission page."""
    return redirect_after_post(begin(current_services(), current_act()))


@blueprint.get("/square/connected", refused=show)
def come_back() -> ResponseReturnValue:
    """Handle the result of Square's permission page. The state, not a form, shows that the owner intended it."""
    sent = request.args
    answer = Answer(sent.get("state", ""), sent.get("code", ""), sent.get("error", ""))
    name = finish(current_services(), act_without_form(), answer)
    return redirect_to(
        _page_after_connecting(),
        _("Connected to {name}.", name=name)
        if name
        else _("Connected. The details appear once Square answers."),
    )


@blueprint.post("/square/disconnect", refused=show)
def disconnect() -> ResponseReturnValue:
    return redirect_to("connection.show", end_connection(current_services(), current_act()))


@blueprint.post("/square/check", refused=show)
def check() -> ResponseReturnValue:
    """Check the connection and its permissions with Square now."""
    check_now(current_services(), current_act())
    return redirect_to("connection.show", _("Square is connected."))


@blueprint.post("/square/subscription", refused=show)
def subscribe() -> ResponseReturnValue:
    """Create the webhook subscription."""
    return redirect_to("connection.show", make_subscription(current_services(), current_act()))


@blueprint.post("/square/test", refused=show)
def test() -> ResponseReturnValue:
    """Have Square send a sample event."""
    send_test(current_services(), current_act())
    return redirect_after_post(url_for("connection.show") + "#events")


@blueprint.post("/square/sweep", refused=show)
def look_through() -> ResponseReturnValue:
    """Have the worker sync with Square."""
    ask_for_sweep(current_services(), current_act())
    return redirect_after_post(url_for("connection.show") + "#missed")


@blueprint.post("/square/balances", refused=show)
def show_balances() -> ResponseReturnValue:
    """Switch the balance on the clients' Square profiles on or off."""
    is_shown = SwitchForm.sent().is_on
    keep_balances_shown(current_services().store, current_act(), is_shown=is_shown)
    if is_shown:
        return redirect_to("connection.show", _("The balance is shown on each client’s Square profile."))
    return redirect_to(
        "connection.show", _("The balance is no longer shown on the clients’ Square profiles.")
    )


def _page_after_connecting() -> str:
    """Return the page that asked for it: the set-up's, until its step is done."""
    setup = read_setup(current_services().store)
    is_set_up = setup is None or setup.steps.get("square") == DONE or setup.hidden_at is not None
    return "connection.show" if is_set_up else "setup_square.show"


def _version() -> PageVersion:
    return version_of_connection(current_services().store, pages.now())


def _now() -> dict[str, Any]:
    titles = {kind: each.title for kind, each in JOBS.items()}
    return {"standing": connection_status(current_services()), "job_titles": titles}


live.add_news(blueprint, "/square/live", _LIVE, _version, lambda: _now() | {"refusal": None})
