"""The course summary in words: every value of the paper as the reader will see it.

The template only places what is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from invoices.pages.punchcard import Card, session_card, touch_up_card
from invoices.pages.qr import QrCode, qr_code
from invoices.papers import Allowance, CourseSummary, SummaryVisit
from invoices.words import NO_BREAK_SPACE, Language

# How many visits still fit on one page in each density, with terms, QR code and a status line.
ROOMY_UP_TO = 6
COMPACT_UP_TO = 12


@dataclass(frozen=True)
class SessionRow:
    """A treatment of the course with its punch card; the name stands only where there are several."""

    name: str
    card: Card


@dataclass(frozen=True)
class TouchUps:
    count: str
    opens: str
    card: Card


@dataclass(frozen=True)
class VisitRow:
    date: str
    session: str
    treatment: str
    practitioner: str
    focus: str


@dataclass(frozen=True)
class Fact:
    name: str
    value: str


@dataclass(frozen=True)
class NextBox:
    when: str
    detail: str
    hint: str


@dataclass(frozen=True)
class SummaryPage:
    issued: str
    package: str
    figure: str
    figure_label: str
    note: str
    rows: tuple[SessionRow, ...]
    key: tuple[str, ...]
    touch_ups: tuple[TouchUps, ...]
    visits: tuple[VisitRow, ...]
    has_treatments: bool
    has_practitioners: bool
    has_focus: bool
    density: str
    is_airy: bool
    earlier: str
    facts: tuple[Fact, ...]
    terms: tuple[str, ...]
    next: NextBox | None
    qr: QrCode | None


def summary_page(paper: CourseSummary, language: Language) -> SummaryPage:
    """Say the whole paper."""
    earlier = paper.earlier_visits
    is_held = paper.status == "frozen"
    is_airy = len(paper.visits) <= ROOMY_UP_TO and paper.sessions_total <= COMPACT_UP_TO
    figure, figure_label = _figure(paper, language)
    mains = [a for a in paper.allowances if a.kind == "main" and a.stamps]
    touch_ups = [a for a in paper.allowances if a.kind == "touch_up" and a.stamps]
    return SummaryPage(
        issued=language.long_date(paper.issued_on),
        package=paper.package_name,
        figure=figure,
        figure_label=figure_label,
        note=_note(paper, language),
        rows=tuple(
            SessionRow(
                name=a.treatment if len(mains) > 1 else "",
                card=session_card(a, language, is_held=is_held, is_airy=is_airy),
            )
            for a in mains
        ),
        key=tuple(_key(paper, language)),
        touch_ups=tuple(_touch_ups(a, language, is_held=is_held) for a in touch_ups),
        visits=tuple(_visit_row(visit, language) for visit in paper.visits),
        has_treatments=_needs_treatments(paper.visits),
        has_practitioners=any(visit.practitioner for visit in paper.visits),
        has_focus=any(visit.focus for visit in paper.visits),
        density=_density(len(paper.visits)),
        is_airy=is_airy,
        earlier=language.plural(language.phrases.earlier_visits, earlier) if earlier else "",
        facts=tuple(_facts(paper, language)),
        terms=paper.terms,
        next=_next(paper, language),
        qr=qr_code(paper.balance_url) if paper.balance_url else None,
    )


def _needs_treatments(visits: tuple[SummaryVisit, ...]) -> bool:
    """A touch-up is named as one already; only a second main treatment or an add-on needs its name."""
    named = {visit.treatment for visit in visits if visit.kind == "main"}
    return len(named) > 1 or any(visit.kind == "add_on" for visit in visits)


def _density(visits: int) -> str:
    if visits <= ROOMY_UP_TO:
        return "roomy"
    return "compact" if visits <= COMPACT_UP_TO else "tight"


def _figure(paper: CourseSummary, language: Language) -> tuple[str, str]:
    total = paper.sessions_total
    if paper.status == "finished":
        return str(total), language.plural(language.phrases.of_sessions_used, total)
    return str(paper.sessions_left), language.plural(language.phrases.of_sessions_left, total)


def _note(paper: CourseSummary, language: Language) -> str:
    phrases = language.phrases
    day = _day(paper, language)
    if paper.status == "finished":
        return language.plural(phrases.note_finished, paper.sessions_total, day=day)
    if paper.status == "refunded" and paper.refunded:
        return phrases.note_refunded_amount.format(day=day, amount=language.money(paper.refunded))
    if paper.status == "refunded":
        return phrases.note_refunded.format(day=day)
    if paper.status == "expired":
        return language.plural(phrases.note_expired, _unused(paper), day=day)
    if paper.status == "frozen":
        return language.plural(phrases.note_frozen, paper.sessions_left, day=day)
    if paper.status == "part_paid" and paper.balance_due:
        return phrases.note_part_paid.format(amount=language.money(paper.balance_due))
    return phrases.note_transferred.format(day=day) if paper.status == "transferred" else ""


def _day(paper: CourseSummary, language: Language) -> str:
    if not paper.status_on:
        return ""
    phrases = language.phrases
    phrase = phrases.since_day if paper.status == "frozen" else phrases.on_day
    return phrase.format(date=language.long_date(paper.status_on))


def _unused(paper: CourseSummary) -> int:
    """Count what expired with the course; a caller that posts nothing at expiry still has it as left."""
    expired = sum(s.state == "expired" for a in paper.allowances if a.kind == "main" for s in a.stamps)
    return expired or paper.sessions_left


def _key(paper: CourseSummary, language: Language) -> Iterator[str]:
    """Explain only the marks that stand on this card and don't explain themselves."""
    states = {stamp.state for allowance in paper.allowances for stamp in allowance.stamps}
    if "expired" in states:
        yield language.phrases.key_expired
    if paper.status == "frozen" and "left" in states:
        yield language.phrases.key_frozen
    if "gone" in states:
        yield language.phrases.key_gone


