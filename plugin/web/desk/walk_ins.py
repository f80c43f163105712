"""Who comes without a booking: found on Today, and one tap uses a session or starts a sale to somebody new."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import is_fragment, redirect_to
from plugin.web.desk import clients

# One match is acted on; a second one only says that it is not the only one.
SHOWN = 2

blueprint = Screens("walk_ins", __name__)


@blueprint.get("/today/found", roles=AT_THE_DESK)
def find() -> ResponseReturnValue:
    """Return the tap that uses a session of the only match, or that creates who is not found."""
    if not is_fragment():
        return redirect_to("clients.find", q=request.args.get("q", ""))
    shown = clients.found(SHOWN)
    return render_template("desk/_walk_in.html", is_a_name=_is_a_name(shown["q"]), **shown)


def _is_a_name(q: str) -> bool:
    return any(ch.isalpha() for ch in q) and "@" not in q
