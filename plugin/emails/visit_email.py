"""The e-mail after a visit: its text, and the job that checks it is still due, sends it and records the outcome."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from invoices.language import Language, language_for
from invoices.papers import NextVisit
from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.courses.clients.balance_text import balance_sentences
from plugin.courses.clients.private_page import STOP_PATH, page_address, stop_token
from plugin.courses.handouts import visit_email
from plugin.courses.handouts.cache import AFTERCARE, SUMMARY, hand_out
from plugin.errors import MailFailed, PaperNotMade, Refused
from plugin.jobs import RunAgain
from plugin.mail import Attachment, Letter
from plugin.services import Services
from plugin.settings import SHORTEST_SECRET
from plugin.wording import _

_PACKAGE = Path(__file__).parents[1]
# Next to the package in a checkout, within it where it is installed.
_PLACES = [str(_PACKAGE / "templates"), str(_PACKAGE.parent / "templates")]


def plain_of(name: str, language: Language, **values: object) -> str:
    """Return the e-mail as plain text."""
    return _rendered(f"{name}.txt", language, values)


def html_of(name: str, language: Language, **values: object) -> str:
    """Return the e-mail as HTML, with all values escaped."""
    return _rendered(f"{name}.html", language, values)


def _rendered(file: str, language: Language, values: dict[str, object]) -> str:
    template = _templates().get_template(f"mail/{file}")
    return template.render(
        values,
        _=language.gettext,
        tag=language.tag,
        colon=language.colon.rstrip(),
        sentences=language.sentences,
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_PLACES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class VisitText:
    """What depends on the visit; the rest is in the templates. "" or () where there is nothing to state."""

    subject: str
    opening: str
    balance: tuple[str, ...]
    next_lines: tuple[str, ...]
    attached: str
    questions: str


def visit_text(due: visit_email.DueLetter, language: Language, kinds: Collection[str]) -> VisitText:
    """Write the text; `kinds`: the papers that are attached."""
    return VisitText(
        subject=_subject(due, language),
        opening=language.sentences(*_opening(due, language)),
        balance=tuple(balance_sentences(due.course, language)) if due.is_owner else (),
        next_lines=tuple(_next(due, language)),
        attached=_attached(kinds, language),
        questions=questions_line(due.clinic, language),
    )


def _subject(due: visit_email.DueLetter, language: Language) -> str:
    clinic = due.clinic.name
    if not due.has_come:
        return language.gettext("A session of your course at {clinic} was used", clinic=clinic)
    if not due.is_owner:
        # The session numbers of a course are for its owner only.
        return language.gettext("Your visit at {clinic}", clinic=clinic)
    if due.visit.number:
        return language.gettext(
            "Session {n} of {total} at {clinic}", n=due.visit.number, total=due.course.granted, clinic=clinic
        )
    subject = (
        language.gettext("Your touch-up at {clinic}")
        if _is_touch_up(due)
        else language.gettext("Your visit at {clinic}")
    )
    return subject.format(clinic=clinic)


def _is_touch_up(due: visit_email.DueLetter) -> bool:
    kinds = {each.treatment: each.kind for each in due.course.allowances}
    return kinds.get(due.visit.treatments[0]) == "touch_up"


def _opening(due: visit_email.DueLetter, language: Language) -> Iterator[str]:
    visit = due.visit
    date = language.long_date(visit.visited_on)
    numbers = {"n": visit.number, "total": due.course.granted}
    if not due.has_come:
        yield language.gettext(
            "{guest} came on {date} and used a session of your course.", guest=visit.guest, date=date
        )
        if visit.number:
            yield language.pgettext("guest", "That was session {n} of {total}.", **numbers)
        return
    thanks = (
        language.gettext("Thank you for coming to {practitioner} on {date}.")
        if visit.printed_practitioner
        else language.gettext("Thank you for coming on {date}.")
    )
    yield thanks.format(date=date, practitioner=visit.printed_practitioner)
    if due.is_owner and visit.number:
        yield language.gettext("That was session {n} of {total}.", **numbers)
    elif _is_touch_up(due):
        yield language.gettext("That was a touch-up.")


def _next(due: visit_email.DueLetter, language: Language) -> Iterator[str]:
    interval = due.interval if due.interval and due.is_owner else ""
    if due.next_visit:
        yield from booked_lines(due.next_visit, due.clinic, language, interval)
    elif due.has_come and due.course.is_live and due.course.not_used:
        yield language.gettext("Not booked yet")
        if interval:
            yield interval
        if due.clinic.phone:
            yield language.gettext("To book, call {phone}.", phone=due.clinic.phone)


def booked_lines(
    visit: NextVisit, clinic: ClinicView, language: Language, interval: str = ""
) -> Iterator[str]:
    """Yield when the next visit is, the suggested interval if any, and how to change it."""
    time = language.time_of_day(visit.at, clinic.time_zone)
    if visit.practitioner:
        time = language.gettext("{time} with {practitioner}", time=time, practitioner=visit.practitioner)
    yield f"{language.weekday_date(language.local_day(visit.at, clinic.time_zone))}, {time}"
    if interval:
        yield interval
    if clinic.phone:
        yield language.pgettext("private page", "To change it, call {phone}.", phone=clinic.phone)


def _attached(kinds: Collection[str], language: Language) -> str:
    if SUMMARY in kinds and AFTERCARE in kinds:
        return language.gettext(
            "Attached are your course summary, and what to do in the next hours and days."
        )
    if SUMMARY in kinds:
        return language.gettext("Attached is your course summary.")
    return (
        language.gettext("Attached is what to do in the next hours and days.") if AFTERCARE in kinds else ""
    )


def questions_line(clinic: ClinicView, language: Language) -> str:
    """Return how to reach the clinic, "" where neither phone nor e-mail is known."""
    phone, email = clinic.phone, clinic.email
    if phone and email:
        return language.gettext(
            "Questions, or something does not feel right? Call {phone} or write to {email}.",
            phone=phone,
            email=email,
        )
    if phone:
        return language.gettext("Questions, or something does not feel right? Call {phone}.", phone=phone)
    return (
        language.gettext("Questions, or something does not feel right? Write to {email}.", email=email)
        if email
        else ""
    )


_POSTMAN = Actor("By e-mail", Role.OWNER, Source.COMMAND)
_PDF = "application/pdf"
_PAPER_AGAIN_S = 60


def mail_visit(services: Services, job: Job) -> str | RunAgain:
    """Send the e-mail, once; raises MailFailed."""
    store, now = services.store, services.clock()
    if not visit_email.is_open(store, job.subject):
        return "There is no longer anything to send."
    due = (
        visit_email.look_at_letter(store, job.subject, now)
        if services.mail.is_ready
        else "Mail is no longer set up."
    )
    if isinstance(due, str):
        visit_email.leave_letter(store, job.subject, due, now)
        return f"Not sent. {due}"
    if visit_email.is_too_late(store, job.subject, now):
        visit_email.note_given_up(store, job.subject, "It could not be sent in time.", now)
        return "Not sent: it is too late for it."
    try:
        letter = written(services, due)
    except PaperNotMade as error:
        return RunAgain(_PAPER_AGAIN_S, error.message)
    _send(services, due, letter)
    visit_email.note_answered(store, due, services.clock())
    return "The e-mail is being sent."


def give_up_visit_mail(services: Services, job: Job, sentence: str) -> None:
    """Record that the e-mail was not sent, unless that is recorded already."""
    visit_email.note_given_up(services.store, job.subject, sentence, services.clock())


def written(services: Services, due: visit_email.DueLetter) -> Letter:
    """Write the e-mail with its papers.

    Raises PaperNotMade where another try may help, MailFailed without a key.
    """
    papers = tuple(_papers(services, due))
    stop_url = stop_url_of(services, due.client.id)
    language = language_for(due.client.language)
    text = visit_text(due, language, [kind for kind, _ in papers])
    page_url = page_url_of(services, _act(services, due), due.client.id)
    values = {"said": text, "due": due, "page_url": page_url, "stop_url": stop_url}
    return Letter(
        to=due.mail_to,
        subject=text.subject,
        text=plain_of("visit", language, **values),
        html=html_of("visit", language, **values),
        attachments=tuple(Attachment(_file_name(kind, language), _PDF, pdf) for kind, pdf in papers),
        reply_to=due.clinic.email,
        key=due.id,
        stop_url=stop_url,
    )


def _act(services: Services, due: visit_email.DueLetter) -> Act:
    return Act(_POSTMAN, services.clock(), f"letter:{due.id}")


def _send(services: Services, due: visit_email.DueLetter, letter: Letter) -> None:
    try:
        services.mail.send(letter)
    except MailFailed as error:
        if error.permanent:
            visit_email.note_answered(services.store, due, services.clock(), error.message)
        raise


def _papers(services: Services, due: visit_email.DueLetter) -> list[tuple[str, bytes]]:
    """Return this client's papers: a summary for the owner, an aftercare sheet for the attendee."""
    kinds = [*([SUMMARY] if due.is_owner else []), *([AFTERCARE] if due.has_come else [])]
    found = []
    for kind in kinds:
        try:
            found.append((kind, _paper(services, due, kind)))
        except Refused:
            # Such as a name that no paper can print: the e-mail states the balance without it.
            continue
    return found


