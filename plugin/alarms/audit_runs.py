"""The nightly audit: when it is due, its run, and its stored result."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.backups.anchors import disagreeing
from plugin.core.acts import SQUARE, Act
from plugin.core.opening_hours import OpeningHours
from plugin.courses.audit import Finding, audit_in_parts
from plugin.courses.base.clinic import read_hours
from plugin.courses.base.inbox import take_turn
from plugin.services import Services
from plugin.store import Store
from plugin.store.upkeep import AuditRun

RUNNING = "audit_runs"
MAY_TAKE = timedelta(hours=1)
KEPT_FOR = timedelta(days=90)
MOST_SHOWN = 20
NIGHT = range(1, 5)
_AT_LEAST, _USUALLY, _AT_MOST = timedelta(hours=20), timedelta(hours=26), timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class AuditView:
    """The result of an audit: how many rows are wrong, and sentences about the first of them."""

    started_at: datetime
    finished_at: datetime
    findings: int
    sentences: tuple[str, ...]

    @property
    def first(self) -> str:
        """Return the first sentence, "" where nothing is wrong."""
        return self.sentences[0] if self.sentences else ""


def last_audit(store: Store) -> AuditView | None:
    """Return the result of the last run."""
    with store.reading() as session:
        row = session.scalar(select(AuditRun).order_by(AuditRun.finished_at.desc()).limit(1))
        if row is None:
            return None
        return AuditView(row.started_at, row.finished_at, row.findings, tuple(row.first))


def is_due(now: datetime, last_at: datetime | None, hours: OpeningHours) -> bool:
    """Return whether to run: at night; in another quiet hour where the machine sleeps at night; at last anyhow."""
    if last_at is None or last_at > now:
        return not hours.is_open(now)
    age = now - last_at
    if age >= _AT_MOST:
        return True
    if age < _AT_LEAST or hours.is_open(now):
        return False
    return age >= _USUALLY or now.astimezone(ZoneInfo(hours.time_zone)).hour in NIGHT


def run_if_due(services: Services) -> AuditView | None:
    """Run the audit where it is due, in one process at a time; return its result."""
    store, now = services.store, services.clock()
    last = last_audit(store)
    if not is_due(now, last.started_at if last else None, read_hours(store)):
        return None
    if not take_turn(store, Act(SQUARE, now, RUNNING), RUNNING, every=MAY_TAKE):
        return None
    findings = (*audit_in_parts(store), *disagreeing(services.settings, store))
    _keep(store, now, services.clock(), findings)
    return last_audit(store)


def _keep(store: Store, started_at: datetime, finished_at: datetime, findings: tuple[Finding, ...]) -> None:
    sentences = [f"{each.check} {each.row}: {each.sentence}"[:400] for each in findings[:MOST_SHOWN]]
    row = AuditRun(
        id=store.new_id(),
        started_at=started_at,
        finished_at=finished_at,
        findings=len(findings),
        first=sentences,
    )

    def work(session: Session) -> None:
        session.execute(delete(AuditRun).where(AuditRun.finished_at < finished_at - KEPT_FOR))
        session.add(row)

    store.transact(work)
