"""The welcome sheet in words: the course at a glance, how it runs, the first visit, and whom to call; and the visit
planner: the next visit large, all others below, a card to tear off.
"""

from dataclasses import dataclass, replace

from invoices.calendar import calendar_of
from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.account_rows import in_one_piece
from invoices.pages.qr import QrCode, qr_code
from invoices.pages.text import hours_line, when_line, whole
from invoices.papers import PlannerVisit, VisitPlanner, WelcomeContent, WelcomeSheet


@dataclass(frozen=True)
class WelcomePage:
    contents: tuple[str, ...]
    expires: str
    first_visit: str
    phone: str
    hours: str
    qr: QrCode | None
    map: QrCode | None


def welcome_page(paper: WelcomeSheet, language: Language) -> WelcomePage:
    hours = hours_line(paper.phone_hours, language)
    phone = paper.clinic.phone.replace(" ", NO_BREAK_SPACE)
    book = language.gettext("To book, call {phone}.", phone=phone) if phone else ""
    return WelcomePage(
        contents=tuple(_content(each, language) for each in paper.contents),
        expires=language.gettext("Use them until {date}.", date=language.long_date(paper.expires_on))
        if paper.expires_on
        else "",
        first_visit=when_line(paper.next_visit, paper.clinic, language)
        if paper.next_visit
        else language.sentences(language.gettext("Not booked yet") + language.full_stop, book),
        phone=phone,
        hours=language.gettext("We answer {hours}", hours=hours) if hours else "",
        qr=qr_code(paper.balance_url) if paper.balance_url else None,
        map=qr_code(paper.arrival.map_url) if paper.arrival.map_url else None,
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
    next: PlannerRow | None
    rows: tuple[PlannerRow, ...]
    has_planned: bool
    has_booked: bool
    qr: QrCode | None


def planner_page(paper: VisitPlanner, language: Language) -> PlannerPage:
    rows = tuple(_row(each, paper, language) for each in paper.visits)
    return PlannerPage(
        next=rows[0] if rows else None,
        rows=rows,
        has_planned=any(not each.is_booked for each in paper.visits),
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
