"""A letter to a client: its text, and its job, which waits for the hours for letters and checks if it is due."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from invoices.language import Language, language_for
from invoices.papers import NextVisit
from plugin.core.acts import Act
from plugin.core.letters import LetterKind, LetterRules
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import paper_money
from plugin.courses.clients.balance_text import balance_sentences
from plugin.courses.handouts.text_check import CLIENT
from plugin.courses.letters import sending
from plugin.courses.letters.kinds import list_letter_kinds
from plugin.courses.letters.sending import LetterToSend
from plugin.courses.lists.listing import renew_some
from plugin.courses.sales.buy_again import Again
from plugin.emails.visit_email import (
    booked_lines,
    html_of,
    page_url_of,
    plain_of,
    questions_line,
    stop_url_of,
)
from plugin.errors import MailFailed
from plugin.jobs import RunAgain
from plugin.mail import Letter
from plugin.services import Services
from plugin.settings import Settings
from plugin.wording import _

# The letters that speak of going on.
AT_THE_END = (LetterKind.FINISHED, LetterKind.LOW, LetterKind.TWO_LEFT)


@dataclass(frozen=True, slots=True)
class LetterFill:
    """What a letter is filled with; `balance`: the sessions left in sentences, the first one largest."""

    kind: LetterKind
    client_name: str
    clinic: ClinicView
    package_name: str
    balance: tuple[str, ...]
    words: str = ""
    due: Money | None = None
    due_on: date | None = None
    is_overdue: bool = False
    expires_on: date | None = None
    last_visit_on: date | None = None
    next_visit: NextVisit | None = None
    pay_url: str = ""
    page_url: str = ""
    again_price: Money | None = None
    again_url: str = ""
    review_url: str = ""


@dataclass(frozen=True, slots=True)
class LetterText:
    """A letter ready for its templates. "" or () where there is nothing to state."""

    subject: str
    opening: tuple[str, ...]
    balance: tuple[str, ...]
    next_lines: tuple[str, ...]
    again: str
    button: str
    button_url: str
    questions: str


def fill_of(
    letter: LetterToSend, language: Language, *, page_url: str, buys_again: bool = False
) -> LetterFill:
    """Return what this letter is filled with; `buys_again`: clients may buy their package again online."""
    is_offered = buys_again and page_url and letter.again.standing in (Again.YES, Again.BEGUN)
    course, due = letter.course, letter.course.due
    return LetterFill(
        kind=letter.kind,
        client_name=letter.client.name,
        clinic=letter.clinic,
        package_name=letter.package_name,
        balance=tuple(balance_sentences(course, language)),
        words=letter.words,
        due=due if due.amount else None,
        due_on=course.due_on,
        is_overdue=course.is_overdue,
        expires_on=course.expires_on,
        last_visit_on=max((each.visited_on for each in course.visits), default=None),
        next_visit=letter.next_visit,
        pay_url=letter.pay_url,
        page_url=page_url,
        again_price=letter.again.package.price,
        again_url=f"{page_url}/again/{letter.course.id}" if is_offered and letter.kind in AT_THE_END else "",
    )


def letter_text(fill: LetterFill, language: Language) -> LetterText:
    pays = fill.kind is LetterKind.BALANCE_DUE and fill.pay_url and fill.due
    button = language.gettext("Pay {amount}", amount=_money(fill.due, language)) if pays else ""
    button_url, again = fill.pay_url if pays else "", ""
    if fill.kind is LetterKind.REVIEW and fill.review_url:
        button, button_url = language.gettext("Write a review"), fill.review_url
    if fill.again_url:
        button, button_url = language.gettext("Choose this package again"), fill.again_url
        price = _money(fill.again_price, language)
        again = language.gettext("The same package again costs {price} today.", price=price)
    return LetterText(
        subject=_SUBJECTS[fill.kind](fill, language),
        opening=tuple(fill.words.splitlines()) or tuple(_OPENINGS[fill.kind](fill, language)),
        balance=() if fill.kind is LetterKind.REVIEW else fill.balance,
        next_lines=tuple(_next(fill, language)),
        again=again,
        button=button,
        button_url=button_url,
        questions=questions_line(fill.clinic, language),
    )


def _next(fill: LetterFill, language: Language) -> Iterator[str]:
    if fill.next_visit:
        yield from booked_lines(fill.next_visit, fill.clinic, language)
    elif (
        fill.kind not in (LetterKind.BALANCE_DUE, LetterKind.FINISHED, LetterKind.REVIEW)
        and fill.clinic.phone
    ):
        yield language.gettext("To book, call {phone}.", phone=fill.clinic.phone)


def _balance_due(fill: LetterFill, language: Language) -> Iterator[str]:
    facts = {"amount": _money(fill.due, language), "package": fill.package_name}
    if fill.due_on is None:
        yield language.gettext("{amount} of your course {package} is still to be paid.", **facts)
    elif fill.is_overdue:
        date = language.long_date(fill.due_on)
        yield language.gettext("{amount} of your course {package} was due on {date}.", **facts, date=date)
        yield language.gettext("If you have paid in the meantime, there is nothing left to do.")
    else:
        date = language.long_date(fill.due_on)
        yield language.gettext("{amount} of your course {package} is due on {date}.", **facts, date=date)


def _expiring(fill: LetterFill, language: Language) -> Iterator[str]:
    yield language.gettext(
        "A reminder in good time, so that no session of your course {package} is lost.",
        package=fill.package_name,
    )


def _finished(fill: LetterFill, language: Language) -> Iterator[str]:
    yield language.gettext(
        "Your course {package} is complete. Thank you for coming to us.", package=fill.package_name
    )
    yield language.gettext("If you would like to go on, we are glad to plan the next steps with you.")


def _low(fill: LetterFill, language: Language) -> Iterator[str]:
    yield language.gettext(
        "The last session of your course {package} is waiting for you.", package=fill.package_name
    )


def _two_left(fill: LetterFill, language: Language) -> Iterator[str]:
    yield language.gettext("Two sessions of your course {package} are left.", package=fill.package_name)
    yield language.gettext("It is a good moment to think about whether and how you would like to go on.")


def _touch_up(fill: LetterFill, language: Language) -> Iterator[str]:
    yield language.gettext(
        "Your course {package} includes touch-ups, and one is due now.", package=fill.package_name
    )


def _lapsed(fill: LetterFill, language: Language) -> Iterator[str]:
    if fill.last_visit_on is None:
        yield language.gettext("Your sessions are here for you whenever you would like to begin.")
        return
    yield language.gettext(
        "We have not seen you since {date}. Your sessions are still here for you.",
        date=language.long_date(fill.last_visit_on),
    )


def _review(fill: LetterFill, language: Language) -> Iterator[str]:
    yield language.gettext("Thank you for coming to {clinic}.", clinic=fill.clinic.name)
    yield language.gettext(
        "We ask every client once: how was it? Whatever you write, good or bad, helps others and us."
    )


_OPENINGS: Mapping[LetterKind, Callable[[LetterFill, Language], Iterator[str]]] = {
    LetterKind.BALANCE_DUE: _balance_due,
    LetterKind.EXPIRING: _expiring,
    LetterKind.FINISHED: _finished,
    LetterKind.LOW: _low,
    LetterKind.TWO_LEFT: _two_left,
    LetterKind.TOUCH_UP: _touch_up,
    LetterKind.LAPSED: _lapsed,
    LetterKind.REVIEW: _review,
}


def _expiring_subject(fill: LetterFill, language: Language) -> str:
    date = language.medium_date(fill.expires_on) if fill.expires_on else ""
    return language.gettext(
        "Your sessions at {clinic} are good until {date}", clinic=fill.clinic.name, date=date
    )


_SUBJECTS: Mapping[LetterKind, Callable[[LetterFill, Language], str]] = {
    LetterKind.BALANCE_DUE: lambda fill, language: language.gettext(
        "Your payment at {clinic}", clinic=fill.clinic.name
    ),
    LetterKind.EXPIRING: _expiring_subject,
    LetterKind.FINISHED: lambda fill, language: language.gettext(
        "Your course at {clinic} is complete", clinic=fill.clinic.name
    ),
    LetterKind.LOW: lambda fill, language: language.gettext(
        "One session left at {clinic}", clinic=fill.clinic.name
    ),
    LetterKind.TWO_LEFT: lambda fill, language: language.gettext(
        "Two sessions left at {clinic}", clinic=fill.clinic.name
    ),
    LetterKind.TOUCH_UP: lambda fill, language: language.gettext(
        "Your touch-up at {clinic}", clinic=fill.clinic.name
    ),
    LetterKind.LAPSED: lambda fill, language: language.gettext(
        "Your sessions at {clinic} are waiting for you", clinic=fill.clinic.name
    ),
    LetterKind.REVIEW: lambda fill, language: language.gettext(
        "How was it at {clinic}?", clinic=fill.clinic.name
    ),
}


def _money(amount: Money | None, language: Language) -> str:
    return language.money(paper_money(amount)) if amount else ""


_EXAMPLE_PACKAGE = "Facial acupuncture"
_EXAMPLE_LEFT = {LetterKind.LOW: 1, LetterKind.TWO_LEFT: 2, LetterKind.FINISHED: 0, LetterKind.TOUCH_UP: 0}


def rules_of(settings: Settings) -> LetterRules:
    return LetterRules(
        settings.letters_from_hour,
        settings.letters_until_hour,
        settings.letters_lapsed_weeks,
        has_reviews=bool(settings.review_url),
    )


def plan_due_letters(services: Services) -> int:
    """Plan the letters due now; none without a mail server. Returns how many."""
    if not services.mail.is_ready:
        return 0
    return sending.plan_letters(services.store, services.clock(), rules_of(services.settings))


def mail_letter(services: Services, job: Job) -> str | RunAgain:
    """Send the letter, at most once; raises MailFailed."""
    store, now, rules = services.store, services.clock(), rules_of(services.settings)
    if not sending.is_pending(store, job.subject):
        return "There is no longer anything to send."
    if (opens := sending.wait_until(store, now, rules)) is not None:
        return RunAgain((opens - now).total_seconds(), "It waits for the hours in which letters are sent.")
    # Found out before the letter is marked as being sent.
    stop_url_of(services, "")
    # Whether it is still due is read from the list of courses: what was used since it was planned is in it then.
    renew_some(store, now)
    found = sending.claim_letter(store, job.subject, now, rules)
    if isinstance(found, str):
        return f"Not sent. {found}"
    try:
        services.mail.send(written(services, found))
    except MailFailed as error:
        if error.permanent:
            sending.close_letter(store, found, services.clock(), error.message)
        else:
            sending.put_back(store, found.id)
        raise
    sending.close_letter(store, found, services.clock())
    return "The letter was sent."


def give_up_letter(services: Services, job: Job, sentence: str) -> None:
    """Record that the letter could not be sent."""
    sending.give_up(services.store, job.subject, sentence, services.clock())


def written(services: Services, letter: sending.LetterToSend) -> Letter:
    """Write the letter in the client's language; raises MailFailed without a key."""
    language = language_for(letter.client.language)
    settings = services.settings
    buys_again = settings.client_buys_again
    act = Act(sending.POSTMAN, services.clock(), f"letter:{letter.id}")
    page_url = page_url_of(services, act, letter.client.id)
    fill = replace(
        fill_of(letter, language, page_url=page_url, buys_again=buys_again), review_url=settings.review_url
    )
    return replace(
        composed(fill, language, stop_url=stop_url_of(services, letter.client.id)),
        to=letter.mail_to,
        key=letter.id,
    )


