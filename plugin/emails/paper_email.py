"""The job of a paper asked for at the desk: draw it, send it in the client's language, record the outcome.

And of the e-mail with the link to read and sign an agreement.
"""

from invoices.language import Language, language_for
from plugin.core.acts import Act
from plugin.courses.agreements.prepare import agreement_content, agreement_pdf, read_agreement
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.documents.client_statement import client_statement, issue_prepaid_balance
from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.paper_emails import (
    PaperToSend,
    asked_by,
    note_paper_bounced,
    note_paper_not_sent,
    note_paper_sent,
    paper_of_job,
    was_asked_for,
)
from plugin.courses.documents.read import read_document
from plugin.courses.documents.statement import statement_in
from plugin.courses.handouts.cache import drawn, hand_out
from plugin.courses.quotes.views import quote_pdf
from plugin.emails.visit_email import html_of, plain_of, questions_line, stop_url_of
from plugin.errors import MailFailed, NotFound, PaperNotMade
from plugin.jobs import RunAgain
from plugin.mail import Attachment, Letter
from plugin.services import Services

_PAPER_AGAIN_S = 60


def mail_paper(services: Services, job: Job) -> str | RunAgain:
    """Send the paper, once; raises MailFailed, or Refused for what can't be a paper."""
    act = job.act(asked_by(job), services.clock())
    paper = paper_of_job(services.store, job) if services.mail.is_ready else "Mail is no longer set up."
    if isinstance(paper, str):
        note_paper_not_sent(services.store, act, job, paper)
        return f"Not sent. {paper}"
    try:
        letter = _written(services, act, paper, job)
    except PaperNotMade as error:
        return RunAgain(_PAPER_AGAIN_S, error.message)
    try:
        services.mail.send(letter)
    except MailFailed as error:
        if error.permanent:
            note_paper_bounced(services.store, act, paper, error.message)
        raise
    note_paper_sent(services.store, act, paper)
    return "The e-mail was sent."


def give_up_paper_mail(services: Services, job: Job, sentence: str) -> None:
    """Record in the history that the paper was not sent, and why."""
    note_paper_not_sent(services.store, job.act(asked_by(job), services.clock()), job, sentence)


def _written(services: Services, act: Act, paper: PaperToSend, job: Job) -> Letter:
    language = language_for(paper.client.language)
    name = _name(services, paper, language)
    said = {"paper": paper, "called": name, "questions": questions_line(paper.clinic, language)}
    # Who did not ask for it must be able to end it.
    stop_url = "" if was_asked_for(job) else stop_url_of(services, paper.client.id)
    attached = Attachment(f"{name}.pdf", "application/pdf", _pdf(services, act, paper))
    return Letter(
        to=paper.client.email or "",
        subject=f"{name} · {paper.clinic.name}",
        text=plain_of("paper", language, stop_url=stop_url, **said),
        html=html_of("paper", language, stop_url=stop_url, **said),
        attachments=(attached,),
        reply_to=paper.clinic.email,
        key=f"{job.id}-paper",
        stop_url=stop_url,
    )


def _name(services: Services, paper: PaperToSend, language: Language) -> str:
    """Return what the client reads the paper is called."""
    called = {
        "summary": language.gettext("Course summary"),
        "planner": language.gettext("Your visits"),
        "welcome": language.gettext("Welcome sheet"),
        "aftercare": language.gettext("Aftercare"),
        "agreement": language.gettext("Course agreement"),
        "quote": language.gettext("Quote for a course"),
        "statement": language.gettext("Statement of account"),
        "client_statement": language.gettext("Statement of account"),
        "prepaid": language.gettext("Prepaid balance"),
    }
    if paper.kind in called:
        return called[paper.kind]
    document = read_document(services.store, paper.paper_id)
    return {
        "invoice": language.gettext("Invoice {number}", number=document.number),
        "credit_note": language.gettext("Credit note {number}", number=document.number),
        "receipt": language.gettext("Receipt {number}", number=document.number),
        "gift_voucher": language.gettext("Gift voucher"),
        "prepaid_balance": language.gettext("Prepaid balance"),
    }[document.kind]


def _pdf(services: Services, act: Act, paper: PaperToSend) -> bytes:
    store, render = services.store, services.render
    if paper.kind == "agreement":
        return agreement_pdf(store, paper.paper_id)
    if paper.kind == "quote":
        return quote_pdf(store, paper.paper_id)
    if paper.kind == "document":
        return document_bytes(store, render, paper.paper_id, now=act.now)
    if paper.kind == "statement":
        with store.reading() as session:
            statement = statement_in(session, paper.paper_id, now=act.now)
        return drawn(store, render, statement)
    if paper.kind == "prepaid":
        secret = services.settings.secret_key.get_secret_value()
        issued = issue_prepaid_balance(store, act, paper.client.id, secret=secret)
        return document_bytes(store, render, issued, now=act.now)
    if paper.kind == "client_statement":
        return drawn(store, render, client_statement(store, act, paper.client.id))
    return hand_out(
        store,
        render,
        act,
        paper.course_id,
        paper.kind,
        visit_id=paper.paper_id if paper.kind == "aftercare" else None,
        language=paper.client.language,
        public_url=services.settings.public_url,
    ).pdf


def mail_agreement_link(services: Services, job: Job) -> str:
    """Send the link, once; nothing for an agreement that is gone or signed. Raises MailFailed."""
    try:
        agreement = read_agreement(services.store, job.subject)
    except NotFound:
        return "Not sent: the agreement is gone."
    if agreement.is_signed:
        return "Not sent: it is signed."
    paper, clinic = agreement_content(services.store, agreement.id), read_clinic(services.store)
    language = language_for(agreement.language)
    said = {
        "name": agreement.client_name,
        "package": paper.package_name,
        "amount": language.money(paper.price),
        "url": str(job.payload["url"]),
        "clinic": clinic,
        "questions": questions_line(clinic, language),
    }
    services.mail.send(
        Letter(
            to=str(job.payload["mail_to"]),
            subject=f"{language.gettext('Course agreement')} · {clinic.name}",
            text=plain_of("agreement", language, **said),
            html=html_of("agreement", language, **said),
            reply_to=clinic.email,
            key=f"{job.id}-agreement",
        )
    )
    return "The e-mail was sent."
