"""The course summary in words: every value of the paper as the reader sees it. The template only places them."""

from collections.abc import Iterator
from dataclasses import dataclass

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.punchcard import Card, session_card, touch_up_card
from invoices.pages.ratings import RatingRow, rating_rows
from invoices.papers import Allowance, CourseSummary, LastSession, Money, Received, SummaryVisit

# Of these no session can be used any more: nothing on the paper is in the color that means "yours".
OVER = frozenset({"expired", "written_off", "refunded", "transferred", "exchanged"})
_LOST = frozenset({"expired", "written_off"})
# Nothing of these is left that anybody could still ask for: what counts is what was used.
CLOSED = OVER - {"expired"}


def figure(paper: CourseSummary, language: Language) -> tuple[str, str]:
    """Return the large number and what it counts."""
    total = paper.sessions_total
    if paper.status in _LOST:
        return str(paper.sessions_lost), language.ngettext(
            "session not used", "sessions not used", paper.sessions_lost
        )
    if paper.status == "finished" or paper.status in CLOSED:
        return str(paper.sessions_used), language.ngettext(
            "of {n} session used", "of {n} sessions used", total
        )
    if _locked(paper):
        return str(paper.sessions_usable), language.ngettext(
            "of {n} session is yours to use now", "of {n} sessions are yours to use now", total
        )
    return str(paper.sessions_left), language.ngettext("of {n} session left", "of {n} sessions left", total)


def _locked(paper: CourseSummary) -> int:
    """Count the main sessions left whose money is still due."""
    if paper.status != "part_paid" or paper.sessions_usable is None:
        return 0
    return paper.sessions_left - paper.sessions_usable


def note(paper: CourseSummary, language: Language) -> str:
    """Return the note on the course's status, "" for an open one."""
    if paper.gift_for:
        return language.gettext(
            "A gift for {name}. No session can be used before the voucher is redeemed.", name=paper.gift_for
        )
    if paper.status == "part_paid":
        return _note_part_paid(paper, language)
    if paper.status in _LOST:
        return _note_lost(paper, language)
    day = _day(paper, language)
    if paper.status == "finished":
        return _note_finished(paper, day, language)
    if paper.status == "refunded" and paper.refunded:
        return language.gettext(
            "Refunded{day}. {amount} was refunded to you.", day=day, amount=language.money(paper.refunded)
        )
    if paper.status == "refunded":
        return language.gettext("Refunded{day}. No sessions are left.", day=day)
    if paper.status == "frozen":
        kept = language.ngettext(
            "On hold{day}. Your {n} session is kept for you.",
            "On hold{day}. Your {n} sessions are kept for you.",
            paper.sessions_left,
            day=day,
        )
        return language.sentences(
            kept,
            language.gettext("The days on hold are added to the expiration date.")
            if paper.expires_on
            else "",
        )
    if paper.status == "exchanged":
        return language.gettext("Exchanged{day} for {package}.", day=day, package=paper.exchanged_for)
    return (
        language.gettext("Transferred{day}. The remaining sessions now belong to someone else.", day=day)
        if paper.status == "transferred"
        else ""
    )


def _note_finished(paper: CourseSummary, day: str, language: Language) -> str:
    if paper.sessions_used == paper.sessions_total:
        return language.ngettext(
            "Completed{day}. The session is used.",
            "Completed{day}. All {n} sessions are used.",
            paper.sessions_used,
            day=day,
        )
    return language.ngettext(
        "Completed{day}. {n} session was used; none is left.",
        "Completed{day}. {n} sessions were used; none is left.",
        paper.sessions_used,
        day=day,
    )


def _note_part_paid(paper: CourseSummary, language: Language) -> str:
    due, locked = paper.balance_due, _locked(paper)
    if due is None:
        # Its invoice was canceled: what is not paid is no longer due.
        return (
            language.ngettext(
                "{n} session is not paid for and cannot be used.",
                "{n} sessions are not paid for and cannot be used.",
                locked,
            )
            if locked
            else ""
        )
    day = language.gettext(" by {date}", date=language.long_date(paper.due_on)) if paper.due_on else ""
    due_sentence = language.gettext("{amount} is due{day}.", amount=language.money(due), day=day)
    return language.sentences(
        due_sentence,
        language.ngettext(
            "{n} more session can be used once it is paid.",
            "{n} more sessions can be used once it is paid.",
            locked,
        )
        if locked
        else "",
    )


def _note_lost(paper: CourseSummary, language: Language) -> str:
    date = language.medium_date(paper.status_on or paper.issued_on)
    said = (
        language.gettext("Expired {date}.")
        if paper.status == "expired"
        else language.gettext("Closed {date}.")
    )
    ask = (
        language.gettext("Please talk to us about what is left.")
        if paper.status == "expired" and paper.sessions_left
        else ""
    )
    return language.sentences(said.format(date=date), ask)