def composed(fill: LetterFill, language: Language, *, stop_url: str) -> Letter:
    """Return the letter without recipient and key."""
    text = letter_text(fill, language)
    values = {"fill": fill, "said": text, "stop_url": stop_url}
    return Letter(
        to="",
        subject=text.subject,
        text=plain_of("letter", language, **values),
        html=html_of("letter", language, **values),
        reply_to=fill.clinic.email,
        stop_url=stop_url,
    )


def example_letter(services: Services, kind: LetterKind, tag: str) -> Letter:
    """Return how a letter of this kind reads now, for a client who does not exist."""
    clinic, language = read_clinic(services.store), language_for(tag)
    today = day_at(services.clock(), clinic.zone)
    base = services.settings.public_url.rstrip("/")
    has_again = services.settings.client_buys_again and kind in AT_THE_END
    own = next(each.words for each in list_letter_kinds(services.store) if each.kind is kind)
    fill = replace(
        _example(kind, clinic, language, today),
        words=own.get(tag, ""),
        page_url=f"{base}/my/…",
        review_url=services.settings.review_url or "https://…",
        again_price=Money(198000, clinic.currency),
        again_url=f"{base}/my/…/again/…" if has_again else "",
        pay_url="https://square.link/…" if kind is LetterKind.BALANCE_DUE else "",
    )
    return composed(fill, language, stop_url=f"{base}/mail/stop/…")


