"""The set-up's step of the clinic: what papers and prices need, and the opening hours."""

from __future__ import annotations

from functools import cache
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies
from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.configuration.clinic import why_currency_locked
from plugin.core.text import NAME_LENGTH, folded
from plugin.courses.accounts.setup import read_setup
from plugin.courses.base.clinic import change_clinic, is_named, read_hours, save_hours, time_zones
from plugin.courses.base.views import ClinicView
from plugin.errors import InvalidField
from plugin.square.locations import LETTER_COUNTRIES
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act
from plugin.web.format import LANGUAGES, locale_of
from plugin.web.forms import Choice, Choices, Paragraph, Text
from plugin.web.owner.clinic_settings import HoursForm
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import finish_step, frame_of
from plugin.web.translations import N_

_FIELDS = ("name", "address", "phone", "country", "time_zone", "currency", "language")
# Country codes for groups of countries, for tests, or for no country.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


class ClinicForm(HoursForm):
    name = Text(
        N_("Name of the clinic"),
        called=N_("The clinic’s name"),
        maxlength=NAME_LENGTH,
        required=True,
        autocomplete="organization",
        hint=N_("As your clients know it. It heads every paper."),
    )
    address = Paragraph(
        N_("Address"), hint=N_("As on a letter, up to five lines"), rows=3, autocomplete="street-address"
    )
    phone = Text(N_("Phone"), type="tel", maxlength=40, autocomplete="tel")
    country = Choice(N_("Country"))
    time_zone = Choice(N_("Time zone"), hint=N_("The clock on your wall: days and appointments follow it."))
    currency = Choice(N_("Currency"), hint=N_("The one you charge in at Square"))
    language = Choice(N_("Language of your papers"), hint=N_("Each client can have another one."))

    def offer(self, clinic: ClinicView, *, is_currency_locked: bool) -> ClinicForm:
        """Fill the lists; a locked currency is no longer a choice."""
        self.country.choices = countries()
        self.time_zone.choices = _with_current(zones(), clinic.time_zone)
        self.currency.choices = [
            each for each in currencies() if not is_currency_locked or each[0] == clinic.currency
        ]
        self.language.choices = _with_current(LANGUAGES, clinic.language)
        return self

    @classmethod
    def values_of_clinic(cls, clinic: ClinicView, *, browser_zone: str, is_new: bool) -> dict[str, Any]:
        """Return the values to begin with: those stored, or for a new clinic what its browser's zone suggests."""
        values = {name: getattr(clinic, name) for name in _FIELDS}
        if not is_new:
            return values
        country = country_of_zone(browser_zone) or clinic.country
        return values | {
            "name": "",
            "country": country,
            "time_zone": browser_zone or clinic.time_zone,
            "currency": currency_of(country) or clinic.currency,
        }

    def changes(self, *, is_new: bool) -> dict[str, Any]:
        """Return the clinic's details; a new clinic gets the paper of its country."""
        sent = {name: self[name].data for name in _FIELDS}
        paper = {"page_size": "letter" if sent["country"] in LETTER_COUNTRIES else "a4"} if is_new else {}
        return {**sent, **paper}


def country_of_zone(zone: str) -> str:
    """Return the country of a time zone (CLDR), "" where it is in none."""
    country = str(get_global("zone_territories").get(zone, ""))
    return country if len(country) == 2 else ""


def currency_of(country: str) -> str:
    """Return the currency of a country now, "" where there is none."""
    used = get_territory_currencies(country) if country else []
    return used[-1] if used else ""


def countries() -> Choices:
    """Return all countries by name, in the language of the person."""
    return _countries(str(locale_of(pages.clinic())))


def currencies() -> Choices:
    """Return the currencies in use, by code."""
    return _currencies(str(locale_of(pages.clinic())))


@cache
def _countries(locale: str) -> Choices:
    named = [
        (code, name)
        for code, name in Locale.parse(locale).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    ]
    return sorted(named, key=lambda each: folded(each[1]))


@cache
def _currencies(locale: str) -> Choices:
    codes = {code for country, _ in _countries(locale) for code in get_territory_currencies(country)}
    return [(code, f"{code} – {get_currency_name(code, locale=locale)}") for code in sorted(codes)]


@cache
def zones() -> Choices:
    """Return the time zones that are a place's, by name."""
    places = sorted(name for name in time_zones() if country_of_zone(name))
    return [(name, name.replace("_", " ").replace("/", " / ")) for name in (*places, "UTC")]


def _with_current(choices: Choices, current: str) -> Choices:
    return choices if current in [value for value, _ in choices] else [(current, current), *choices]


blueprint = Screens("setup_clinic", __name__, url_prefix="/first-steps/clinic")


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    store, known = current_services().store, pages.clinic()
    setup, hours, locked = read_setup(store), read_hours(store), why_currency_locked(current_services())
    zone = setup.browser_zone if setup else ""
    values = ClinicForm.values_of_clinic(known, browser_zone=zone, is_new=not is_named(store))
    form = ClinicForm.shown(refusal, **values, **ClinicForm.values_of(hours))
    form.offer(known, is_currency_locked=bool(locked))
    return render_template("setup/clinic.html", **frame_of("clinic"), form=form, hours=hours, locked=locked)


@blueprint.post("", refused=show)
def save() -> ResponseReturnValue:
    store = current_services().store
    form = ClinicForm.sent()
    if form.currency.data != pages.clinic().currency and (why := why_currency_locked(current_services())):
        raise InvalidField(why, field="currency")
    change_clinic(store, current_act(), form.changes(is_new=not is_named(store)))
    assumed = read_hours(store)
    # Hours that nobody has changed leave it to Square to tell them.
    if not (assumed.is_assumed and form.hours().week == assumed.week):
        save_hours(store, current_act(), form.hours())
    return finish_step("clinic")
