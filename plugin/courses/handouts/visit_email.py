"""The e-mail due after a visit: recipient, time, whether it is still due, and its outcome.

Sending and wording are in `plugin.emails`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from invoices.papers import NextVisit
from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.events import VisitRecorded
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.read import course_in
from plugin.courses.base.views import ClientView, ClinicView, CourseView, VisitView
from plugin.courses.base.work import Work, allowed, in_session, require_row
from plugin.courses.clients.clients import known_client_in, living_client_in, view_of
from plugin.courses.handouts.status import next_visit_in, suggested_interval_in
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Client, Course, VisitLetter
from plugin.wording import _

VISIT_MAIL = "visit_mail"
# Time to undo a session used by mistake, and to have what the practitioner writes after it on the paper.
SENT_AFTER = timedelta(minutes=5)
# Older visits are entered as corrections: their clients went home days ago.
MOST_DAYS_BACK = 2
# Advice for tonight is of no use after that.
LATEST = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class DueLetter:
    """An e-mail to send now: its recipient and its subject. `interval`: the suggested interval between visits."""

    id: str
    client: ClientView
    mail_to: str
    clinic: ClinicView
    course: CourseView
    visit: VisitView
    next_visit: NextVisit | None
    interval: str | None

    @property
    def is_owner(self) -> bool:
        """Return whether the course is the recipient's, and with it the balance."""
        return self.client.id == self.course.client_id

    @property
    def has_come(self) -> bool:
        """Return whether the visit was the recipient's, and with it the aftercare."""
        return self.client.id == self.visit.client_id


def enqueue_visit_emails(work: Work, event: VisitRecorded) -> None:
    """Enqueue an e-mail to the visitor, and to the course's owner if that is another person."""
    is_late = (event.today - event.visited_on).days > MOST_DAYS_BACK
    if is_late or not clinic_in(work.session).sends_papers:
        return
    for client_id in dict.fromkeys([event.client_id, event.owner_id]):
        letter = VisitLetter(
            id=work.new_id(),
            visit_id=event.visit_id,
            client_id=client_id,
            course_id=event.course_id,
            owed_at=work.now,
        )
        work.add(letter)
        enqueue(work, VISIT_MAIL, letter.id, due_at=work.now + SENT_AFTER)


def look_at_letter(store: Store, letter_id: str, now: datetime) -> DueLetter | str:
    """Return the e-mail as it is to be sent now, or why it is not; raises NotFound."""
    with store.reading() as session:
        row = require_row(session, VisitLetter, letter_id, _("There is no such e-mail."))
        clinic, client = clinic_in(session), living_client_in(session, row.client_id)
        if said := _unwanted(clinic, client):
            return said
        course = course_in(session, session.get_one(Course, row.course_id), today=day_at(now, clinic.zone))
        visit = next((each for each in course.visits if each.id == row.visit_id), None)
        if visit is None:
            return _("The session was undone.")
        if _is_told_with_another(course, visit):
            return _("It is in the e-mail about the session of the same day.")
        next_visit = next_visit_in(session, [client.id], now)
        return DueLetter(
            id=row.id,
            client=view_of(session, client),
            mail_to=client.email or "",
            clinic=clinic,
            course=course,
            visit=visit,
            next_visit=next_visit,
            interval=suggested_interval_in(session, course, client.language, next_visit),
        )


def is_open(store: Store, letter_id: str) -> bool:
    """Return whether the e-mail is still pending."""
    with store.reading() as session:
        row = session.get(VisitLetter, letter_id)
        return row is not None and row.state == "owed"


def is_too_late(store: Store, letter_id: str, now: datetime) -> bool:
    """Return whether the e-mail has waited for so long that it is of no use any more."""
    with store.reading() as session:
        return now - session.get_one(VisitLetter, letter_id).owed_at > LATEST


def leave_letter(store: Store, letter_id: str, said: str, now: datetime) -> None:
    """Record that the e-mail is not sent, and why."""
    store.transact(lambda session: _close(session, letter_id, "left", said, now))


@in_session
def note_answered(session: Session, letter: DueLetter, now: datetime, said: str = "") -> None:
    """Record that the e-mail was accepted, or with `said` why the mail server refused it for good.

    After a permanent bounce no more e-mails are sent to that address until it changes.
    """
    _close(session, letter.id, "refused" if said else "sent", said, now, mail_to=letter.mail_to)
    address_answered_in(session, letter.client.id, letter.mail_to, said)


@in_session
def note_given_up(session: Session, letter_id: str, said: str, now: datetime) -> None:
    """Record that the e-mail could not be delivered in time; the address may be valid."""
    row = session.get(VisitLetter, letter_id)
    if row is not None and row.state == "owed":
        client = living_client_in(session, row.client_id)
        _close(session, letter_id, "refused", said, now, mail_to=client.email or "")


@allowed(Role.DESK)
def trust_address(work: Work, client_id: str) -> ClientView:
    """Send e-mails again to an address that bounced, such as a mailbox that had been full."""
    client = known_client_in(work.session, client_id)
    client.mail_problem = ""
    work.session.flush()
    return view_of(work.session, client)


def last_letter_not_sent(store: Store, client: ClientView) -> str:
    """Return why the last e-mail to the client's address was given up; "" if it was sent, or none was due."""
    for row in store.rows(_LAST_LETTER, {"client_id": client.id}):
        if row.state == "refused" and row.mail_to == client.email:
            return str(row.said)
    return ""


_LAST_LETTER = Prepared(
    select(VisitLetter.state, VisitLetter.mail_to, VisitLetter.said)
    .where(VisitLetter.client_id == bindparam("client_id"), VisitLetter.state.in_(("sent", "refused")))
    .order_by(VisitLetter.id.desc())
    .limit(1)
)


def _unwanted(clinic: ClinicView, client: Client) -> str:
    if client.erased_at is not None:
        return _("Their data was erased.")
    if not clinic.sends_papers:
        return _("The clinic sends no e-mails after visits.")
    if not client.wants_mail:
        return _("The client unsubscribed.")
    if not client.email:
        return _("They have no e-mail address.")
    return _("The last e-mail to this address bounced.") if client.mail_problem else ""


def _is_told_with_another(course: CourseView, visit: VisitView) -> bool:
    """Return whether another e-mail covers this use.

    An add-on is used by a tap of its own; with the session beside it, it is one visit to the client.
    """
    add_ons = {each.treatment for each in course.allowances if each.kind == "add_on"}
    if not set(visit.treatments) <= add_ons:
        return False
    same_day = [
        each
        for each in course.visits
        if each.visited_on == visit.visited_on and each.client_id == visit.client_id
    ]
    return any(not set(each.treatments) <= add_ons for each in same_day)


def _close(
    session: Session, letter_id: str, state: str, said: str, now: datetime, *, mail_to: str = ""
) -> None:
    row = session.get_one(VisitLetter, letter_id)
    row.state, row.said, row.done_at, row.mail_to = state, said[:400], now, mail_to


def address_answered_in(session: Session, client_id: str, mail_to: str, said: str) -> None:
    """Record why the last e-mail to a client's address bounced, "" for one that was accepted."""
    client = living_client_in(session, client_id)
    # Changed while the e-mail was being sent: the bounce says nothing about the new address.
    if client.email == mail_to:
        client.mail_problem = said[:400]
