"""Saying that a client who answered “ask me” was asked, by whoever treats."""

from __future__ import annotations

from flask import request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.checks.answers import talk_over
from plugin.web import current_services
from plugin.web.access import TREATS, Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.translations import _

blueprint = Screens("checks", __name__)


@blueprint.post("/clients/<client_id>/check", roles=TREATS)
def talk(client_id: str) -> ResponseReturnValue:
    """Note that the client was asked."""
    talk_over(current_services().store, current_act(), client_id)
    flash_notice(Notice(_("Noted. A session can be used.")))
    is_my_day = (request.referrer or "").split("?")[0].endswith(url_for("my_day.show"))
    address = url_for("my_day.show") if is_my_day else url_for("clients.show", client_id=client_id)
    return redirect_after_post(address)
