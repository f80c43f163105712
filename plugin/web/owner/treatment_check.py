"""The check before treatments, for the owner: the list in the languages of clients, and who reviewed it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.courses.checks.answers import LIST_CHANGED, read_list, save_list
from plugin.courses.checks.starting_list import POINTS, starting_points
from plugin.web import current_services
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Form, Hidden, Paragraph, Text
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("treatment_check", __name__)
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


@blueprint.get("/clinic/check")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
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


@blueprint.post("/clinic/check", refused=show)
def save() -> ResponseReturnValue:
    """Save a new version of the list."""
    form = CheckListForm.sent()
    saved = save_list(
        current_services().store,
        current_act(),
        form.texts,
        reviewed_by=form.reviewed_by.data,
        seen_version=form.seen.number or 0,
    )
    return redirect_to("treatment_check.show", _("Saved as version {n}.", n=saved.version))
