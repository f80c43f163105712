"""The welcome sheet in words: the course at a glance, how it runs, the first visit, and whom to call; and the visit
planner: the next visit large, all others below, a card to tear off.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.account_rows import in_one_piece
from invoices.pages.qr import QrCode, qr_code
from invoices.pages.text import when_line, whole
from invoices.papers import Clinic, PlannerVisit, VisitPlanner, WelcomeContent, WelcomeSheet

_USUAL_MINUTES = 60
_LINE_OCTETS = 75


def calendar_of(visits: Iterable[PlannerVisit], clinic: Clinic, language: Language, *, at: datetime) -> str:
    """Return the file; `at`: when it was made. A planned visit is tentative, and says that it is not booked."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{_text(clinic.name)}//Coursekeeper//EN"]
    for visit in visits:
        lines += _event_lines(visit, clinic, language, at)
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR"))


def _event_lines(visit: PlannerVisit, clinic: Clinic, language: Language, at: datetime) -> Iterator[str]:
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


@dataclass(frozen=True)
class WelcomePage:
    contents: tuple[str, ...]
    first_visit: str


def welcome_page(paper: WelcomeSheet, language: Language) -> WelcomePage:
    phone = paper.clinic.phone.replace(" ", NO_BREAK_SPACE)
    book = language.gettext("To book, call {phone}.", phone=phone) if phone else ""
    return WelcomePage(
        contents=tuple(_content(each, language) for each in paper.contents),
        first_visit=when_line(paper.next_visit, paper.clinic, language)
        if paper.next_visit
        else language.sentences(language.gettext("Not booked yet") + language.full_stop, book),
    )


def _content(content: WelcomeContent, language: Language) -> str:
    if content.kind == "touch_up":
        said = language.ngettext("{n} touch-up", "{n} touch-ups", content.sessions)
    else:
        said = language.ngettext(
            "{n} session of {treatment}",
            "{n} sessions of {treatment}",
            content.sessions,
            treatment=content.treatment,
        )
    if content.usable_from_session:
        opens = language.gettext("from session {n} on", n=content.usable_from_session)
        return language.with_comma(said, opens)
    return said


# A QR code of this level holds 2,331 octets; more than about a third of them no camera reads at this size.
_READABLE_OCTETS, _SHORT = 800, 40


@dataclass(frozen=True)
class PlannerRow:
    day: str
    time: str
    length: str
    detail: str
    state: str


@dataclass(frozen=True)
class PlannerPage:
    rows: tuple[PlannerRow, ...]
    has_booked: bool
    qr: QrCode | None


def planner_page(paper: VisitPlanner, language: Language) -> PlannerPage:
    return PlannerPage(
        rows=tuple(_row(each, paper, language) for each in paper.visits),
        has_booked=bool(paper.visits) and paper.visits[0].is_booked,
        qr=_code(paper, language),
    )


def _code(paper: VisitPlanner, language: Language) -> QrCode | None:
    """Return a code for the calendar: the address where there is one, else the next visit itself."""
    if paper.calendar_url:
        return qr_code(paper.calendar_url)
    if not paper.visits:
        return None
    return qr_code(_event(paper, language))


def _event(paper: VisitPlanner, language: Language) -> str:
    """Return the next visit for a calendar, without where and whom to call if a camera could not read all of it."""
    visits, at = paper.visits[:1], paper.visits[0].at
    whole = calendar_of(visits, paper.clinic, language, at=at)
    if len(whole.encode()) <= _READABLE_OCTETS:
        return whole
    clinic = replace(paper.clinic, name=paper.clinic.name[:_SHORT], address_lines=(), phone="")
    visits = tuple(replace(each, treatment=each.treatment[:_SHORT]) for each in visits)
    return calendar_of(visits, clinic, language, at=at)


def _row(visit: PlannerVisit, paper: VisitPlanner, language: Language) -> PlannerRow:
    zone = paper.clinic.time_zone
    detail = visit.practitioner and language.gettext("with {practitioner}", practitioner=visit.practitioner)
    return PlannerRow(
        day=language.full_day(language.local_day(visit.at, zone)),
        time=language.time_of_day(visit.at, zone),
        length=language.ngettext("{n} minute", "{n} minutes", visit.minutes) if visit.minutes else "",
        detail=language.with_comma(in_one_piece(visit.treatment), whole(detail)),
        state=language.gettext("booked") if visit.is_booked else language.gettext("planned"),
    )
