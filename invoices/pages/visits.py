"""Booked and planned visits in words."""

from invoices.language import Language
from invoices.pages.account_rows import in_one_piece
from invoices.papers import Clinic, NextVisit


def when_line(visit: NextVisit, clinic: Clinic, language: Language) -> str:
    """Return a visit in one line: "Tuesday, November 3, 10:30 AM with A. Kim · Touch-up, 45 min"."""
    day = language.full_day(language.local_day(visit.at, clinic.time_zone))
    time = language.time_of_day(visit.at, clinic.time_zone)
    if visit.practitioner:
        time = language.gettext("{time} with {practitioner}", time=time, practitioner=visit.practitioner)
    when = language.with_comma(day, time)
    treatment = in_one_piece(visit.treatment)
    return f"{when} · {treatment}" if treatment else when
