"""The errand of the letter after a visit: look whether it is owed still, write it, hand it over, note the outcome."""

from __future__ import annotations

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.papers.ready import AFTERCARE, SUMMARY, paper_bytes
from plugin.courses.papers.visit_mail import (
    DueLetter,
    is_open,
    is_too_late,
    leave_letter,
    look_at_letter,
    note_bounced,
    note_given_up,
    note_sent,
)
from plugin.courses.people.mail_choice import PATH as STOP_PATH
from plugin.courses.people.mail_choice import stop_token
from plugin.courses.people.private_page import page_address
from plugin.courses.queues.outbox import Owed
from plugin.errors import MailFailed, PaperNotMade, Refused
from plugin.house import House
from plugin.letters.visit_text import VisitText, visit_text
from plugin.letters.writing import html_of, plain_of
from plugin.mail import Attachment, Letter
from plugin.settings import SHORTEST_SECRET
from plugin.square.errand import Later

_POSTMAN = Actor("By e-mail", Role.OWNER, Source.COMMAND)
_PDF = "application/pdf"
_PAPER_AGAIN_S = 60


def mail_visit(house: House, owed: Owed) -> str | Later:
    """Send the letter, once; raises MailFailed."""
    store, now = house.store, house.clock()
    if not is_open(store, owed.subject):
        return "Nothing is to be sent any more."
    due = look_at_letter(store, owed.subject, now) if house.mail.is_ready else "Mail is no longer set up."
    if isinstance(due, str):
        leave_letter(store, owed.subject, due, now)
        return f"Not sent. {due}"
    if is_too_late(store, owed.subject, now):
        note_given_up(store, owed.subject, "It could not be sent in time.", now)
        return "Not sent: it is too late for it."
    try:
        letter = written(house, due)
    except PaperNotMade as error:
        return Later(_PAPER_AGAIN_S, error.message)
    _send(house, due, letter)
    note_sent(store, due, house.clock())
    return "The letter is on its way."


def give_up_visit_mail(house: House, owed: Owed, sentence: str) -> None:
    """Note that the letter was not sent, unless that is known already."""
    note_given_up(house.store, owed.subject, sentence, house.clock())


def written(house: House, due: DueLetter) -> Letter:
    """Write the letter with its papers; raises PaperNotMade where another try may help, MailFailed without a key."""
    papers = tuple(_papers(house, due))
    stop_url = _stop_url(house, due)
    text = visit_text(
        due, kinds=tuple(kind for kind, _ in papers), page_url=_page_url(house, due), stop_url=stop_url
    )
    return Letter(
        to=due.mail_to,
        subject=text.subject,
        text=plain_of("visit", text),
        html=html_of("visit", text),
        attachments=tuple(Attachment(_file_name(kind, text), _PDF, pdf) for kind, pdf in papers),
        reply_to=due.clinic.email,
        key=due.id,
        stop_url=stop_url,
    )


def _send(house: House, due: DueLetter, letter: Letter) -> None:
    try:
        house.mail.send(letter)
    except MailFailed as error:
        if error.permanent:
            note_bounced(house.store, due, error.message, house.clock())
        raise


def _papers(house: House, due: DueLetter) -> list[tuple[str, bytes]]:
    """Return the papers that are theirs: the balance is the owner's, how to take care is for who came."""
    kinds = [*([SUMMARY] if due.is_owner else []), *([AFTERCARE] if due.has_come else [])]
    found = []
    for kind in kinds:
        try:
            found.append((kind, _paper(house, due, kind)))
        except Refused:
            # Such as a name that no paper holds: the letter says the balance without it.
            continue
    return found


def _paper(house: House, due: DueLetter, kind: str) -> bytes:
    return paper_bytes(
        house.store,
        house.render,
        Act(_POSTMAN, house.clock(), f"letter:{due.id}"),
        due.course.id,
        kind,
        visit_id=due.visit.id,
        language=due.client.language,
        public_url=house.settings.public_url,
    )


def _page_url(house: House, due: DueLetter) -> str:
    act = Act(_POSTMAN, house.clock(), f"letter:{due.id}")
    public_url, client_id = house.settings.public_url, due.client.id
    made = house.store.transact(lambda session: page_address(session, act, public_url, client_id))
    return made or ""


def _stop_url(house: House, due: DueLetter) -> str:
    secret = house.settings.secret_key.get_secret_value()
    if len(secret) < SHORTEST_SECRET:
        said = "SECRET_KEY is missing where letters are sent: nobody could say no to them. It is tried again."
        raise MailFailed(said, permanent=False, code="mail_secret")
    return f"{house.settings.public_url.rstrip('/')}{STOP_PATH}{stop_token(secret, due.client.id)}"


def _file_name(kind: str, text: VisitText) -> str:
    return f"{text.summary_name if kind == SUMMARY else text.aftercare_name}.pdf"
