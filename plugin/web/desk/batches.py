"""Papers for many clients: choose clients and papers, watch the progress, open or save the file."""

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.core.acts import Role
from plugin.courses.handouts import batches
from plugin.courses.handouts.batches import PDF
from plugin.courses.handouts.selection import CALLED, INVOICE, Choice, Listing, ids_on, people_chosen
from plugin.courses.page_versions import PageVersion, version_of_row
from plugin.courses.visits.arrivals import takes_bookings
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, Screens, current_actor
from plugin.web.actions import current_act, is_fragment, redirect_to
from plugin.web.desk.forms import BatchForm
from plugin.web.files import name_file
from plugin.web.refusals import Refusal
from plugin.web.translations import _

# A batch has no more clients than this; one more shows that there are others.
_LONGEST_LIST = batches.MOST_PAPERS + 1
# Rows of the list at first, and how many more each time.
_ROWS = 50
_LONGEST_SEARCH = 120

blueprint = Screens("batches", __name__)


@blueprint.get("/papers/batches", roles=AT_THE_DESK)
def choose(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the list to choose from, and the available papers."""
    return render_template("desk/batch_new.html", **_choosing(refusal))


@blueprint.post("/papers/batches/list", roles=AT_THE_DESK)
def find() -> ResponseReturnValue:
    """Show another list, with the clients chosen so far still chosen."""
    template = "desk/_batch_list.html" if is_fragment() else "desk/batch_new.html"
    return render_template(template, **_choosing(None))


@blueprint.post("/papers/batches", roles=AT_THE_DESK, refused=choose)
def start() -> ResponseReturnValue:
    listing, form = _listing(), BatchForm.sent()
    day = pages.today() if listing is Listing.CAME else None
    choice = Choice(tuple(sorted(_chosen(listing, form))), tuple(form.paper.data), day)
    batch_id = batches.start_batch(current_services().store, current_act(), choice, form.form.data)
    return redirect_to("batches.show", batch_id=batch_id)


@blueprint.get("/papers/batches/<batch_id>", roles=AT_THE_DESK)
def show(batch_id: str) -> ResponseReturnValue:
    """Show the progress of the batch, or where to download the file."""
    address = url_for("batches.news", batch_id=batch_id)
    return live.screen(
        "desk/batch.html", "desk/_batch.html", address, _version(batch_id), lambda: _everything(batch_id)
    )


@blueprint.post("/papers/batches/<batch_id>/stop", roles=AT_THE_DESK)
def cancel(batch_id: str) -> ResponseReturnValue:
    batches.cancel_batch(current_services().store, current_act(), batch_id)
    return redirect_to("batches.show", _("Stopped. No more papers are made."), batch_id=batch_id)


@blueprint.get("/papers/batches/<batch_id>/file", roles=AT_THE_DESK)
def fetch(batch_id: str) -> ResponseReturnValue:
    """Return the file: a PDF to view and print, a ZIP to save."""
    made = batches.batch_file(current_services().store, current_actor(), batch_id)
    response = Response(made.content, mimetype=made.mimetype)
    return name_file(response, made.name, "inline" if made.name.endswith(f".{PDF}") else "attachment")


def _choosing(refusal: Refusal | None) -> dict[str, Any]:
    store, today, now = current_services().store, pages.today(), pages.now()
    form, listing = BatchForm(request.values), _listing()
    # A refused form refers to the list as it was shown, whatever was typed into the search since.
    q = (form.q if refusal is None else form.shown_q).data.strip()[:_LONGEST_SEARCH]
    found = _found(listing, q)
    is_same_list = q == form.shown_q.data
    # Each of everyone has a row, so that some of them can be unticked.
    is_everyone = is_same_list and form.everyone.data
    chosen = set(form.client.data) if is_everyone else _chosen(listing, form)
    on_list = found[: batches.MOST_PAPERS]
    rows = on_list if is_everyone else on_list[: _wanted_rows(form, is_same_list)]
    return {
        "listing": listing.value,
        "q": q,
        "shown": people_chosen(store, rows, today=today),
        "has_more": len(rows) < len(on_list),
        "found": len(found),
        "most": batches.MOST_PAPERS,
        "chosen": chosen,
        "chosen_elsewhere": people_chosen(store, chosen.difference(rows), today=today),
        "is_everyone": is_everyone,
        "papers": _papers(),
        "wanted": form.paper.data or ["summary"],
        "form": form.form.data or PDF,
        "takes_bookings": takes_bookings(store, now),
        "mine": batches.batches_of(store, current_actor(), now),
        "refusal": refusal,
    }


def _chosen(listing: Listing, form: BatchForm) -> set[str]:
    """Return the ticked clients; "everyone" means the list as it was shown, before a new search."""
    everyone = _found(listing, form.shown_q.data) if form.everyone.data else ()
    return {*form.client.data, *everyone}


def _found(listing: Listing, q: str) -> tuple[str, ...]:
    store = current_services().store
    return ids_on(store, listing, q, today=pages.today(), now=pages.now(), limit=_LONGEST_LIST)


def _wanted_rows(form: BatchForm, is_same_list: bool) -> int:
    if not is_same_list:
        return _ROWS
    return (form.rows.number or _ROWS) + (_ROWS if form.more.data else 0)


def _listing() -> Listing:
    wanted = request.values.get("list", "")
    return Listing(wanted) if wanted in list(Listing) else Listing.ALL


def _papers() -> dict[str, str]:
    """Return the papers this person may print for others: practitioners don't handle payments."""
    is_at_desk = current_user.role != Role.PRACTITIONER
    return {kind: called for kind, called in CALLED.items() if is_at_desk or kind != INVOICE}


def _version(batch_id: str) -> PageVersion:
    return version_of_row(current_services().store, batch_id, pages.now())


def _everything(batch_id: str) -> dict[str, Any]:
    batch = batches.read_batch(current_services().store, current_actor(), batch_id)
    return {"batch": batch, "called": CALLED}


live.add_news(
    blueprint, "/papers/batches/<batch_id>/live", "desk/_batch.html", _version, _everything, roles=AT_THE_DESK
)
