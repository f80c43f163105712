"""Notices of alarms: the outbox jobs by e-mail and to the webhook, and what became of them.

The call is signed JSON and follows no redirect; nothing of the answer is kept but its status.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from babel.dates import format_skeleton
from sqlalchemy import select

from plugin.alarms.condition import Phase
from plugin.core.acts import Role
from plugin.courses.accounts.staff import list_staff, staff_by_email
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.sealing import ledger_head
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import Work
from plugin.errors import WebhookFailed
from plugin.mail import Letter
from plugin.services import Services
from plugin.staff_languages import staff_language
from plugin.store import Store
from plugin.store.queues import Outbox
from plugin.stored_sentences import in_words
from plugin.wording import N_, _, speaking, spoken_tag

ALARM_MAIL, ALARM_WEBHOOK = "alarm_mail", "alarm_webhook"
TEST = "test"
# The subjects of the jobs begin so; the second one sorts right behind all of them.
_FROM, _BEFORE = "alarm:", "alarm;"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of an alarm. `phase`: began, reminder, ended or test; times in ISO format."""

    id: str
    phase: str
    name: str
    title: str
    said: str
    to_do: str
    is_urgent: bool
    since: str
    at: str

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One notice to one recipient: `to` is an address, "" for the webhook."""

    phase: str
    title: str
    to: str
    at: datetime
    state: str
    says: str

    @property
    def has_failed(self) -> bool:
        """Return whether it was given up."""
        return self.state == "failed"


def recipients(services: Services) -> tuple[str, ...]:
    """Return the addresses of `ALARM_EMAILS`, by default those of all owners."""
    named = services.settings.alarm_recipients
    if named:
        return named
    return tuple(each.email for each in list_staff(services.store) if each.role is Role.OWNER)


def has_webhook(services: Services) -> bool:
    """Return whether alarms also go to a webhook."""
    return bool(services.settings.alarm_webhook_url.get_secret_value())


def enqueue_notice(work: Work, services: Services, notice: Notice, *, by_mail: bool) -> int:
    """Enqueue the notice to everyone who gets it; return to how many."""
    addresses = recipients(services) if by_mail and services.mail.is_ready else ()
    for number, address in enumerate(addresses):
        payload = {"notice": notice.as_json(), "to": address}
        enqueue(work, ALARM_MAIL, f"{_FROM}{notice.id}:{number}", payload=payload)
    if has_webhook(services):
        enqueue(work, ALARM_WEBHOOK, f"{_FROM}{notice.id}", payload={"notice": notice.as_json(), "to": ""})
    return len(addresses) + has_webhook(services)


def recent_deliveries(store: Store) -> tuple[DeliveryView, ...]:
    """Return the last eight notices, the newest first."""
    jobs = select(Outbox).where(Outbox.subject >= _FROM, Outbox.subject < _BEFORE)
    with store.reading() as session:
        rows = session.scalars(jobs.order_by(Outbox.id.desc()).limit(8))
        return tuple(map(_view, rows))


def last_delivery(store: Store, kind: str) -> DeliveryView | None:
    """Return the last notice of this kind of job that was sent or given up."""
    done = select(Outbox).where(
        Outbox.subject >= _FROM, Outbox.subject < _BEFORE, Outbox.kind == kind, Outbox.done_at.is_not(None)
    )
    with store.reading() as session:
        row = session.scalar(done.order_by(Outbox.done_at.desc()).limit(1))
        return _view(row) if row else None


def _view(row: Outbox) -> DeliveryView:
    notice = row.payload.get("notice", {})
    return DeliveryView(
        phase=str(notice.get("phase", "")),
        title=str(notice.get("title", "")),
        to=str(row.payload.get("to", "")),
        at=row.created_at,
        state=row.state,
        says=row.outcome,
    )


TIMEOUT_S = 5.0
SIGNATURE = "X-Coursekeeper-Signature"
# Passing states: too early, too many requests, timeouts.
_TRY_AGAIN = frozenset({408, 409, 425, 429})


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of timestamp, a dot, and the body; the receiver refuses an old timestamp."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(
    url: str,
    body: Mapping[str, Any],
    *,
    secret: str,
    now: datetime,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Send the body; raises WebhookFailed, whose sentence never repeats the address: it may hold a password."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Coursekeeper"}
    if secret:
        timestamp = str(int(now.timestamp()))
        headers[SIGNATURE] = f"t={timestamp},v1={signature(secret, timestamp, data)}"
    try:
        # Streamed, so that an answer without an end is not read.
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, transport=transport) as client,
            client.stream("POST", url, content=data, headers=headers) as answer,
        ):
            _judge(answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WebhookFailed(
            _("The webhook can’t be reached ({name__}).", name__=type(error).__name__), permanent=False
        ) from None


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise WebhookFailed(_("The webhook answers with a redirect, which is not followed."), permanent=True)
    is_permanent = status < 500 and status not in _TRY_AGAIN
    raise WebhookFailed(
        _("The webhook refuses the alarm (HTTP {status}).", status=status), permanent=is_permanent
    )


# After a mail server was down for days, nobody wants all that happened meanwhile.
TOO_LATE_AFTER = timedelta(hours=24)
_BEFORE_SUBJECT = {Phase.REMINDER: N_("Still: "), Phase.ENDED: N_("Resolved: ")}


def mail_notice(services: Services, job: Job) -> str:
    """Send the e-mail; raises MailFailed, ConfigurationError where mail is not set up any more."""
    notice = Notice(**job.payload["notice"])
    if _is_too_late(services, notice):
        return _("Not sent: it is too late for it.")
    to = str(job.payload["to"])
    person = staff_by_email(services.store, to)
    language = staff_language(person.language if person else "", read_clinic(services.store).language)
    with speaking(language):
        letter = letter_of(services, _in_language(notice, language.tag), to, job.id)
    services.mail.send(letter)
    return _("E-mail sent.")


def _in_language(notice: Notice, tag: str) -> Notice:
    return replace(
        notice,
        title=in_words(notice.title, tag),
        said=in_words(notice.said, tag),
        to_do=in_words(notice.to_do, tag),
    )


def post_notice(services: Services, job: Job) -> str:
    """Call the webhook; raises WebhookFailed."""
    notice = Notice(**job.payload["notice"])
    url = services.settings.alarm_webhook_url.get_secret_value()
    if not url:
        return _("Not sent: there is no longer a webhook.")
    if _is_too_late(services, notice):
        return _("Not sent: it is too late for it.")
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
    return _("The webhook took it.")


def letter_of(services: Services, notice: Notice, to: str, key: str) -> Letter:
    """Write the e-mail of a notice."""
    clinic = read_clinic(services.store)
    before = _BEFORE_SUBJECT.get(Phase(notice.phase), "") if notice.phase != TEST else ""
    headline = notice.title if notice.phase in (TEST, Phase.ENDED) else notice.said
    return Letter(
        to=to,
        subject=f"{clinic.name}: {before}{headline}".removesuffix(".")[:180],
        text="\n\n".join(map(str, _paragraphs(services, clinic, notice))) + "\n",
        key=f"{key}-alarm",
    )


def _paragraphs(services: Services, clinic: ClinicView, notice: Notice) -> list[str]:
    said = (
        _("Resolved: {title}. {said}", title=notice.title, said=notice.said)
        if notice.phase == Phase.ENDED
        else notice.said
    )
    paragraphs = [said]
    if notice.to_do:
        paragraphs.append(_("What to do: {to_do}", to_do=notice.to_do))
    if notice.phase != TEST:
        span = _(" to {written}", written=_written(notice.at, clinic)) if notice.phase == Phase.ENDED else ""
        paragraphs.append(
            _(
                "Since: {written}{span} ({time_zone})",
                written=_written(notice.since, clinic),
                span=span,
                time_zone=clinic.time_zone,
            )
        )
    paragraphs.append(_("How everything is now: {page}", page=_page(services)))
    if head := ledger_head(services.store):
        paragraphs.append(
            _("Seal of the ledger: {head}. An e-mail you keep shows later whether it was changed.", head=head)
        )
    paragraphs.append(
        _(
            "Coursekeeper sends this once when something begins, once a day while it lasts, and once when it is over."
            " Who gets it is set under All settings, Alarms."
        )
    )
    return paragraphs


def _page(services: Services) -> str:
    return f"{services.settings.public_url.rstrip('/')}/clinic/health"


def _written(moment: str, clinic: ClinicView) -> str:
    local = datetime.fromisoformat(moment).astimezone(clinic.zone)
    day = format_skeleton("MMMMd", local, locale=staff_language(spoken_tag()).locale)
    return f"{day}, {local:%H:%M}"


def _is_too_late(services: Services, notice: Notice) -> bool:
    return services.clock() - datetime.fromisoformat(notice.at) > TOO_LATE_AFTER
