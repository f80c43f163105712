"""Opening hours and visits in words, in the paper's language."""

from collections.abc import Iterable
from datetime import time
from itertools import groupby

from babel.dates import format_time, get_day_names

from invoices.language import Language
from invoices.pages.lines import whole
from invoices.papers import Clinic, NextVisit, OpenHours

_HOUR = 60


def hours_line(hours: Iterable[OpenHours], language: Language) -> str:
    """Return such as "Mon–Fri 9:00 AM–6:00 PM, Sat 10:00 AM–2:00 PM"; "" without any."""
    spans = groupby(hours, key=lambda each: (each.first_day, each.last_day))
    return language.with_comma(*(_days(days, list(of), language) for days, of in spans))


def _days(days: tuple[int, int], hours: list[OpenHours], language: Language) -> str:
    names = get_day_names("abbreviated", locale=language.locale)
    span = "–".join(str(names[day]) for day in dict.fromkeys(days))
    times = "/".join(f"{_clock(each.opens, language)}–{_clock(each.closes, language)}" for each in hours)
    return f"{span} {times}"


def _clock(minute: int, language: Language) -> str:
    at = time(minute // _HOUR % 24, minute % _HOUR)
    return format_time(at, "short", locale=language.locale).replace("\u202f", "\u00a0")


def when_line(visit: NextVisit, clinic: Clinic, language: Language) -> str:
    """Return a visit in one line: "Tuesday, November 3, 10:30 AM with A. Kim (Touch-up, 45 min)"."""
    day = language.full_day(language.local_day(visit.at, clinic.time_zone))
    time = language.time_of_day(visit.at, clinic.time_zone)
    if visit.practitioner:
        time = language.gettext("{time} with {practitioner}", time=time, practitioner=visit.practitioner)
    when = language.with_comma(day, time)
    if not visit.treatment:
        return when
    return language.gettext("{when} ({treatment})", when=when, treatment=whole(visit.treatment))
