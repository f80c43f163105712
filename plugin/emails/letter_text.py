"""The text of a letter, in the recipient's language. Pure; no I/O."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from invoices.language import Language
from invoices.papers import NextVisit
from plugin.core.letters import LetterKind
from plugin.core.money import Money
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import paper_money
from plugin.courses.clients.balance_text import balance_sentences
from plugin.courses.letters.sending import LetterToSend
from plugin.courses.sales.buy_again import Again
from plugin.emails.visit_email import booked_lines, questions_line

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
