"""A client's personal data, for the owner only: view, print, export, erase."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.core.acts import Act
from plugin.courses.privacy.erasure import Erasure, erase_client, preview_erasure
from plugin.courses.privacy.export import ClientExport, export_client
from plugin.web import current_services, pages
from plugin.web.access import Screens, current_actor
from plugin.web.actions import current_act, redirect_to
from plugin.web.owner.forms import ErasureForm
from plugin.web.owner.held_values import held_value
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("privacy", __name__)
blueprint.add_app_template_filter(held_value)


@blueprint.get("/clients/<client_id>/held")
def show(client_id: str) -> ResponseReturnValue:
    """Show all data stored about a client, to read and to print."""
    return render_template("owner/held.html", held=_held(client_id))


@blueprint.get("/clients/<client_id>/held.json")
def save_json(client_id: str) -> ResponseReturnValue:
    return _saved(client_id, _held(client_id).to_json(), "application/json", "json")


@blueprint.get("/clients/<client_id>/held.html")
def save_page(client_id: str) -> ResponseReturnValue:
    """Return the export as a self-contained HTML page."""
    page = render_template("owner/held_alone.html", held=_held(client_id))
    return _saved(client_id, page, "text/html", "html")


@blueprint.get("/clients/<client_id>/erasure")
def choose(client_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show what erasure does and what prevents it, and ask for the name."""
    view = preview_erasure(current_services().store, _looking(), client_id)
    form = ErasureForm.shown(refusal)
    form.name.description = view.client.name
    return render_template("owner/erasure.html", view=view, form=form)


@blueprint.post("/clients/<client_id>/erasure", refused=choose)
def erase(client_id: str) -> ResponseReturnValue:
    form = ErasureForm.sent()
    wish = Erasure(client_id, form.name.data, gives_up=form.gives_up.data)
    is_new = erase_client(current_services().store, current_act(), wish)
    return redirect_to(
        "clients.show",
        _("Deleted. Packages and amounts are kept, without a name.")
        if is_new
        else _("That was deleted before."),
        client_id=client_id,
    )


def _held(client_id: str) -> ClientExport:
    return export_client(current_services().store, _looking(), client_id)


def _looking() -> Act:
    return Act(current_actor(), pages.now(), "looking")


def _saved(client_id: str, content: str, mimetype: str, ending: str) -> Response:
    name = f"client-{client_id}-{pages.today()}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype=mimetype, headers=headers)
