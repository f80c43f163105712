"""The outbox jobs of alarms: one e-mail to one address, one call of the webhook."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from plugin.alarms.deliveries import TEST, Notice
from plugin.alarms.episodes import Phase
from plugin.alarms.webhook import post
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.mail import Letter
from plugin.services import Services

# After a mail server was down for days, nobody wants all that happened meanwhile.
TOO_LATE_AFTER = timedelta(hours=24)
_BEFORE_SUBJECT = {Phase.REMINDER: "Still: ", Phase.ENDED: "Over: "}


def mail_notice(services: Services, job: Job) -> str:
    """Send the e-mail; raises MailFailed, ConfigurationError where mail is not set up any more."""
    notice = Notice(**job.payload["notice"])
    if _is_too_late(services, notice):
        return "Not sent: it is too late for it."
    services.mail.send(letter_of(services, notice, str(job.payload["to"]), job.id))
    return "E-mail sent."


def post_notice(services: Services, job: Job) -> str:
    """Call the webhook; raises WebhookFailed."""
    notice = Notice(**job.payload["notice"])
    url = services.settings.alarm_webhook_url.get_secret_value()
    if not url:
        return "Not sent: no webhook is set any more."
    if _is_too_late(services, notice):
        return "Not sent: it is too late for it."
    clinic = read_clinic(services.store)
    body = {
        "event": f"alarm.{notice.phase}",
        "id": job.id,
        "clinic": clinic.name,
        "health_url": _page(services),
        **{name: value for name, value in notice.as_json().items() if name not in ("id", "phase")},
    }
    secret = services.settings.alarm_webhook_secret.get_secret_value()
    post(url, body, secret=secret, now=services.clock())
    return "The webhook took it."


def letter_of(services: Services, notice: Notice, to: str, key: str) -> Letter:
    """Write the e-mail of a notice."""
    clinic = read_clinic(services.store)
    before = _BEFORE_SUBJECT.get(Phase(notice.phase), "") if notice.phase != TEST else ""
    headline = notice.title if notice.phase in (TEST, Phase.ENDED) else notice.said
    return Letter(
        to=to,
        subject=f"{clinic.name}: {before}{headline}"[:180],
        text="\n\n".join(_paragraphs(services, clinic, notice)) + "\n",
        key=f"{key}-alarm",
    )


def _paragraphs(services: Services, clinic: ClinicView, notice: Notice) -> list[str]:
    said = f"Over: {notice.title}. {notice.said}" if notice.phase == Phase.ENDED else notice.said
    paragraphs = [said]
    if notice.to_do:
        paragraphs.append(f"What to do: {notice.to_do}")
    if notice.phase != TEST:
        span = f" to {_written(notice.at, clinic)}" if notice.phase == Phase.ENDED else ""
        paragraphs.append(f"Since: {_written(notice.since, clinic)}{span} ({clinic.time_zone})")
    paragraphs.append(f"How everything is now: {_page(services)}")
    paragraphs.append(
        "Coursekeeper sends this once when something begins, once a day while it lasts, and once when it is over."
        " Who gets it is set under All settings, Alarms."
    )
    return paragraphs


def _page(services: Services) -> str:
    return f"{services.settings.public_url.rstrip('/')}/clinic/health"


def _written(moment: str, clinic: ClinicView) -> str:
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(clinic.time_zone))
    return f"{local:%B} {local.day}, {local:%H:%M}"


def _is_too_late(services: Services, notice: Notice) -> bool:
    return services.clock() - datetime.fromisoformat(notice.at) > TOO_LATE_AFTER
