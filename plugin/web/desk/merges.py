"""Who a client is: people of Square’s customer directory, added by one tap, and merging two who are the same."""

from typing import cast

from flask import Flask, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.clients.buyers import take_in
from plugin.courses.clients.clients import LONGEST_SEARCH, read_client
from plugin.courses.clients.duplicates import looking_alike, particulars_after, side_of
from plugin.courses.clients.merge import merge_clients, merges_of, undo_merge
from plugin.square.customers import Pace, search_directory
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, DESK, Screens
from plugin.web.actions import Notice, current_act, is_fragment, redirect_to
from plugin.web.desk import clients
from plugin.web.desk.forms import ClientForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

SHOWN = 6
_PACE = "coursekeeper_directory_pace"

directory = Screens("directory", __name__)


@directory.record_once
def _set_pace(state: object) -> None:
    # One for all who sign in: Square counts the requests of the clinic, not of a person.
    cast(Flask, state.app).extensions[_PACE] = Pace()  # type: ignore[attr-defined]


@directory.get("/clients/in-square", roles=AT_THE_DESK)
def find_customers() -> ResponseReturnValue:
    """Return the people in Square's directory who match and are no clients here."""
    q = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    pace: Pace = current_app.extensions[_PACE]
    searched = search_directory(current_services(), pace, q, limit=SHOWN)
    if is_fragment():
        return render_template("desk/_in_square.html", q=q, searched=searched)
    return render_template(
        "desk/clients.html", form=ClientForm.shown(), searched=searched, **clients.found(clients.SHOWN)
    )


@directory.post("/clients/in-square/<square_customer_id>", roles=AT_THE_DESK)
def take(square_customer_id: str) -> ResponseReturnValue:
    taken = take_in(current_services().store, current_act(), square_customer_id)
    return redirect_to(
        "clients.show", _("{taken} is a client here now.", taken=taken.name), client_id=taken.id
    )


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
