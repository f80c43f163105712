"""Notices of alarms on their way: the outbox jobs by e-mail and to the webhook, and what became of them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from plugin.core.acts import Role
from plugin.courses.accounts.staff import list_staff
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.services import Services
from plugin.store import Store
from plugin.store.queues import Outbox

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
