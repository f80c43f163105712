"""A paper sent by e-mail because it was asked for at the desk: to whom, whether it may be, and what came of it.

Sending and wording are in `plugin.emails.paper_email`. Whoever unsubscribed from the e-mails after visits still gets
a paper they ask for; an address that bounced gets none until it is trusted again (docs/rules.md).
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Actor, Role, Source, require
from plugin.courses.base.chain import NO_COURSE, add_history
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.views import ClientView, ClinicView
from plugin.courses.base.work import Work, in_transaction, require_row
from plugin.courses.changes.gifts import written_code
from plugin.courses.clients.clients import known_client_in, view_of
from plugin.courses.documents.client_statement import billed_to_in
from plugin.courses.documents.read import KINDS
from plugin.courses.handouts.visit_email import address_answered_in
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.tables import Agreement, Course, Document, DocumentCourse, Quote, Visit
from plugin.wording import N_, _

# The outbox job that e-mails one paper.
PAPER_MAIL = "paper_mail"

PaperKind = Literal[
    "welcome",
    "planner",
    "summary",
    "aftercare",
    "document",
    "statement",
    "client_statement",
    "prepaid",
    "agreement",
    "quote",
]
# What practitioners hand out as well; the others are about money.
_OF_VISITS = ("welcome", "planner", "summary", "aftercare")
NO_MAIL = N_("E-mail is not set up, so nothing can be sent. The owner sets it up under Settings, E-mail.")
NO_PAPER = N_("There is no such paper.")


@dataclass(frozen=True, slots=True)
class PaperToSend:
    """A paper on its way. `paper_id`: of its course, visit or document; a statement has its invoice's or client's.

    `course_id` is "" for an agreement or a quote, which come before their course.
    """

    kind: PaperKind
    paper_id: str
    course_id: str
    called: str
    client: ClientView
    clinic: ClinicView


@in_transaction
def send_paper(
    work: Work, kind: PaperKind, paper_id: str, *, has_mail: bool, is_asked_for: bool = True
) -> PaperToSend:
    """Enqueue the e-mail with a paper to the client it belongs to; the same paper waiting already is sent once.

    `has_mail`: e-mail can be sent at all. `is_asked_for`: by the client, who then gets it though they unsubscribed
    from others. Raises NotFound, or Refused with what to do first.
    """
    require(work.act.actor, Role.DESK, *([Role.PRACTITIONER] if kind in _OF_VISITS else []))
    paper = paper_in(work.session, kind, paper_id)

    def ask() -> dict[str, Any]:
        _refuse(paper.client, has_mail=has_mail, is_asked_for=is_asked_for)
        by = {
            "by": work.act.actor.name,
            "staff_id": work.act.actor.staff_id,
            **({} if is_asked_for else {"is_unasked": True}),
        }
        enqueue(work, PAPER_MAIL, f"{kind}:{paper_id}", payload=by)
        return {}

    work.once("send_paper", {"kind": kind, "paper_id": paper_id}, ask)
    return paper


def _refuse(client: ClientView, *, has_mail: bool, is_asked_for: bool = True) -> None:
    if not has_mail:
        raise Refused(NO_MAIL, code="no_mail")
    if not client.email:
        said = _("{name} has no e-mail address. Add one under “Edit client”, then send it again.")
        raise Refused(said.format(name=client.name), code="no_address")
    if not is_asked_for and not client.wants_mail:
        raise Refused(_("{name} unsubscribed from e-mails.").format(name=client.name), code="unsubscribed")
    if client.mail_problem:
        said = _("The last e-mail to {email} bounced. Correct the address, or resume e-mails to it first.")
        raise Refused(said.format(email=client.email), code="bounced")


def paper_in(session: Session, kind: PaperKind, paper_id: str) -> PaperToSend:
    """Return a paper and whose it is; raises NotFound, or Refused for one whose data was erased."""
    client_id, course_id, called = _about(session, kind, paper_id)
    client = view_of(session, known_client_in(session, client_id))
    return PaperToSend(kind, paper_id, course_id, called, client, clinic_in(session))


def _about(session: Session, kind: PaperKind, paper_id: str) -> tuple[str, str, str]:
    if kind in ("summary", "welcome", "planner"):
        course = require_row(session, Course, paper_id, NO_COURSE)
        if course.client_id is None:
            raise Refused(_("No one owns this course yet. Assign it to a client first."), code="unassigned")
        names = {"summary": _("Course summary"), "welcome": _("Welcome sheet"), "planner": _("Visit planner")}
        called = names[kind]
        return course.client_id, course.id, called
    if kind == "aftercare":
        visit = require_row(session, Visit, paper_id, _("There is no such visit."))
        return visit.client_id, visit.course_id, _("Aftercare sheet")
    if kind == "prepaid":
        return paper_id, _any_course(session, paper_id), _("Prepaid balance")
    if kind == "client_statement":
        billed = billed_to_in(session, paper_id)
        if not billed:
            raise NotFound(NO_PAPER)
        return paper_id, _course_of(session, billed[-1]), _("Statement of account")
    if kind == "agreement":
        agreement = require_row(session, Agreement, paper_id, NO_PAPER)
        return agreement.client_id, "", _("Course agreement")
    if kind == "quote":
        return require_row(session, Quote, paper_id, NO_PAPER).client_id, "", _("Quote")
    document = require_row(session, Document, paper_id, NO_PAPER)
    if kind == "statement" and document.kind != "invoice":
        raise NotFound(NO_PAPER)
    course_id = _course_of(session, document)
    number = written_code(document.number) if document.kind == "gift_voucher" else document.number
    called = _("Statement of account") if kind == "statement" else f"{KINDS[document.kind]} {number}"
    return document.client_id, course_id, called


def _any_course(session: Session, client_id: str) -> str:
    owned = select(Course.id).where(Course.client_id == client_id)
    course_id = session.scalar(owned.order_by(Course.sold_at.desc()).limit(1))
    if course_id is None:
        raise NotFound(NO_PAPER)
    return course_id


def _course_of(session: Session, document: Document) -> str:
    about = select(DocumentCourse.course_id).where(DocumentCourse.document_id == document.id)
    course_id = session.scalar(about.order_by(DocumentCourse.course_id).limit(1))
    if course_id is None:
        raise NotFound(NO_PAPER)
    return course_id


def paper_of_job(store: Store, job: Job) -> PaperToSend | str:
    """Return the paper of a job as it is to be sent now, or why it is not."""
    kind, _other, paper_id = job.subject.partition(":")
    try:
        with store.reading() as session:
            paper = paper_in(session, kind, paper_id)  # type: ignore[arg-type]  # written by `send_paper`
            _refuse(paper.client, has_mail=True, is_asked_for=was_asked_for(job))
    except (NotFound, Refused) as error:
        return error.message
    return paper


@in_transaction
def note_paper_sent(work: Work, paper: PaperToSend) -> None:
    """Record in the course's history that the e-mail was accepted: its address is valid."""
    if paper.course_id:
        add_history(work, paper.course_id, "paper_mailed", _("{paper} sent by e-mail", paper=paper.called))
    address_answered_in(work.session, paper.client.id, paper.client.email or "", "")


@in_transaction
def note_paper_bounced(work: Work, paper: PaperToSend, said: str) -> None:
    """Record a permanent bounce: no more e-mails are sent to that address until it changes or is trusted again."""
    address_answered_in(work.session, paper.client.id, paper.client.email or "", said)


@in_transaction
def note_paper_not_sent(work: Work, job: Job, said: str) -> None:
    """Record in the course's history why the paper was not sent; nothing where the paper is gone."""
    kind, _other, paper_id = job.subject.partition(":")
    try:
        _other, course_id, called = _about(work.session, kind, paper_id)  # type: ignore[arg-type]  # as above
    except (NotFound, Refused):
        return
    if course_id:
        add_history(
            work, course_id, "paper_mailed", _("{paper} not sent by e-mail. {why}", paper=called, why=said)
        )


def was_asked_for(job: Job) -> bool:
    """Return whether the client asked for the paper; else the clinic sends it to many at once."""
    return not job.payload.get("is_unasked")


def asked_by(job: Job) -> Actor:
    """Return who asked for the paper, as the history names them."""
    return Actor(str(job.payload["by"]), Role.DESK, Source.DESK, job.payload.get("staff_id"))
