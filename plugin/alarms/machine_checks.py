"""Checks of the machine and of the work on it: queues, disk, clock, e-mail, settings, the nightly audit, backups."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from plugin.alarms.condition import Look, fine, lasting, unused, wrong
from plugin.alarms.notices import ALARM_WEBHOOK, last_delivery
from plugin.alarms.square_checks import NOT_CONNECTED
from plugin.backups.anchors import disagreeing
from plugin.backups.folder import last_copy_at
from plugin.backups.standing import backup_problem, send_problem
from plugin.backups.versions import newer_version
from plugin.core.acts import SQUARE, Act
from plugin.core.opening_hours import OpeningHours
from plugin.courses.audit import Finding, audit_in_parts
from plugin.courses.base.clinic import read_hours
from plugin.courses.base.inbox import inbox_state, take_turn
from plugin.courses.health_facts import WORKER, clock_offset, last_seen, mail_failing, write_failure
from plugin.services import Services
from plugin.square.connection.status import is_connected
from plugin.store import Store
from plugin.store.queues import PENDING, Inbox, Outbox
from plugin.store.upkeep import AuditRun
from plugin.store.write_failures import WriteFailure
from plugin.version import VERSION
from plugin.wording import _, joined

SIGN_OF_LIFE_WITHIN = timedelta(minutes=5)
OVERDUE = timedelta(minutes=15)
EVENT_MAY_WAIT = timedelta(hours=2)
LITTLE_SPACE = 1_000_000_000
CLOCK_MAY_DIFFER = timedelta(minutes=2)
MAIL_MAY_FAIL = timedelta(minutes=30)
AUDIT_MAY_REST = timedelta(days=4)


def worker_runs(services: Services, now: datetime) -> Look:
    """Check that the worker has shown within the last minutes that it runs."""
    seen = last_seen(services.store, WORKER)
    if seen is None:
        return unused(_("The worker has not run yet."))
    if now - seen < SIGN_OF_LIFE_WITHIN:
        return fine(_("The worker runs."))
    return wrong(
        _(
            "The worker has not run for {lasting}: no sale arrives, and nothing is sent.",
            lasting=lasting(now - seen),
        )
    )


def queue_moves(services: Services, now: datetime) -> Look:
    """Check that due work is taken up, and that no event of Square's waits for hours."""
    due = [moment for table in (Inbox, Outbox) if (moment := _oldest_due(services.store, table)) is not None]
    if due and now - min(due) >= OVERDUE:
        return wrong(
            _(
                "Work has been waiting for {lasting} and is not being processed.",
                lasting=lasting(now - min(due)),
            )
        )
    inbox = inbox_state(services.store)
    if inbox.oldest_pending_at is not None and now - inbox.oldest_pending_at >= EVENT_MAY_WAIT:
        age = lasting(now - inbox.oldest_pending_at)
        return wrong(
            _(
                "{pending} events from Square can’t be handled; the oldest has waited for {age}.",
                pending=inbox.pending,
                age=age,
            )
        )
    return fine(
        _("{pending} events are waiting.", pending=inbox.pending)
        if inbox.pending
        else _("Nothing is waiting.")
    )


def _oldest_due(store: Store, table: type[Inbox | Outbox]) -> datetime | None:
    with store.reading() as session:
        oldest = select(func.min(table.due_at)).where(text(f"{table.__tablename__}.{PENDING}"))
        return session.scalar(oldest)


def disk_has_room(services: Services, now: datetime) -> Look:
    """Check the free space where the data is, that files can be written there, and that no write was refused."""
    failure = write_failure(services.store, now)
    if failure is WriteFailure.READ_ONLY:
        return wrong(_("Nothing can be saved: the database can only be read."))
    if failure is WriteFailure.FULL:
        return wrong(_("Nothing can be saved: the disk of the database is full."))
    folder = services.settings.data_folder.resolve()
    there = next((each for each in (folder, *folder.parents) if each.exists()), Path.cwd())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        return wrong(
            _(
                "The data folder {folder} can’t be written. Let the user that runs Coursekeeper write there.",
                folder=folder,
            )
        )
    free = shutil.disk_usage(there).free
    said = _("{free} GB are free.", free=f"{free / 1_000_000_000:.1f}")
    return fine(said) if free >= LITTLE_SPACE else wrong(_("The disk is nearly full: {said}", said=said))


