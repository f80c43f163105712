"""The job of one letter: wait for the hours for letters, check that it is still due, send it, record the outcome."""

from dataclasses import replace
from datetime import date, timedelta

from invoices.language import Language, language_for
from plugin.core.acts import Act
from plugin.core.letters import LetterKind, LetterRules
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.courses.handouts.text_check import CLIENT
from plugin.courses.letters import sending
from plugin.courses.letters.kinds import list_letter_kinds
from plugin.courses.lists.listing import renew_some
from plugin.emails.compose import html_of, plain_of
from plugin.emails.letter_text import AT_THE_END, LetterFill, fill_of, letter_text
from plugin.emails.visit_email import page_url_of, stop_url_of
from plugin.errors import MailFailed
from plugin.jobs import RunAgain
from plugin.mail import Letter
from plugin.services import Services
from plugin.settings import Settings
from plugin.wording import _

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
    clinic, language, today = read_clinic(services.store), language_for(tag), services.clock().date()
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
