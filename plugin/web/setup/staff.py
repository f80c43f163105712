"""The set-up's step of the team: people are invited by e-mail, or by a link that is shown once."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.accounts.invitations import invite
from plugin.courses.accounts.setup import DONE, mark_step
from plugin.courses.accounts.staff import list_staff
from plugin.web import current_services
from plugin.web.access import allow, fresh
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.owner.members import base_of_links, is_by_mail, link_of
from plugin.web.owner.staff_forms import BY_LINK, BY_MAIL, InviteForm
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.setup.frame import frame_of

blueprint = Blueprint("setup_staff", __name__, url_prefix="/first-steps/staff")


@blueprint.get("")
@allow()
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form, and who is there already."""
    services = current_services()
    can_mail = services.mail.is_ready
    return render_template(
        "setup/staff.html",
        **frame_of("staff"),
        form=InviteForm.shown(refusal, how=BY_MAIL if can_mail else BY_LINK),
        can_mail=can_mail,
        staff=list_staff(services.store),
    )


@blueprint.post("")
@allow()
@fresh()
@refused_shows(show)
def create() -> ResponseReturnValue:
    """Invite a person."""
    services, form = current_services(), InviteForm.sent()
    by_mail = is_by_mail(form.how.data)
    act, base_url = current_act(), base_of_links()
    member = invite(services.store, act, form.person(), by_mail=by_mail, base_url=base_url)
    mark_step(services.store, current_act(), "staff", DONE)
    if not by_mail:
        return render_template("setup/staff_link.html", **frame_of("staff"), **link_of(member))
    flash_notice(Notice(f"{member.name} is invited. The e-mail to {member.email} is on its way."))
    return redirect_after_post(url_for("setup_staff.show"))
