"""Saved views of a list: save the filters and the order of the page, rename, delete."""

from typing import Any

from flask import current_app, request
from flask.typing import ResponseReturnValue

from plugin.courses.lists.saved_views import delete_view, rename_view, save_view
from plugin.errors import NotFound
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens, require_access
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Form, Text, Tick
from plugin.web.lists import clients, courses
from plugin.web.translations import N_, _

blueprint = Screens("saved_views", __name__)

# Each list: the view that shows it, and the parameters of its address that a saved view keeps.
_LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    courses.LISTING: ("course_list.show", courses.VIEW),
    clients.LISTING: ("client_list.show", clients.VIEW),
}
_LONGEST = 120


class SavedViewForm(Form):
    """A name, and whether the clinic shares it."""

    view_name = Text(N_("Name"), called=N_("The name"), required=True, maxlength=60)
    is_shared = Tick(N_("Share with everyone who sees this list"))


@blueprint.post("/views/<listing>", roles=AT_THE_DESK)
def save(listing: str) -> ResponseReturnValue:
    """Save the filters and the order that the page was asked for, and show it."""
    query = _asked(listing)
    form = SavedViewForm.sent()
    save_view(
        current_services().store,
        current_act(),
        listing,
        form.view_name.data,
        query,
        is_shared=bool(form.is_shared.data),
    )
    return _shown(listing, _("Saved as “{data}”.", data=form.view_name.data))


@blueprint.post("/views/<view_id>/name", roles=AT_THE_DESK)
def rename(view_id: str) -> ResponseReturnValue:
    form = SavedViewForm.sent()
    listing = rename_view(current_services().store, current_act(), view_id, form.view_name.data)
    return _shown(listing, _("Renamed to “{data}”.", data=form.view_name.data))


@blueprint.post("/views/<view_id>/delete", roles=AT_THE_DESK)
def delete(view_id: str) -> ResponseReturnValue:
    """Delete a view; no course changes."""
    listing = delete_view(current_services().store, current_act(), view_id)
    return _shown(listing, _("The view is deleted. Nothing else has changed."))


def _asked(listing: str) -> dict[str, Any]:
    """Return the filters and the order of the page that the form stands on."""
    _endpoint, names = _list(listing)
    return {name: value for name in names if (value := request.form.get(name, "").strip()[:_LONGEST])}


def _shown(listing: str, said: str) -> ResponseReturnValue:
    """Show the same rows again."""
    return redirect_to(_list(listing)[0], said, **_asked(listing))


def _list(listing: str) -> tuple[str, tuple[str, ...]]:
    """Return the list's view and parameters; raises NotFound, or NotAllowed where this person can't see it."""
    if listing not in _LISTS:
        raise NotFound(_("There is no such list."))
    endpoint, names = _LISTS[listing]
    require_access(current_app.view_functions[endpoint])
    return endpoint, names
