"""The names of packages, treatments, focus areas and add-ons in the languages of clients, beside the main name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from plugin.core.text import NAME_LENGTH
from plugin.courses.catalog.names import NamedThing, TypedName, named_things, save_names
from plugin.web import current_services
from plugin.web.access import allow
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.format import LANGUAGES
from plugin.web.forms import Form, Hidden, Text
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import N_, _

# The language of a tag, and what it calls itself.
SPOKEN = tuple((tag.partition("-")[0], name) for tag, name in LANGUAGES)

blueprint = Blueprint("names", __name__)


class NamesForm(Form):
    """One field for each name and language, with what the page showed before."""

    def typed(self, things: Sequence[NamedThing]) -> list[TypedName]:
        """Return what was typed."""
        names = {each.name for each in things}
        return [
            TypedName(name, language, self[f"was:{language}:{name}"].data, self[f"{language}:{name}"].data)
            for name in names
            for language, _other in SPOKEN
            if self[f"{language}:{name}"].raw_data
        ]


def _form_type(things: Sequence[NamedThing]) -> type[NamesForm]:
    fields: dict[str, Any] = {}
    for each in things:
        for language, spoken in SPOKEN:
            label = f"{each.name}, {spoken}"
            fields[f"{language}:{each.name}"] = Text(
                label, called=N_("The name"), maxlength=NAME_LENGTH, autocomplete="off", lang=language
            )
            fields[f"was:{language}:{each.name}"] = Hidden()
    return type("NamesOfClinic", (NamesForm,), fields)


@blueprint.get("/clinic/names")
@allow()
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show all names with their translations as a form."""
    things = named_things(current_services().store)
    values = {
        f"{before}{language}:{each.name}": each.texts.get(language, "")
        for each in things
        for language, _other in SPOKEN
        for before in ("", "was:")
    }
    form = _form_type(things).shown(refusal, **values)
    for name, value in values.items():
        if name.startswith("was:"):
            # After a conflict, saving again replaces the newest one knowingly.
            form[name].data = value
    return render_template("owner/names.html", things=things, form=form, spoken=SPOKEN)


@blueprint.post("/clinic/names")
@allow()
@refused_shows(show)
def save() -> ResponseReturnValue:
    """Save the translations that were changed."""
    services = current_services()
    things = named_things(services.store)
    saved = save_names(services.store, current_act(), _form_type(things).sent().typed(things))
    flash_notice(Notice(_("Saved. Names changed: {saved}. Papers already issued keep theirs.", saved=saved)))
    return redirect_after_post(url_for("names.show"))