def _day(paper: CourseSummary, language: Language) -> str:
    if not paper.status_on:
        return ""
    phrase = language.gettext(" since {date}") if paper.status == "frozen" else language.gettext(" on {date}")
    return phrase.format(date=language.long_date(paper.status_on))


def key(paper: CourseSummary, language: Language) -> Iterator[str]:
    """Explain only the marks on this card that don't explain themselves."""
    states = {stamp.state for allowance in paper.allowances for stamp in allowance.stamps}
    if "locked" in states:
        yield language.gettext("Light: not paid yet")
    if "expired" in states:
        yield language.gettext("Hatched: expired")
    if paper.status == "frozen" and "left" in states:
        yield language.gettext("Lined across: on hold")
    if "gone" in states:
        yield language.gettext("Dashed: no longer on this course")


@dataclass(frozen=True)
class SessionRow:
    """A treatment of the course with its punch card; the name is shown only where there are several."""

    name: str
    card: Card


@dataclass(frozen=True)
class TouchUps:
    count: str
    opens: str
    card: Card


@dataclass(frozen=True)
class Fact:
    name: str
    value: str


@dataclass(frozen=True)
class NextBox:
    when: str
    detail: str
    treatment: str
    hint: str


@dataclass(frozen=True)
class SummaryPage:
    received: str
    figure: str
    figure_label: str
    is_over: bool
    note: str
    rows: tuple[SessionRow, ...]
    key: tuple[str, ...]
    touch_ups: tuple[TouchUps, ...]
    has_treatments: bool
    with_whom: str
    has_practitioners: bool
    has_focus: bool
    earlier: str
    licenses: str
    facts: tuple[Fact, ...]
    last_session: tuple[str, ...]
    next: NextBox | None
    ratings: tuple[RatingRow, ...] = ()


def summary_page(paper: CourseSummary, language: Language) -> SummaryPage:
    earlier = paper.earlier_visits
    is_held = paper.status == "frozen"
    large, label = figure(paper, language)
    mains = [a for a in paper.allowances if a.kind == "main" and a.stamps]
    is_closed = paper.status in CLOSED
    touch_ups = [a for a in paper.allowances if a.kind == "touch_up" and a.stamps and not is_closed]
    return SummaryPage(
        received=_received(paper.received, language) if paper.received else "",
        figure=large,
        figure_label=label,
        is_over=paper.status in OVER,
        note=note(paper, language),
        rows=tuple(
            SessionRow(
                name=a.treatment if len(mains) > 1 else "",
                card=session_card(a, language, is_held=is_held),
            )
            for a in mains
        ),
        key=tuple(key(paper, language)),
        touch_ups=tuple(_touch_ups(a, language, is_held=is_held) for a in touch_ups),
        has_treatments=_needs_treatments(paper.visits),
        with_whom=_with_whom(paper.visits, language),
        has_practitioners=len({visit.practitioner for visit in paper.visits}) > 1,
        has_focus=any(visit.focus for visit in paper.visits),
        earlier=language.ngettext(
            "{n} earlier visit is not listed.", "{n} earlier visits are not listed.", earlier
        )
        if earlier
        else "",
        licenses=language.gettext("License: {licenses}", licenses=" · ".join(paper.licenses))
        if paper.licenses
        else "",
        facts=tuple(_facts(paper, language)),
        last_session=tuple(_last_session(paper.last_session, language)) if paper.last_session else (),
        next=_next(paper, language),
        ratings=tuple(rating_rows(paper, language)),
    )


def _needs_treatments(visits: tuple[SummaryVisit, ...]) -> bool:
    """A touch-up is named as one already; only a second main treatment or an add-on needs its name."""
    named = {visit.treatment for visit in visits if visit.kind == "main"}
    return len(named) > 1 or any(visit.kind == "add_on" for visit in visits)


def _with_whom(visits: tuple[SummaryVisit, ...], language: Language) -> str:
    """Name the practitioner of all visits once, "" where there are several or none."""
    names = {visit.practitioner for visit in visits}
    if len(names) != 1 or not (name := names.pop()):
        return ""
    return language.gettext("All with {practitioner}", practitioner=name)


def _touch_ups(allowance: Allowance, language: Language, *, is_held: bool) -> TouchUps:
    opens = ""
    if allowance.usable_from_session and allowance.is_open:
        opens = language.gettext("ready to use now")
    elif allowance.usable_from_session and any(
        stamp.state in ("left", "locked") for stamp in allowance.stamps
    ):
        opens = language.gettext("from session {n} on", n=allowance.usable_from_session)
    return TouchUps(
        count=language.ngettext("{n} touch-up left", "{n} touch-ups left", allowance.left),
        opens=opens,
        card=touch_up_card(allowance, language, is_held=is_held),
    )


