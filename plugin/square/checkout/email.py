"""The e-mail with the address where a sale is paid."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from invoices.language import Language, language_for
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import format_money
from plugin.courses.catalog.names import MAIN_NAMES, Names, names_in
from plugin.courses.catalog.terms_text import questions
from plugin.courses.clients.clients import read_client
from plugin.courses.documents.paper_emails import NO_MAIL
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import checkout_for_change, read_checkout
from plugin.mail import Letter
from plugin.services import Services
from plugin.wording import _

_PACKAGE = Path(__file__).parents[2]
# Beside the package in a checkout, within it where it is installed.
_PLACES = [str(_PACKAGE / "templates"), str(_PACKAGE.parent / "templates")]


def mail_checkout(services: Services, job: Job) -> str:
    """Send the e-mail once; raises MailFailed, ConfigurationError where mail is not set up."""
    checkout = read_checkout(services.store, job.subject)
    if checkout.mailed_at is not None or not checkout.is_open:
        return "No e-mail due."
    language = read_client(services.store, checkout.client_id).language
    with services.store.reading() as session:
        names = names_in(session, language)
    services.mail.send(letter_of(checkout, read_clinic(services.store), language, names))
    _note(services, job.subject, is_sent=True)
    return "E-mail sent."


def give_up_letter(services: Services, job: Job, sentence: str) -> None:
    """Show the desk that the client did not get the e-mail: the address can be given another way."""
    reason = sentence if services.mail.is_ready else NO_MAIL
    notice = _("The e-mail was not sent. {reason} Show the code, or copy the link.", reason=reason)
    _note(services, job.subject, notice=notice)


def letter_of(checkout: CheckoutView, clinic: ClinicView, tag: str, names: Names = MAIN_NAMES) -> Letter:
    """Return the e-mail in the client's language."""
    language, name, n = language_for(tag), names(checkout.package_name), checkout.quantity
    values = {
        "checkout": checkout,
        "name": name,
        "clinic": clinic,
        "_": language.gettext,
        "tag": language.tag,
        "package": language.gettext("{package}, {n} of them", package=name, n=n) if n > 1 else name,
        "amount": _written(clinic, language, checkout.amount),
        "deposit": _written(clinic, language, checkout.deposit) if checkout.deposit else "",
        "questions": questions(language, clinic.phone, clinic.email),
        "url": checkout.url or "",
    }
    return Letter(
        to=checkout.mail_to or "",
        subject=f"{clinic.name}: {name}",
        text=_templates().get_template("mail/payment_link.txt").render(values),
        html=_templates().get_template("mail/payment_link.html").render(values),
        reply_to=clinic.email,
        key=f"{checkout.id}-letter",
    )


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(_PLACES)
    return Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined)


def _written(clinic: ClinicView, language: Language, money: Money) -> str:
    return format_money(money, language.locale.language, clinic.country)


def _note(services: Services, checkout_id: str, *, is_sent: bool = False, notice: str = "") -> None:
    def work(session: Session) -> None:
        row = checkout_for_change(session, checkout_id)
        row.mailed_at = services.clock() if is_sent else row.mailed_at
        row.notice = f"{row.notice} {notice}".strip()[:400]

    services.store.transact(work)
