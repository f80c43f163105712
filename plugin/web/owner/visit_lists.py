"""The clinic’s lists, for the owner: focus areas and add-ons of visit notes, and the check before treatments."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from plugin.courses.catalog import visit_options
from plugin.courses.catalog.names import named_things
from plugin.courses.checks.answers import LIST_CHANGED, read_list, save_list
from plugin.courses.checks.starting_list import POINTS, starting_points
from plugin.web import current_services
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Form, Hidden, Paragraph, Text, Tick
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("visit_lists", __name__)


class OptionForm(Form):
    """The name of a focus area or an add-on."""

    name = Text(N_("Name"), called=N_("The name"), maxlength=visit_options.OPTION_LENGTH, required=True)


class MoveForm(Form):
    """Which way an option moves: `up` or `down`."""

    to = Hidden()


class RetireForm(Form):
    retired = Tick()


@blueprint.get("/clinic/visit-lists")
def show(refusal: Refusal | None = None, kind: str = "", option_id: str = "") -> ResponseReturnValue:
    """Show both lists; the form that was refused is filled in."""
    store = current_services().store

    def form_for(of: visit_options.OptionView | str) -> OptionForm:
        if isinstance(of, visit_options.OptionView):
            wrong = refusal if of.id == option_id else None
            return OptionForm.shown(wrong, suffix=f"-{of.id}", name=of.name)
        return OptionForm.shown(refusal if of == kind else None, suffix=f"-{of}")

    return render_template(
        "owner/visit_lists.html",
        kinds=[each.value for each in visit_options.OptionKind],
        options=visit_options.list_options(store),
        form_for=form_for,
        texts={each.name: each.texts for each in named_things(store)},
    )


@blueprint.post("/clinic/visit-lists/<kind>", refused=show)
def add(kind: str) -> ResponseReturnValue:
    if kind not in list(visit_options.OptionKind):
        abort(404)
    added = visit_options.add_option(
        current_services().store, current_act(), visit_options.OptionKind(kind), OptionForm.sent().name.data
    )
    return _saved(added, _("“{added}” is on the list.", added=added.name))


@blueprint.post("/clinic/visit-lists/options/<option_id>", refused=show)
def rename(option_id: str) -> ResponseReturnValue:
    renamed = visit_options.rename_option(
        current_services().store, current_act(), option_id, OptionForm.sent().name.data
    )
    return _saved(renamed, _("Saved as “{renamed}”.", renamed=renamed.name))


@blueprint.post("/clinic/visit-lists/options/<option_id>/place")
def move(option_id: str) -> ResponseReturnValue:
    """Move an option one place up or down."""
    is_up = MoveForm.sent().to.data == "up"
    moved = visit_options.move_option(current_services().store, current_act(), option_id, is_up=is_up)
    said = _("“{name}” moved up.", name=moved.name) if is_up else _("“{name}” moved down.", name=moved.name)
    return _saved(moved, said)


@blueprint.post("/clinic/visit-lists/options/<option_id>/retirement", refused=show)
def retire(option_id: str) -> ResponseReturnValue:
    """Retire an option, or put it back on the list."""
    is_retired = RetireForm.sent().retired.data
    option = visit_options.retire_option(
        current_services().store, current_act(), option_id, is_retired=is_retired
    )
    if is_retired:
        return _saved(option, _("“{name}” is retired. Visits that have it keep it.", name=option.name))
    return _saved(option, _("“{name}” is on the list again.", name=option.name))


def _saved(option: visit_options.OptionView, said: str) -> ResponseReturnValue:
    return redirect_to("visit_lists.show", said, _anchor=f"o-{option.id}")


treatment_check = Screens("treatment_check", __name__)
_LINES = {"rows": "10"}


class CheckListForm(Form):
    """The points by language, one a line, and who reviewed them; `seen`: the version that the page showed."""

    en = Paragraph("English", lang="en", **_LINES)
    es = Paragraph("Español", lang="es", **_LINES)
    zh = Paragraph("简体中文", lang="zh", **_LINES)
    reviewed_by = Text(
        N_("Reviewed by"), hint=N_("A practitioner, such as A. Kim, L.Ac."), maxlength=120, required=True
    )
    seen = Hidden()

    @property
    def texts(self) -> dict[str, str]:
        """Return what was typed, by language."""
        return {name: self[name].data or "" for name in ("en", "es", "zh")}


@treatment_check.get("/clinic/check")
def show_check(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the list in force as a form, or the one to start with."""
    services = current_services()
    known = read_list(services.store)
    points = known.points if known else starting_points()
    form = CheckListForm.shown(
        refusal,
        **{language: "\n".join(lines) for language, lines in points.items()},
        reviewed_by=known.reviewed_by if known else "",
        seen=str(known.version if known else 0),
    )
    if refusal is not None and refusal.field == LIST_CHANGED:
        # After a conflict, saving again replaces the newest version knowingly.
        form.seen.data = str(known.version if known else 0)
    return render_template(
        "owner/treatment_check.html",
        known=known,
        form=form,
        points=POINTS,
        is_on=services.settings.treatment_check,
    )


@treatment_check.post("/clinic/check", refused=show_check)
def save_check() -> ResponseReturnValue:
    """Save a new version of the list."""
    form = CheckListForm.sent()
    saved = save_list(
        current_services().store,
        current_act(),
        form.texts,
        reviewed_by=form.reviewed_by.data,
        seen_version=form.seen.number or 0,
    )
    return redirect_to("treatment_check.show_check", _("Saved as version {n}.", n=saved.version))
