"""The way through the steps of the set-up: to the first that is open, past one for later, and the end of it all."""

from __future__ import annotations

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.accounts.setup import SKIPPED, hide_checklist, mark_step, read_setup
from plugin.web import current_services
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_after_post, redirect_to
from plugin.web.setup.frame import STEPS, next_address, step_address

blueprint = Screens("first_steps", __name__, url_prefix="/first-steps")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Lead to the first step that is neither done nor left for later."""
    setup = read_setup(current_services().store)
    passed = setup.steps if setup else {}
    step = next((name for name in STEPS if name not in passed), None)
    return redirect(step_address(step) if step else url_for("today.show"), code=303)


@blueprint.post("/<step>/skip")
def skip(step: str) -> ResponseReturnValue:
    """Leave a step for later."""
    if step not in STEPS:
        abort(404)
    mark_step(current_services().store, current_act(), step, SKIPPED)
    return redirect_after_post(next_address(step))


@blueprint.post("/checklist/hide")
def hide() -> ResponseReturnValue:
    """Hide the checklist on Today."""
    hide_checklist(current_services().store, current_act())
    return redirect_to("today.show")
