"""Dates, money, numbers and phone numbers as people at the clinic read them. Independent of any screen."""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent
from jinja2 import pass_context
from jinja2.runtime import Context

from invoices.language import is_supported
from invoices.pages.ratings import RatingLine
from invoices.pages.ratings import rating_line as drawn
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import format_clock, money_text
from plugin.courses.clients.contacts import written_phone
from plugin.courses.ratings.views import ConcernView
from plugin.stored_sentences import in_words
from plugin.wording import spoken_tag

# The languages of papers, in their own words.
LANGUAGES = (("en", "English"), ("es", "Español"), ("zh-Hans", "简体中文"))


def locale_of(clinic: ClinicView) -> Locale:
    """Return the locale of the reader's language (else the clinic's) in its country; as a fallback, that of the US."""
    return _reader_locale(spoken_tag(), clinic.language, clinic.country)


@lru_cache(maxsize=64)
def _reader_locale(spoken: str, clinic_language: str, country: str) -> Locale:
    language = spoken.partition("-")[0] or clinic_language.replace("-", "_")
    for name in (f"{language}_{country}", language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en", "US")


def written_day(value: date | datetime, clinic: ClinicView, today: date) -> str:
    """Return "Nov 22", with the year where it is not the current one."""
    day = local_day(value, clinic)
    return _written_day(day, spoken_tag(), clinic.language, clinic.country, is_of_year=day.year == today.year)


# A list writes the same few days a hundred times.
@lru_cache(maxsize=4096)
def _written_day(day: date, spoken: str, language: str, country: str, *, is_of_year: bool) -> str:
    return _written(day, "MMMd" if is_of_year else "yMMMd", _reader_locale(spoken, language, country))


def written_month(day: date, clinic: ClinicView, skeleton: str = "yMMMM") -> str:
    """Return "November 2026", or the day in another skeleton (Unicode TR 35)."""
    return _written(day, skeleton, locale_of(clinic))


@lru_cache(maxsize=4096)
def _written(day: date, skeleton: str, locale: Locale) -> str:
    return str(format_skeleton(skeleton, datetime.combine(day, datetime.min.time()), locale=locale))


def local_day(value: date | datetime, clinic: ClinicView) -> date:
    """Return the day in the clinic's time zone."""
    if isinstance(value, datetime):
        return day_at(value, clinic.zone)
    return value


def counted(number: int, one: str, other: str, locale: Locale) -> str:
    """Return "1 session" or "12 sessions", the form chosen by the language's plural rule."""
    form = one if locale.plural_form(number) == "one" else other
    return f"{format_decimal(number, locale=locale)} {form}"


def initials(name: str) -> str:
    """Return one or two letters that identify a person."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper() or "?"


@pass_context
def _money(context: Context, value: Money) -> str:
    clinic = context["clinic"]
    return money_text(value, clinic)


@pass_context
def _month(context: Context, key: str) -> str:
    """Return "November 2026" for 2026-11."""
    return written_month(date.fromisoformat(f"{key}-01"), context["clinic"])


@pass_context
def _percent(context: Context, value: float) -> str:
    return str(format_percent(value, locale=locale_of(context["clinic"])))


@pass_context
def _day(context: Context, value: date | datetime) -> str:
    return written_day(value, context["clinic"], context["today"])


@pass_context
def _long_day(context: Context, value: date | datetime) -> str:
    clinic = context["clinic"]
    return str(format_date(local_day(value, clinic), "full", locale=locale_of(clinic)))


@pass_context
def _time(context: Context, value: datetime) -> str:
    clinic = context["clinic"]
    return format_clock(value.astimezone(clinic.zone).time(), locale_of(clinic))


@pass_context
def _day_time(context: Context, value: datetime) -> str:
    return f"{_day(context, value)}, {_time(context, value)}"


@pass_context
def _moment(context: Context, value: datetime) -> str:
    if local_day(value, context["clinic"]) == context["today"]:
        return _time(context, value)
    return _day(context, value)


@pass_context
def _count(context: Context, number: int, one: str, other: str) -> str:
    return counted(number, one, other, locale_of(context["clinic"]))


@pass_context
def _phone(context: Context, e164: str) -> str:
    return written_phone(e164, context["clinic"].country)


def language_name(tag: str, clinic: ClinicView) -> str:
    """Return the name of a language in the clinic's own; English for one without papers."""
    try:
        known = Locale.parse(tag.replace("-", "_") if is_supported(tag) else "en")
    except (UnknownLocaleError, ValueError):
        return tag
    return known.get_display_name(locale_of(clinic)) or tag


def _in_words(text: str) -> str:
    return in_words(str(text), spoken_tag())


@pass_context
def _language(context: Context, tag: str) -> str:
    return language_name(tag, context["clinic"])


def iso(value: date | datetime) -> str:
    """Return the time in the format of the `datetime` attribute of <time>."""
    return value.isoformat()


def rating_line(concern: ConcernView) -> RatingLine:
    """Return the drawn line of a client's own ratings of a concern."""
    return drawn([each.value for each in concern.places])


FILTERS: dict[str, Callable[..., Any]] = {
    "money": _money,
    "day": _day,
    "month": _month,
    "long_day": _long_day,
    "time": _time,
    "day_time": _day_time,
    "moment": _moment,
    "count": _count,
    "percent": _percent,
    "phone": _phone,
    "language": _language,
    "in_words": _in_words,
    "initials": initials,
    "iso": iso,
    "rating_line": rating_line,
}
