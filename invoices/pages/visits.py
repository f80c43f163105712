"""Booked and planned visits in words."""

from invoices.language import Language
from invoices.pages.lines import whole
from invoices.papers import Clinic, NextVisit


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