def _paper(services: Services, due: visit_email.DueLetter, kind: str) -> bytes:
    return hand_out(
        services.store,
        services.render,
        _act(services, due),
        due.course.id,
        kind,
        visit_id=due.visit.id,
        language=due.client.language,
        public_url=services.settings.public_url,
    ).pdf


def page_url_of(services: Services, act: Act, client_id: str) -> str:
    """Return the address of the client's private page, created when first needed; "" without a public address."""
    public_url = services.settings.public_url
    return services.store.transact(lambda session: page_address(session, act, public_url, client_id)) or ""


def stop_url_of(services: Services, client_id: str) -> str:
    """Return the address by which a client unsubscribes; raises MailFailed without a key."""
    secret = services.settings.secret_key.get_secret_value()
    if len(secret) < SHORTEST_SECRET:
        said = _(
            "SECRET_KEY is missing where e-mails are sent: clients could not unsubscribe. It is tried again."
        )
        raise MailFailed(said, permanent=False, code="mail_secret")
    return f"{services.settings.public_url.rstrip('/')}{STOP_PATH}{stop_token(secret, client_id)}"


def _file_name(kind: str, language: Language) -> str:
    name = language.gettext("Course summary") if kind == SUMMARY else language.gettext("Aftercare")
    return f"{name}.pdf"
