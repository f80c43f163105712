"""Merging two clients who are the same person: search, comparison, merge, and undo."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.acts import Role
from plugin.courses.base.clinic import local_date
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.duplicates import looking_alike, particulars_after, side_of
from plugin.courses.clients.merge import merge_clients, merges_of, undo_merge
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_after_post
from plugin.web.desk import clients
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import _

blueprint = Blueprint("merges", __name__)


@blueprint.get("/clients/<client_id>/same-person")
@allow(Role.DESK)
def find(client_id: str) -> ResponseReturnValue:
    """Ask which client is the same person: likely duplicates first, then search results."""
    store = current_services().store
    client = read_client(store, client_id)
    q = request.args.get("q", "").strip()
    matches = clients.found(clients.SHOWN_WHILE_TYPING) if q else None
    template = "desk/_same_person.html" if is_fragment() else "desk/same_person.html"
    alike = looking_alike(store, client.id)
    return render_template(
        template, client=client, matches=matches, alike=alike, merges=merges_of(store, client.id)
    )


@blueprint.get("/clients/<client_id>/same-person/<other_id>")
@allow(Role.DESK)
def look(client_id: str, other_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the two side by side, and the merged client."""
    store, today = current_services().store, local_date(pages.clinic(), pages.now())
    stays, goes = side_of(store, client_id, today=today), side_of(store, other_id, today=today)
    if stays.client.id == goes.client.id:
        return redirect_after_post(url_for("clients.show", client_id=stays.client.id))
    after = particulars_after(stays.client, goes.client)
    return render_template("desk/two_clients.html", stays=stays, goes=goes, after=after, refusal=refusal)


@blueprint.post("/clients/<client_id>/same-person/<other_id>")
@allow(Role.DESK)
@refused_shows(look)
def merge(client_id: str, other_id: str) -> ResponseReturnValue:
    """Merge the other client into this one."""
    store = current_services().store
    gone = read_client(store, other_id)
    merged = merge_clients(store, current_act(), other_id, client_id)
    stays = read_client(store, merged.client_id)
    who = gone.name if gone.name != stays.name else _("The other one")
    address = url_for("merges.find", client_id=stays.id)
    flash_notice(
        Notice(
            _("{who} is {stays} now.", who=who, stays=stays.name),
            link=address,
            link_text=_("Was that wrong?"),
        )
    )
    return redirect_after_post(url_for("clients.show", client_id=stays.id))


def _refused_undo(refusal: Refusal, **_: str) -> ResponseReturnValue:
    return clients.refused(refusal.typed.get("client_id"), refusal)


@blueprint.post("/merges/<merge_id>/undo")
@allow(Role.DESK)
@refused_shows(_refused_undo)
def undo(merge_id: str) -> ResponseReturnValue:
    """Undo a merge."""
    gone_id = undo_merge(current_services().store, current_act(), merge_id)
    gone = read_client(current_services().store, gone_id)
    flash_notice(Notice(_("{gone} is a client of their own again.", gone=gone.name)))
    return redirect_after_post(url_for("clients.show", client_id=gone_id))
