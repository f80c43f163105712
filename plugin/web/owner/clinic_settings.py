"""Time zone, currency and language, for the owner. Name and address are the letterhead's."""

from babel.core import get_global
from babel.numbers import get_currency_name
from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.configuration.clinic import ClinicSettings, save_clinic_settings, why_currency_locked
from plugin.configuration.save import save_settings
from plugin.courses.base.clinic import time_zones
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.format import LANGUAGES, language_name, locale_of
from plugin.web.forms import Choice, Choices, Form, Hidden, Several
from plugin.web.owner.setting_forms import seen_now, seen_versions
from plugin.web.owner.settings import SAVED, stored_and_fixed
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("clinic_settings", __name__, url_prefix="/clinic/settings/clinic")

# Square sells in these.
_CURRENCIES = ("USD", "CAD", "GBP", "EUR", "AUD", "JPY")
_OFFERED = "client_languages"
# Names that are no place: offsets, files of the database, old synonyms of one word.
_NO_PLACES = ("Etc/", "SystemV/", "posix/", "right/", "US/", "Canada/", "Brazil/", "Mexico/", "Chile/")


class ClinicForm(Form):
    """Time zone, currency and language of the clinic."""

    seen = Hidden()
    time_zone = Choice(N_("Time zone"), hint=N_("Days, opening hours and reports are counted in it."))
    currency = Choice(N_("Currency"), hint=N_("What packages are priced in."))
    language = Choice(
        N_("Language"), hint=N_("Of new clients’ papers, of yours, and how dates and numbers are written.")
    )

    @property
    def wanted(self) -> ClinicSettings:
        """Return what was chosen; a locked currency is not sent, and stays."""
        return ClinicSettings(
            self.time_zone.data, self.currency.data or pages.clinic().currency, self.language.data
        )


class LanguagesForm(Form):
    """The languages that the desk can choose for a client's papers."""

    seen = Hidden()
    client_languages = Several(N_("Languages for clients"))


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    clinic = pages.clinic()
    known = ClinicSettings.of(clinic)
    form = ClinicForm.shown_beside_others(
        refusal,
        time_zone=known.time_zone,
        currency=known.currency,
        language=known.language,
    )
    form.seen.data = known.mark
    form.time_zone.choices = _zones(known.time_zone)
    form.currency.choices = _currencies(known.currency)
    form.language.choices = _languages(known.language)
    locked = why_currency_locked(current_services())
    languages = LanguagesForm.shown_beside_others(refusal)
    settings = current_services().settings_source.refresh()
    languages.client_languages.data = list(settings.offered_languages)
    languages.seen.data = seen_now((_OFFERED,))
    return render_template(
        "owner/setting_clinic.html",
        form=form,
        locked=locked,
        languages=languages,
        choices=LANGUAGES,
        refusal=None if ClinicForm.refusal_of(refusal) or LanguagesForm.refusal_of(refusal) else refusal,
        **stored_and_fixed([_OFFERED]),
    )


@blueprint.post("", refused=show)
def save() -> ResponseReturnValue:
    form = ClinicForm.sent()
    save_clinic_settings(current_services(), current_act(), form.wanted, seen=form.seen.data)
    return redirect_to("clinic_settings.show", SAVED)


@blueprint.post("/languages", refused=show)
def save_languages() -> ResponseReturnValue:
    form = LanguagesForm.sent()
    ticked = ", ".join(form.client_languages.data)
    if not ticked:
        raise InvalidField(_("Choose at least one language."), field=_OFFERED)
    save_settings(current_services(), current_act(), {_OFFERED: ticked}, seen=seen_versions(form.seen.data))
    return redirect_to("clinic_settings.show", SAVED)


def _zones(current: str) -> Choices:
    """Return the zones of the clinic's country first, then all others."""
    at_home = [
        zone for zone in get_global("territory_zones").get(pages.clinic().country, ()) if zone in time_zones()
    ]
    places = sorted(zone for zone in time_zones() if "/" in zone and not zone.startswith(_NO_PLACES))
    ordered = dict.fromkeys([*at_home, *places, current])
    return [(zone, zone.replace("_", " ")) for zone in ordered]


def _currencies(current: str) -> Choices:
    locale = locale_of(pages.clinic())
    return [
        (code, f"{code} · {get_currency_name(code, locale=locale)}")
        for code in dict.fromkeys((current, *_CURRENCIES))
    ]


def _languages(current: str) -> Choices:
    return [(tag, language_name(tag, pages.clinic())) for tag in dict.fromkeys((*dict(LANGUAGES), current))]
