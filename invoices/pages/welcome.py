"""The welcome sheet in words: the course at a glance, how it runs, the first visit, and whom to call."""

from dataclasses import dataclass

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.hours import hours_line, when_line
from invoices.pages.qr import QrCode, qr_code
from invoices.papers import WelcomeContent, WelcomeSheet


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
