"""Visits as an iCalendar file (RFC 5545), which phones and computers add to their calendar."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from invoices.language import Language
from invoices.papers import Clinic, PlannerVisit

_USUAL_MINUTES = 60
_LINE_OCTETS = 75


def calendar_of(visits: Iterable[PlannerVisit], clinic: Clinic, language: Language, *, at: datetime) -> str:
    """Return the file; `at`: when it was made. A planned visit is tentative, and says that it is not booked."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{_text(clinic.name)}//Coursekeeper//EN"]
    for visit in visits:
        lines += _event(visit, clinic, language, at)
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR"))


def _event(visit: PlannerVisit, clinic: Clinic, language: Language, at: datetime) -> Iterator[str]:
    ends = visit.at + timedelta(minutes=visit.minutes or _USUAL_MINUTES)
    what = visit.treatment or language.gettext("Visit")
    if not visit.is_booked:
        what = language.gettext("{treatment} (planned, not booked)", treatment=what)
    yield "BEGIN:VEVENT"
    # The same day keeps its id, so that a changed time moves the entry of a calendar.
    yield f"UID:{hashlib.sha256(f'{clinic.name}:{visit.at:%Y%m%d}'.encode()).hexdigest()[:24]}@coursekeeper"
    yield f"DTSTAMP:{_moment(at)}"
    yield f"DTSTART:{_moment(visit.at)}"
    yield f"DTEND:{_moment(ends)}"
    yield f"SUMMARY:{_text(f'{what}, {clinic.name}')}"
    if place := ", ".join(line for line in clinic.address_lines if line):
        yield f"LOCATION:{_text(place)}"
    if clinic.phone:
        yield f"DESCRIPTION:{_text(language.gettext('To change it, call {phone}.', phone=clinic.phone))}"
    yield f"STATUS:{'CONFIRMED' if visit.is_booked else 'TENTATIVE'}"
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Escape a value (section 3.3.11); control characters, which no calendar shows, are dropped."""
    plain = "".join(ch for ch in text.replace("\n", " ") if ch.isprintable())
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """Fold a line after 75 octets, never within a character (section 3.1)."""
    parts, part = [], ""
    for ch in line:
        if len((part + ch).encode()) > _LINE_OCTETS - 1:
            parts.append(part)
            part = ""
        part += ch
    return "\r\n ".join([*parts, part])
