"""The settings, for the owner: which pages there are, and the pages made from declarations alone."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.configuration.registry import DECLARED, Group, is_editable, is_secret, names_of
from plugin.configuration.save import is_set, recent_changes, save_settings, shown
from plugin.core.change_of_mind import profiles
from plugin.errors import NotFound, Refused
from plugin.wallet.google import try_wallet
from plugin.web import current_services
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.owner.setting_forms import GROUP_PAGES, SettingsForm, form_class_of, sections
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("settings", __name__, url_prefix="/clinic/settings")
SAVED = Notice(N_("Saved. It is in use now."))
# Groups with a page of their own.
_OWN_PAGES = {
    Group.CLINIC: "clinic_settings.show",
    Group.SQUARE: "square_settings.show_settings",
    Group.EMAIL: "email_settings.show",
    Group.APPOINTMENTS: "appointment_settings.show",
}


@dataclass(frozen=True, slots=True)
class FixedSetting:
    name: str
    label: str
    value: str

    @property
    def variable(self) -> str:
        return self.name.upper()


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show all settings in short, what is wrong with them, and the last changes."""
    services = current_services()
    services.settings_source.refresh()
    return render_template(
        "owner/settings.html",
        sections=sections(services),
        problems=services.settings_source.problems,
        changes=recent_changes(services),
        refusal=refusal,
    )


@blueprint.get("/<group>")
def page(group: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    known = _group(group)
    current_services().settings_source.refresh()
    names = _open_names(known)
    shown_as = GROUP_PAGES[known]
    return render_template(
        "owner/setting_group.html",
        has_wallet=current_services().settings.has_wallet,
        group=known,
        heading=shown_as.title,
        about=shown_as.lead,
        form=SettingsForm.of(names, refusal) if names else None,
        profiles=profiles().values() if known is Group.AGREEMENTS else (),
        **stored_and_fixed(_all_names(known)),
    )


@blueprint.post("/<group>", fresh=FRESH_FOR, refused=page)
def save(group: str) -> ResponseReturnValue:
    known = _group(group)
    form = form_class_of(tuple(_open_names(known))).sent()
    if known is Group.WALLET:
        try_wallet(current_services().settings, form.changes(), current_services().clock())
    return save_form(form, url_for("settings.page", group=group))


@blueprint.post("/removal", fresh=FRESH_FOR, refused=show)
def remove() -> ResponseReturnValue:
    """Remove a stored setting, such as a secret."""
    name = request.form.get("name", "")
    if not is_editable(name):
        raise Refused(_("No such setting."))
    save_settings(current_services(), current_act(), {name: ""})
    flash_notice(Notice(_("Removed: {label}.", label=DECLARED[name].label)))
    return redirect_after_post(address_of(DECLARED[name].group))


def address_of(group: Group) -> str:
    own = _OWN_PAGES.get(group)
    return url_for(own) if own else url_for("settings.page", group=group)


def save_form(form: SettingsForm, back: str) -> ResponseReturnValue:
    """Save what was typed into a form of settings, and lead back to its page."""
    save_settings(current_services(), current_act(), form.changes(), seen=form.versions())
    flash_notice(SAVED)
    return redirect_after_post(back)


def stored_and_fixed(names: list[str]) -> dict[str, Any]:
    """Return for a page: which secrets are saved, and what it only shows because the server sets it."""
    source = current_services().settings_source
    settings = source.current()
    fixed = [name for name in names if name in source.set_by_server or not is_editable(name)]
    return {
        "saved": {name for name in names if is_secret(name) and is_set(settings, name)},
        "fixed": [FixedSetting(name, DECLARED[name].label, shown(settings, name)) for name in fixed],
        "problems": {name: why for name, why in source.problems.items() if name in names},
    }


def _group(group: str) -> Group:
    known = next((each for each in GROUP_PAGES if each == group), None)
    if known is None or not _all_names(known):
        raise NotFound(_("No such settings."))
    return known


def _all_names(group: Group) -> list[str]:
    return [name for name, each in DECLARED.items() if each.group is group]


def _open_names(group: Group) -> list[str]:
    fixed = current_services().settings_source.set_by_server
    return [name for name in names_of(group) if name not in fixed]