def send_example(services: Services, kind: LetterKind, tag: str, to: str) -> None:
    """Send that to an address of the staff; raises MailFailed."""
    letter = example_letter(services, kind, tag)
    # Its address to unsubscribe is nobody's.
    services.mail.send(
        replace(letter, to=to, subject=_("Test: {subject}", subject=letter.subject), stop_url="")
    )


def _example(kind: LetterKind, clinic: ClinicView, language: Language, today: date) -> LetterFill:
    left = _EXAMPLE_LEFT.get(kind, 7)
    some = ("You have {left} of {n} session left.", "You have {left} of {n} sessions left.")
    said = (
        language.ngettext(*some, 12, left=left)
        if left
        else language.ngettext("The session is used.", "All {n} sessions are used.", 12)
    )
    is_due, ends = kind is LetterKind.BALANCE_DUE, today + timedelta(days=30)
    until = language.gettext("Good until {date}.", date=language.long_date(ends))
    return LetterFill(
        kind=kind,
        client_name=CLIENT,
        clinic=clinic,
        package_name=_EXAMPLE_PACKAGE,
        balance=(said, until) if kind is LetterKind.EXPIRING else (said,),
        due=Money(99000, clinic.currency) if is_due else None,
        due_on=today + timedelta(days=3) if is_due else None,
        expires_on=ends,
        last_visit_on=today - timedelta(weeks=6),
    )
