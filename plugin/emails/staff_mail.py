"""The jobs of e-mails to staff: a link to set a password, and alerts about a change of access.

In English, as the screens are. A link is made when it is sent, so none is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from invoices.language import language_for
from plugin.core.acts import Role
from plugin.courses.accounts.invitations import note_mail_problem
from plugin.courses.accounts.links import expires_at, link_address
from plugin.courses.accounts.staff import StaffView, read_staff, staff_by_email
from plugin.courses.accounts.staff_alerts import (
    EMAIL,
    NEW_OWNER,
    PASSKEY_ADDED,
    PASSWORD,
    ROLE,
    SECOND_STEP_REMOVED,
)
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.emails.compose import html_of, plain_of
from plugin.errors import NotFound
from plugin.mail import Letter
from plugin.services import Services

_ENGLISH = language_for("en")
ROLE_NAMES = {Role.OWNER: "Owner", Role.DESK: "Front desk", Role.PRACTITIONER: "Practitioner"}


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
        person = read_staff(services.store, job.subject)
    except NotFound:
        return "Not sent: the invitation was withdrawn."
    return _send_link(services, job, person, base_url=str(job.payload.get("base_url", "")))


def mail_forgotten(services: Services, job: Job) -> str:
    """Send a link to whoever signs in with the address that was typed; raises MailFailed, ConfigurationError."""
    person = staff_by_email(services.store, str(job.payload["email"]))
    return _send_link(services, job, person) if person else "Not sent: no one signs in with that address."


def give_up_link(services: Services, job: Job, sentence: str) -> None:
    """Show the owner that the person did not get the link."""
    note_mail_problem(services.store, job.subject, sentence)


def mail_alert(services: Services, job: Job) -> str:
    """Send one alert about a change of access; raises MailFailed."""
    if not services.mail.is_ready:
        return "Not sent: mail is not set up."
    clinic = read_clinic(services.store)
    _send(services, job, clinic, str(job.payload["to"]), _alert_text(job, clinic))
    return "E-mail sent."


def _send_link(services: Services, job: Job, person: StaffView, *, base_url: str = "") -> str:
    if not person.is_active:
        return f"Not sent: {person.name} is deactivated."
    clinic, now = read_clinic(services.store), services.clock()
    url = link_address(services.settings, person, now, base_url=base_url)
    until = _moment(expires_at(person, now), clinic)
    text = (_reset_text if person.invited_at is None else _invitation_text)(person, clinic, url, until)
    _send(services, job, clinic, person.email, text)
    note_mail_problem(services.store, person.id, "")
    return "E-mail sent."


def _send(services: Services, job: Job, clinic: ClinicView, to: str, text: StaffText) -> None:
    values = {"text": text, "clinic": clinic}
    services.mail.send(
        Letter(
            to=to,
            subject=text.subject,
            text=plain_of("staff", _ENGLISH, **values),
            html=html_of("staff", _ENGLISH, **values),
            reply_to=clinic.email,
            key=f"{job.id}-staff",
        )
    )


def _invitation_text(person: StaffView, clinic: ClinicView, url: str, until: str) -> StaffText:
    return StaffText(
        subject=f"Your sign-in at {clinic.name}",
        greeting=f"Hello {person.name},",
        lines=(
            f"{clinic.name} has invited you to Coursekeeper, where clients’ courses and visits are kept.",
            f"You will sign in with this e-mail address, {person.email}. Your role: {ROLE_NAMES[person.role]}.",
            f"Choose a password with this link by {until}. It works once.",
        ),
        button="Choose a password",
        url=url,
        last_line="If you did not expect this, ignore it: without a password no one can sign in.",
    )


def _reset_text(person: StaffView, clinic: ClinicView, url: str, until: str) -> StaffText:
    return StaffText(
        subject=f"A new password for {clinic.name}",
        greeting=f"Hello {person.name},",
        lines=(
            f"Choose a new password with this link by {until}. It works once, and signs you out elsewhere.",
        ),
        button="Choose a new password",
        url=url,
        last_line="If you did not ask for this, ignore it: your password stays as it is.",
    )


def _alert_text(job: Job, clinic: ClinicView) -> StaffText:
    said = {name: str(value) for name, value in job.payload.items()}
    role, by, name = ROLE_NAMES[Role(said["role"])], said["by"], said["name"]
    subject, line = {
        PASSWORD: (f"New password for {name}", f"The password of {name} was changed by {by}."),
        ROLE: (f"New role for {name}", f"The role of {name} was changed to {role} by {by}."),
        EMAIL: (f"New e-mail for {name}", f"{name} signs in with {said['email']} now, changed by {by}."),
        SECOND_STEP_REMOVED: (
            f"Second step of {name} removed",
            f"The second step of {name}’s sign-in was removed by {by}: the password alone is enough now.",
        ),
        PASSKEY_ADDED: (f"New passkey for {name}", f"{by} added a passkey: {name} can sign in with it."),
        NEW_OWNER: (f"{name} is an owner", f"{name} ({said['email']}) was made an owner by {by}."),
    }[said["what"]]
    when = _moment(datetime.fromisoformat(said["at"]), clinic)
    return StaffText(
        subject=f"{clinic.name}: {subject}",
        greeting="Hello,",
        lines=(line, f"When: {when}."),
        last_line="If this was not intended, an owner can undo it in Coursekeeper under Settings, Staff.",
    )


def _moment(moment: datetime, clinic: ClinicView) -> str:
    day = _ENGLISH.long_date(moment.astimezone(ZoneInfo(clinic.time_zone)).date())
    return f"{day}, {_ENGLISH.time_of_day(moment, clinic.time_zone)}"