def visit_text(visit: SummaryVisit, language: Language) -> str:
    """Return which session a visit was."""
    if visit.is_no_show:
        return language.gettext("No-show")
    session = {"main": language.gettext("Session {n}"), "touch_up": language.gettext("Touch-up {n}")}.get(
        visit.kind, language.gettext("Added")
    )
    return session.format(n=visit.session_number or "").strip()


def _facts(paper: CourseSummary, language: Language) -> Iterator[Fact]:
    if not paper.received:
        yield Fact(language.gettext("Bought"), language.medium_date(paper.sold_on))
        yield from _money_facts(paper, language)
    if paper.status in CLOSED:
        # Say how a course ended, in place of what is left of it and until when.
        if paper.paid and paper.refunded and paper.refunded.amount < paper.paid.amount:
            kept = Money(paper.paid.amount - paper.refunded.amount, paper.paid.currency)
            yield Fact(language.gettext("Kept for sessions used"), language.money(kept))
        if paper.credit_notes:
            yield Fact(language.gettext("Credit note"), language.listed(paper.credit_notes))
        if paper.status_on:
            yield Fact(language.gettext("Closed"), language.medium_date(paper.status_on))
        return
    if paper.expires_on:
        yield Fact(language.gettext("Expires"), language.medium_date(paper.expires_on))
    elif not paper.expires_after_first_visit:
        yield Fact(language.gettext("Expires"), language.gettext("No expiration"))
    for allowance in paper.allowances:
        if allowance.kind == "add_on":
            yield Fact(
                allowance.treatment,
                language.gettext("{left} of {granted} left", left=allowance.left, granted=allowance.granted),
            )


def _received(received: Received, language: Language) -> str:
    said = (
        language.gettext("A gift from {name}")
        if received.how == "gift"
        else language.gettext("Received from {name}")
    )
    name = said.format(name=received.giver_name)
    return language.with_comma(name, language.medium_date(received.on))


def _money_facts(paper: CourseSummary, language: Language) -> Iterator[Fact]:
    if paper.paid:
        yield Fact(language.gettext("Paid"), language.money(paper.paid))
    if paper.credit:
        yield Fact(language.gettext("Exchange credit"), language.money(paper.credit))
    if paper.balance_due:
        due = language.money(paper.balance_due)
        if paper.due_on:
            due = language.gettext(
                "{amount} by {date}", amount=due, date=_whole(language.medium_date(paper.due_on))
            )
        yield Fact(language.gettext("Balance due"), due)
    if paper.refunded:
        yield Fact(language.gettext("Refunded"), language.money(paper.refunded))


def _last_session(last: LastSession, language: Language) -> Iterator[str]:
    """Say what was done and what may follow, with no word on what came of it."""
    first, until = language.medium_date(last.first_on), language.medium_date(last.last_on)
    done = language.ngettext(
        "{n} session, {first} to {last}",
        "{n} sessions, {first} to {last}",
        last.sessions,
        first=first,
        last=until,
    )
    yield done + language.full_stop
    if last.touch_up_on:
        yield language.gettext(
            "We suggest your first touch-up around {date}.",
            date=_whole(language.medium_date(last.touch_up_on)),
        )
    yield language.gettext("Thank you for coming. Whether and how to go on is yours to decide.")
    if last.offer and last.offer_price:
        yield language.gettext(
            "If you wish to go on: {package}, {price}.",
            package=last.offer,
            price=language.money(last.offer_price),
        )


def _whole(text: str) -> str:
    """Join a date on one line."""
    return text.replace(" ", NO_BREAK_SPACE)


def _next(paper: CourseSummary, language: Language) -> NextBox | None:
    phone = paper.clinic.phone.replace(" ", NO_BREAK_SPACE)
    interval = paper.suggested_interval or ""
    if visit := paper.next_visit:
        time = language.time_of_day(visit.at, paper.clinic.time_zone)
        if visit.practitioner:
            time = language.gettext("{time} with {practitioner}", time=time, practitioner=visit.practitioner)
        when = language.full_day(language.local_day(visit.at, paper.clinic.time_zone))
        change = language.gettext("To change it, call {phone}.", phone=phone) if phone else ""
        return NextBox(when, time, visit.treatment, language.sentences(interval, change))
    if paper.status not in {"open", "part_paid"} or paper.gift_for:
        return None
    book = language.gettext("To book, call {phone}.", phone=phone) if phone else ""
    return NextBox(language.gettext("Not booked yet"), interval, "", book)
