"""The client's private page and their mail as the desk keeps them: open it, shut its old address, trust an address."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from plugin.core.acts import Role
from plugin.courses.papers.visit_mail import trust_address
from plugin.courses.people.private_page import renew_page, token_of
from plugin.web import clients, current_house
from plugin.web.access import allow
from plugin.web.deeds import Notice, deed, deed_without_form, see, tell

blueprint = Blueprint("private_pages", __name__)


@blueprint.get("/clients/<client_id>/page")
@allow(Role.DESK)
def show(client_id: str) -> ResponseReturnValue:
    """Lead to the client's own page, as they see it."""
    token = token_of(current_house().store, deed_without_form(), client_id)
    return see(url_for("my.show", token=token))


@blueprint.post("/clients/<client_id>/page")
@allow(Role.DESK)
def renew(client_id: str) -> ResponseReturnValue:
    """Give the page a new address and shut the old one."""
    client_id = renew_page(current_house().store, deed(), client_id)
    tell(Notice("Their page has a new address. The old one shows nothing any more; print a new summary."))
    return clients.after_deed(client_id)


@blueprint.post("/clients/<client_id>/mail-address")
@allow(Role.DESK)
def trust(client_id: str) -> ResponseReturnValue:
    """Send letters to the client's address again, though one came back."""
    client = trust_address(current_house().store, deed(), client_id)
    tell(Notice(f"The next letter goes to {client.email} again."))
    return clients.after_deed(client.id)
