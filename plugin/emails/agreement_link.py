"""The job of the e-mail with the link to read and sign an agreement, in the client's language."""

from invoices.language import language_for
from plugin.courses.agreements.views import agreement_content, read_agreement
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.emails.compose import html_of, plain_of
from plugin.emails.visit_text import questions_line
from plugin.errors import NotFound
from plugin.mail import Letter
from plugin.services import Services


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
