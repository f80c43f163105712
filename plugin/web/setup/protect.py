"""The set-up's step of the second step: an owner's password alone must not open the clinic."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.web.access import Screens
from plugin.web.setup.frame import frame_of, note_done

blueprint = Screens("setup_protect", __name__, url_prefix="/first-steps/protect")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Say why, and lead to the pages that set it up; once it is, the step is done."""
    is_protected = current_user.signed.has_second_factor
    if is_protected:
        note_done("protect")
    return render_template("setup/protect.html", **frame_of("protect"), is_protected=is_protected)