def _touch_ups(allowance: Allowance, language: Language, *, is_held: bool) -> TouchUps:
    opens = ""
    if allowance.usable_from_session and allowance.left:
        opens = language.phrases.from_session.format(n=allowance.usable_from_session)
    return TouchUps(
        count=language.plural(language.phrases.touch_ups_left, allowance.left),
        opens=opens,
        card=touch_up_card(allowance, language, is_held=is_held),
    )


def _visit_row(visit: SummaryVisit, language: Language) -> VisitRow:
    phrases = language.phrases
    session = {"main": phrases.session_n, "touch_up": phrases.touch_up_n}.get(visit.kind, phrases.add_on)
    return VisitRow(
        date=language.medium_date(visit.on),
        session=phrases.no_show if visit.is_no_show else session.format(n=visit.session_number or "").strip(),
        treatment=visit.treatment,
        practitioner=visit.practitioner,
        focus=visit.focus,
    )


def _facts(paper: CourseSummary, language: Language) -> Iterator[Fact]:
    phrases = language.phrases
    yield Fact(phrases.bought, language.medium_date(paper.sold_on))
    yield Fact(phrases.paid, language.money(paper.paid))
    if paper.balance_due:
        yield Fact(phrases.still_to_pay, language.money(paper.balance_due))
    if paper.refunded:
        yield Fact(phrases.refunded, language.money(paper.refunded))
    expires = language.medium_date(paper.expires_on) if paper.expires_on else phrases.no_expiry
    yield Fact(phrases.good_until, expires)
    for allowance in paper.allowances:
        if allowance.kind != "main":
            yield _allowance_fact(allowance, language)


def _allowance_fact(allowance: Allowance, language: Language) -> Fact:
    phrases = language.phrases
    name = phrases.touch_ups if allowance.kind == "touch_up" else allowance.treatment
    return Fact(name, phrases.n_of_left.format(left=allowance.left, granted=allowance.granted))


def _next(paper: CourseSummary, language: Language) -> NextBox | None:
    phrases = language.phrases
    phone = paper.clinic.phone.replace(" ", NO_BREAK_SPACE)
    interval = paper.suggested_interval or ""
    if visit := paper.next_visit:
        time = language.time_of_day(visit.at, paper.clinic.time_zone)
        if visit.practitioner:
            time = phrases.time_with.format(time=time, practitioner=visit.practitioner)
        when = language.weekday_date(language.local_day(visit.at, paper.clinic.time_zone))
        change = phrases.to_change.format(phone=phone) if phone else ""
        return NextBox(when, time, language.sentences(interval, change))
    if paper.status not in {"open", "part_paid"}:
        return None
    book = phrases.to_book.format(phone=phone) if phone else ""
    return NextBox(phrases.not_booked, interval, book)
