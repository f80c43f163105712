"""The names of packages, treatments, focus areas and add-ons in the languages of clients, beside the main name."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.core.text import NAME_LENGTH
from plugin.courses.catalog.names import NamedThing, TypedName, named_things, save_names
from plugin.web import current_services
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.format import LANGUAGES
from plugin.web.forms import Form, Hidden, Text
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

# The language of a tag, and what it calls itself.
SPOKEN = tuple((tag.partition("-")[0], name) for tag, name in LANGUAGES)

blueprint = Screens("names", __name__)


class NamesForm(Form):
    """One field for each name and language, with what the page showed before."""

    def typed(self, things: Sequence[NamedThing]) -> list[TypedName]:
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
                label, called=N_("The name"), maxlength=NAME_LENGTH, lang=language
            )
            fields[f"was:{language}:{each.name}"] = Hidden()
    return type("NamesOfClinic", (NamesForm,), fields)


@blueprint.get("/clinic/names")
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


@blueprint.post("/clinic/names", refused=show)
def save() -> ResponseReturnValue:
    """Save the translations that were changed."""
    services = current_services()
    things = named_things(services.store)
    saved = save_names(services.store, current_act(), _form_type(things).sent().typed(things))
    return redirect_to(
        "names.show", _("Saved. Names changed: {saved}. Papers already issued keep theirs.", saved=saved)
    )
