"""The jobs of e-mails to staff: a link to set a password, and alerts about a change of access.

In the language of their screens. A link is made when it is sent, so none is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from invoices.language import Language
from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.courses.accounts import staff
from plugin.courses.accounts.staff_edits import email_code, expires_at, link_address, note_mail_problem
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.emails.visit_email import html_of, plain_of
from plugin.errors import NotFound
from plugin.mail import Letter
from plugin.services import Services
from plugin.staff_languages import staff_language
from plugin.wording import N_, _, speaking

ROLE_NAMES = {Role.OWNER: N_("Owner"), Role.DESK: N_("Front desk"), Role.PRACTITIONER: N_("Practitioner")}


@dataclass(frozen=True, slots=True)
class StaffText:
    """The text of an e-mail to staff. `button` and `url` are "" where there is nothing to open."""

    subject: str
    greeting: str
    lines: tuple[str, ...]
    button: str = ""
    url: str = ""
    last_line: str = ""


def mail_link(services: Services, job: Job) -> str:
    """Send a link to set a password to the person the job names; raises MailFailed, ConfigurationError."""
    try:
        person = staff.read_staff(services.store, job.subject)
    except NotFound:
        return _("Not sent: the invitation was withdrawn.")
    return _send_link(services, job, person, base_url=str(job.payload.get("base_url", "")))


def mail_forgotten(services: Services, job: Job) -> str:
    """Send a link to whoever signs in with the address that was typed; raises MailFailed, ConfigurationError."""
    person = staff.staff_by_email(services.store, str(job.payload["email"]))
    return _send_link(services, job, person) if person else _("Not sent: no one signs in with that address.")


def give_up_link(services: Services, job: Job, sentence: str) -> None:
    """Show the owner that the person did not get the link."""
    note_mail_problem(services.store, job.subject, sentence)


def mail_email_code(services: Services, job: Job) -> str:
    """Send the code that confirms a new address to that address; raises MailFailed, ConfigurationError."""
    person, address = (
        staff.read_staff(services.store, str(job.payload["staff_id"])),
        str(job.payload["email"]),
    )
    if not person.is_active:
        return _("Not sent: {person} is deactivated.", person=person.name)
    clinic = read_clinic(services.store)
    secret = services.settings.needing("secret_key").secret_key.get_secret_value()
    code = email_code(secret, person, address, services.clock())
    language = staff_language(person.language, clinic.language)
    _send(services, job, clinic, address, language, lambda _language: _code_text(person, clinic, code))
    return _("E-mail sent.")


def mail_alert(services: Services, job: Job) -> str:
    """Send one alert about a change of access; raises MailFailed."""
    if not services.mail.is_ready:
        return _("Not sent: mail is not set up.")
    clinic, to = read_clinic(services.store), str(job.payload["to"])
    # An address that was replaced is nobody's any more.
    person = staff.staff_by_email(services.store, to)
    language = staff_language(person.language if person else "", clinic.language)
    _send(services, job, clinic, to, language, partial(_alert_text, job, clinic))
    return _("E-mail sent.")


def _send_link(services: Services, job: Job, person: staff.StaffView, *, base_url: str = "") -> str:
    if not person.is_active:
        return _("Not sent: {person} is deactivated.", person=person.name)
    clinic, now = read_clinic(services.store), services.clock()
    url = link_address(services.settings, person, now, base_url=base_url)
    until = expires_at(person, now)
    write = _reset_text if person.invited_at is None else _invitation_text
    language = staff_language(person.language, clinic.language)
    _send(services, job, clinic, person.email, language, partial(write, person, clinic, url, until))
    note_mail_problem(services.store, person.id, "")
    return _("E-mail sent.")


def _send(
    services: Services,
    job: Job,
    clinic: ClinicView,
    to: str,
    language: Language,
    write: Callable[[Language], StaffText],
) -> None:
    with speaking(language):
        text = write(language)
        values = {"text": text, "clinic": clinic}
        letter = Letter(
            to=to,
            subject=str(text.subject),
            text=plain_of("staff", language, **values),
            html=html_of("staff", language, **values),
            reply_to=clinic.email,
            key=f"{job.id}-staff",
        )
    services.mail.send(letter)


def _invitation_text(
    person: staff.StaffView, clinic: ClinicView, url: str, until: datetime, language: Language
) -> StaffText:
    return StaffText(
        subject=_("Your sign-in at {clinic}", clinic=clinic.name),
        greeting=_("Hello {person},", person=person.name),
        lines=(
            _(
                "{clinic} has invited you to Coursekeeper, where clients’ courses and visits are kept.",
                clinic=clinic.name,
            ),
            _(
                "You will sign in with this e-mail address, {email}. Your role: {role}.",
                email=person.email,
                role=ROLE_NAMES[person.role],
            ),
            _(
                "Choose a password with this link by {until}. It works once.",
                until=_moment(until, clinic, language),
            ),
        ),
        button=_("Choose a password"),
        url=url,
        last_line=_("If you did not expect this, ignore it: without a password no one can sign in."),
    )


def _reset_text(
    person: staff.StaffView, clinic: ClinicView, url: str, until: datetime, language: Language
) -> StaffText:
    return StaffText(
        subject=_("A new password for {clinic}", clinic=clinic.name),
        greeting=_("Hello {person},", person=person.name),
        lines=(
            _(
                "Choose a new password with this link by {until}. It works once, and signs you out elsewhere.",
                until=_moment(until, clinic, language),
            ),
        ),
        button=_("Choose a new password"),
        url=url,
        last_line=_("If you did not ask for this, ignore it: your password stays as it is."),
    )


def _code_text(person: staff.StaffView, clinic: ClinicView, code: str) -> StaffText:
    return StaffText(
        subject=_("Your code for {clinic}: {code}", clinic=clinic.name, code=code),
        greeting=_("Hello {person},", person=person.name),
        lines=(
            _(
                "To sign in with this e-mail address from now on, type this code under My account: {code}",
                code=code,
            ),
            _("It works for half an hour."),
        ),
        last_line=_("If you did not ask for this, ignore it: nothing changes."),
    )


def _alert_text(job: Job, clinic: ClinicView, language: Language) -> StaffText:
    said = {name: str(value) for name, value in job.payload.items()}
    role, by, name = ROLE_NAMES[Role(said["role"])], said["by"], said["name"]
    subject, line = {
        staff.PASSWORD: (
            _("New password for {name}", name=name),
            _("The password of {name} was changed by {by}.", name=name, by=by),
        ),
        staff.ROLE: (
            _("New role for {name}", name=name),
            _("The role of {name} was changed to {role} by {by}.", name=name, role=role, by=by),
        ),
        staff.EMAIL: (
            _("New e-mail for {name}", name=name),
            _("{name} signs in with {email} now, changed by {by}.", name=name, email=said["email"], by=by),
        ),
        staff.SECOND_STEP_REMOVED: (
            _("Second step of {name} removed", name=name),
            _(
                "The second step of {name}’s sign-in was removed by {by}: it is no longer asked for.",
                name=name,
                by=by,
            ),
        ),
        staff.PASSKEY_ADDED: (
            _("New passkey for {name}", name=name),
            _("{by} added a passkey: {name} can sign in with it.", by=by, name=name),
        ),
        staff.NEW_OWNER: (
            _("{name} is an owner", name=name),
            _("{name} ({email}) was made an owner by {by}.", name=name, email=said["email"], by=by),
        ),
    }[said["what"]]
    when = _moment(datetime.fromisoformat(said["at"]), clinic, language)
    return StaffText(
        subject=f"{clinic.name}: {subject}",
        greeting=_("Hello,"),
        lines=(line, _("When: {when}.", when=when)),
        last_line=_("If this was not intended, an owner can undo it in Coursekeeper under Settings, Staff."),
    )


def _moment(moment: datetime, clinic: ClinicView, language: Language) -> str:
    day = language.long_date(day_at(moment, clinic.zone))
    return f"{day}, {language.time_of_day(moment, clinic.time_zone)}"
