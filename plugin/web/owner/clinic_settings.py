"""Time zone, currency, language and opening hours, for the owner. Name and address are the letterhead’s."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_name
from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.configuration.clinic import ClinicSettings, save_clinic_settings, why_currency_locked
from plugin.configuration.save import save_settings
from plugin.core.opening_hours import WEEKDAYS, ClosedDays, Interval, OpeningHours, why_not_day
from plugin.courses.base.clinic import read_hours, save_hours, time_zones
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.format import LANGUAGES, language_name, locale_of
from plugin.web.forms import Choice, Choices, Form, Hidden, Paragraph, Several, TimeOfDay
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


_OPENINGS = ("", "_again")
# In English and in Spanish.
_RANGE = re.compile(r"\s+(?:to|al?)\s+")
_HOW = N_("Write a day as 2026-12-25, or a range as 2026-12-24 to 2027-01-02; one per line.")


class _ClosedDays(Paragraph):
    """Closed days: a date or a range of dates in each line."""

    data: Any

    def read(self, text: str) -> Any:
        """Return the closures; raises InvalidField."""
        return tuple(_closure(line.strip(), self.name) for line in text.splitlines() if line.strip())

    def written(self) -> str:
        """Return one line for each closure."""
        return "\n".join(
            f"{each.first}" if each.first == each.last else f"{each.first} to {each.last}"
            for each in self.data
        )


def _closure(line: str, field: str) -> ClosedDays:
    first, last = [*_RANGE.split(line.strip(), maxsplit=1), ""][:2]
    try:
        closure = ClosedDays(date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip()))
    except ValueError:
        raise InvalidField(_("“{line}” is not a day. {how}", line=line[:40], how=_HOW), field=field) from None
    if closure.last < closure.first:
        raise InvalidField(
            _("{last} is before {first}.", last=closure.last, first=closure.first), field=field
        )
    return closure


@dataclass(frozen=True)
class DayFields:
    """The fields of one weekday: pairs of opening and closing time."""

    name: str
    pairs: tuple[tuple[TimeOfDay, TimeOfDay], ...]

    @property
    def wrong(self) -> TimeOfDay | None:
        """Return the first invalid field."""
        return next((field for pair in self.pairs for field in pair if field.errors), None)

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """Return the intervals of the pairs that are filled in."""
        filled = [(o.data, c.data) for o, c in self.pairs if o.data is not None and c.data is not None]
        return tuple(sorted(Interval(*each) for each in filled))

    def is_right(self) -> bool:
        """Check the day as a whole; what is wrong is the error of its field."""
        if self.wrong:
            return False
        for opens, closes in self.pairs:
            if (opens.data is None) != (closes.data is None):
                if opens.data is None:
                    opens.errors = [
                        _("The opening time on {day} is missing. Clear both to close.", day=self.name)
                    ]
                else:
                    closes.errors = [
                        _("The closing time on {day} is missing. Clear both to close.", day=self.name)
                    ]
                return False
        if why := why_not_day(self.intervals, self.name):
            self.pairs[0][0].errors = [why]
        return not why


class HoursForm(Form):
    """The opening hours. An empty day is closed; 00:00 as closing time is midnight."""

    closed = _ClosedDays(N_("Closed days"), hint=_HOW, rows=3)

    @classmethod
    def values_of(cls, hours: OpeningHours) -> dict[str, Any]:
        values: dict[str, Any] = {"closed": hours.closed}
        for number, intervals in enumerate(hours.week):
            for suffix, each in zip(_OPENINGS, intervals, strict=False):
                values |= {f"opens_{number}{suffix}": each.opens, f"closes_{number}{suffix}": each.closes}
        return values

    @property
    def days(self) -> list[DayFields]:
        return [
            DayFields(name, tuple((self[f"opens_{n}{s}"], self[f"closes_{n}{s}"]) for s in _OPENINGS))
            for n, name in enumerate(WEEKDAYS)
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """Parse all fields and check each day, so that all errors show at once."""
        is_whole = bool(super().validate(extra_validators))
        wrong = [day for day in self.days if not day.is_right()]
        if is_whole and not wrong and not any(day.intervals for day in self.days):
            self.form_errors.append(_("Enter the hours of at least one day."))
            return False
        return is_whole and not wrong

    def hours(self) -> OpeningHours:
        """Return the hours; the use case puts them into the clinic's time zone."""
        return OpeningHours(tuple(day.intervals for day in self.days), closed=self.closed.data or ())


def _time_fields(number: int, day: str, suffix: str) -> dict[str, TimeOfDay]:
    if suffix:
        opens, closes = N_("{day}, opens again", day=day), N_("{day}, closes again", day=day)
    else:
        opens, closes = N_("{day}, opens", day=day), N_("{day}, closes", day=day)
    return {
        f"opens_{number}{suffix}": TimeOfDay(opens, called=opens),
        f"closes_{number}{suffix}": TimeOfDay(closes, called=closes, is_end=True),
    }


for _number, _day in enumerate(WEEKDAYS):
    for _suffix in _OPENINGS:
        for _name, _field in _time_fields(_number, _day, _suffix).items():
            setattr(HoursForm, _name, _field)


hours_pages = Screens("hours", __name__, url_prefix="/clinic/hours")


@hours_pages.get("")
def show_hours(refusal: Refusal | None = None) -> ResponseReturnValue:
    hours = read_hours(current_services().store)
    form = HoursForm.shown(refusal, **HoursForm.values_of(hours))
    return render_template("owner/hours.html", form=form, hours=hours)


@hours_pages.post("", refused=show_hours)
def save_opening_hours() -> ResponseReturnValue:
    save_hours(current_services().store, current_act(), HoursForm.sent().hours())
    return redirect_to("hours.show_hours", _("Opening hours saved."))
