"""Merging two clients who are the same person: search, comparison, merge, and undo."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.clients.clients import read_client
from plugin.courses.clients.duplicates import looking_alike, particulars_after, side_of
from plugin.courses.clients.merge import merge_clients, merges_of, undo_merge
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import Notice, current_act, is_fragment, redirect_to
from plugin.web.desk import clients
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("merges", __name__)


@blueprint.get("/clients/<client_id>/same-person", roles=DESK)
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


@blueprint.get("/clients/<client_id>/same-person/<other_id>", roles=DESK)
def look(client_id: str, other_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the two side by side, and the merged client."""
    store, today = current_services().store, pages.today()
    stays, goes = side_of(store, client_id, today=today), side_of(store, other_id, today=today)
    if stays.client.id == goes.client.id:
        return redirect_to("clients.show", client_id=stays.client.id)
    after = particulars_after(stays.client, goes.client)
    return render_template("desk/two_clients.html", stays=stays, goes=goes, after=after, refusal=refusal)


@blueprint.post("/clients/<client_id>/same-person/<other_id>", roles=DESK, refused=look)
def merge(client_id: str, other_id: str) -> ResponseReturnValue:
    store = current_services().store
    gone = read_client(store, other_id)
    merged = merge_clients(store, current_act(), other_id, client_id)
    stays = read_client(store, merged.client_id)
    who = gone.name if gone.name != stays.name else _("The other one")
    address = url_for("merges.find", client_id=stays.id)
    return redirect_to(
        "clients.show",
        Notice(
            _("{who} is {stays} now.", who=who, stays=stays.name),
            link=address,
            link_text=_("Was that wrong?"),
        ),
        client_id=stays.id,
    )


@blueprint.post("/merges/<merge_id>/undo", roles=DESK, refused=clients.page_again)
def undo(merge_id: str) -> ResponseReturnValue:
    gone_id = undo_merge(current_services().store, current_act(), merge_id)
    gone = read_client(current_services().store, gone_id)
    return redirect_to(
        "clients.show", _("{gone} is a client of their own again.", gone=gone.name), client_id=gone_id
    )
