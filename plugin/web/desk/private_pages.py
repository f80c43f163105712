"""The client's private page and e-mail at the desk: open the page, change its address, resume e-mails."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from plugin.courses.clients.private_page import renew_page, token_of
from plugin.courses.handouts.visit_email import trust_address
from plugin.web import current_services
from plugin.web.access import DESK, Screens
from plugin.web.actions import Notice, act_without_form, current_act, flash_notice, redirect_after_post
from plugin.web.client_page.views import AS_CLIENT
from plugin.web.desk import clients
from plugin.web.translations import _

blueprint = Screens("private_pages", __name__)


@blueprint.get("/clients/<client_id>/page", roles=DESK)
def show(client_id: str) -> ResponseReturnValue:
    """Redirect to the client's own page, as they see it."""
    token = token_of(current_services().store, act_without_form(), client_id)
    return redirect_after_post(f"{url_for('my.show', token=token)}?{AS_CLIENT}=1")


@blueprint.post("/clients/<client_id>/page", roles=DESK)
def renew(client_id: str) -> ResponseReturnValue:
    """Give the page a new address and invalidate the old one."""
    client_id = renew_page(current_services().store, current_act(), client_id)
    flash_notice(
        Notice(_("Their page has a new address. The old one shows nothing any more; print a new summary."))
    )
    return clients.after_deed(client_id)


@blueprint.post("/clients/<client_id>/mail-address", roles=DESK)
def trust(client_id: str) -> ResponseReturnValue:
    """Send e-mails to the client's address again, though one bounced."""
    client = trust_address(current_services().store, current_act(), client_id)
    flash_notice(Notice(_("E-mails to {email} are resumed.", email=client.email)))
    return clients.after_deed(client.id)
