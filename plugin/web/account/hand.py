"""Which hand holds the device: a setting of the browser, not of the person, who may stand at another one next."""

from flask import request, url_for
from werkzeug.wrappers import Response

from plugin.web.access import AT_THE_DESK, Screens, keep_cookie
from plugin.web.actions import Notice, flash_notice, redirect_after_post
from plugin.web.forms import Form, Tick
from plugin.web.translations import N_, _

_COOKIE = "coursekeeper_hand"
_LEFT = "left"

blueprint = Screens("hand", __name__, url_prefix="/account")


class HandForm(Form):
    """Where the main buttons stand."""

    is_left = Tick(N_("Main buttons on the left"))


def is_left_handed() -> bool:
    """Return whether the main buttons stand on the left on this device."""
    return request.cookies.get(_COOKIE) == _LEFT


@blueprint.app_context_processor
def _for_templates() -> dict[str, bool]:
    return {"is_left_handed": is_left_handed()}


@blueprint.post("/hand", roles=AT_THE_DESK)
def change() -> Response:
    """Put the main buttons on one side, on this device only."""
    is_left = HandForm.sent().is_left.data
    flash_notice(
        Notice(_("Main buttons are on the left now.") if is_left else _("Main buttons are on the right now."))
    )
    response = redirect_after_post(url_for("account.show"))
    keep_cookie(response, _COOKIE, _LEFT if is_left else "right")
    return response
