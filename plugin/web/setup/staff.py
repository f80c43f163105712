"""The set-up's step of the team: people are invited by e-mail, or by a link that is shown once."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.courses.accounts.setup import DONE, mark_step
from plugin.courses.accounts.staff import list_staff
from plugin.web import current_services
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.owner.members import invitation_form, invite_by_form, link_of
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import frame_of

blueprint = Screens("setup_staff", __name__, url_prefix="/first-steps/staff")


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form, and who is there already."""
    return render_template(
        "setup/staff.html",
        **frame_of("staff"),
        **invitation_form(refusal),
        staff=list_staff(current_services().store),
    )


@blueprint.post("", fresh=FRESH_FOR, refused=show)
def create() -> ResponseReturnValue:
    """Invite a person."""
    member, by_mail = invite_by_form()
    mark_step(current_services().store, current_act(), "staff", DONE)
    if not by_mail:
        return render_template("setup/staff_link.html", **frame_of("staff"), **link_of(member))
    return redirect_to("setup_staff.show")