def clock_is_right(services: Services, _now: datetime) -> Look:
    """Check this machine's clock against Square's, as heard with its last answers."""
    offset = clock_offset(services.store)
    if offset is None:
        return fine(_("The clock agrees with Square’s.")) if is_connected(services) else NOT_CONNECTED
    span = lasting(abs(offset))
    said = (
        _("The clock of this machine is {lasting} ahead of Square’s.", lasting=span)
        if offset > timedelta()
        else _("The clock of this machine is {lasting} behind Square’s.", lasting=span)
    )
    return fine(said) if abs(offset) <= CLOCK_MAY_DIFFER else wrong(said)


def mail_is_sent(services: Services, now: datetime) -> Look:
    """Check that the mail server takes e-mails."""
    if not services.mail.is_ready:
        return unused(_("E-mail is not set up, so alarms are only shown here."))
    failing = mail_failing(services.store)
    if failing is None:
        return fine(_("The mail server takes e-mails."))
    if now - failing.since < MAIL_MAY_FAIL:
        return fine(_("{said} It is tried again.", said=failing.said))
    return wrong(
        _(
            "No e-mail could be sent for {lasting}. {said}",
            lasting=lasting(now - failing.since),
            said=failing.said,
        )
    )


def settings_are_read(services: Services, _now: datetime) -> Look:
    """Check that every stored setting is in use."""
    problems = services.settings_source.problems
    return wrong(joined(problems.values())) if problems else fine(_("Every setting is in use."))


def audit_is_clean(services: Services, now: datetime) -> Look:
    """Check the result of the nightly audit."""
    last = last_audit(services.store)
    if last is None:
        return unused(_("It runs tonight for the first time."))
    if last.findings:
        return wrong(
            _(
                "The audit found {findings} wrong rows. The first: {first}",
                findings=last.findings,
                first=last.first,
            )
        )
    if now - last.finished_at >= AUDIT_MAY_REST:
        return wrong(_("The audit has not run for {lasting}.", lasting=lasting(now - last.finished_at)))
    return fine(
        _("Ledger and documents add up, as of {lasting} ago.", lasting=lasting(now - last.finished_at))
    )


def webhook_is_taken(services: Services, _now: datetime) -> Look:
    """Check that the last alarm reached the webhook."""
    if not services.settings.alarm_webhook_url.get_secret_value():
        return unused(_("No webhook is set."))
    last = last_delivery(services.store, ALARM_WEBHOOK)
    if last is not None and last.has_failed:
        return wrong(_("The last alarm did not reach the webhook: {says}", says=last.says))
    return fine(_("Alarms also go to the webhook."))


def version_is_newest(services: Services, _now: datetime) -> Look:
    """Check that this version is the newest that the installation knows of."""
    newer = newer_version(services.settings, services.store)
    if newer:
        return wrong(_("Coursekeeper {newer} is out; this is {version}.", newer=newer, version=VERSION))
    return fine(_("Coursekeeper {version}; no newer one is known here.", version=VERSION))


def copies_are_made(services: Services, now: datetime) -> Look:
    """Check that the last copy is good, and not old."""
    problem = backup_problem(services, now)
    if problem:
        return wrong(problem)
    made_at = last_copy_at(services.settings)
    if made_at is None:
        return unused(_("The first backup is about to be made."))
    return fine(_("The last good backup is {lasting} old.", lasting=lasting(now - made_at)))


def copies_are_sent(services: Services, now: datetime) -> Look:
    """Check that the last copy also reached the place elsewhere, where one is set."""
    if not services.settings.backup_remote:
        return unused(_("Backups are kept on this machine only."))
    problem = send_problem(services, now)
    return wrong(problem) if problem else fine(_("Backups are also kept elsewhere."))


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
