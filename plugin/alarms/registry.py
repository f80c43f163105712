"""Every condition that is watched, declared once; and looking at each every minute, and telling what begins or ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.alarms import machine_checks as machine
from plugin.alarms import square_checks as square
from plugin.alarms.condition import Check, Condition, Episode, Look, Phase, after_look, wrong
from plugin.alarms.notices import TEST, Notice, enqueue_notice
from plugin.core.acts import COURSEKEEPER, Act, require
from plugin.courses.base.work import Work
from plugin.errors import Refused
from plugin.services import Services
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.upkeep import Alarm
from plugin.wording import N_, _

CHECKS: tuple[Check, ...] = (
    Check(
        "square_answers",
        N_("Square answers"),
        square.square_answers,
        N_(
            "If Square or your internet connection is down, wait: what is pending is then done automatically."
            " Sessions can be used as always."
        ),
    ),
    Check(
        "square_accepts",
        N_("Square accepts the connection"),
        square.square_accepts,
        N_("Connect again under Settings, Square, or enter a new access token there."),
    ),
    Check(
        "sales_arrive",
        N_("Sales arrive"),
        square.sales_arrive,
        N_("Restart Coursekeeper. If that does not help, look at Settings, Square."),
        # After a start the first sync takes its time.
        confirm=timedelta(minutes=15),
    ),
    Check(
        "worker_runs",
        N_("The worker runs"),
        machine.worker_runs,
        N_("Restart Coursekeeper: coursekeeper serve starts the worker too."),
        confirm=timedelta(minutes=5),
    ),
    Check(
        "queue_moves",
        N_("Pending work is done"),
        machine.queue_moves,
        N_("Restart Coursekeeper. Settings, Square shows what is waiting, and why."),
        confirm=timedelta(minutes=5),
    ),
    Check(
        "permission_lasts",
        N_("Square’s permission is renewed"),
        square.permission_lasts,
        N_("Connect again under Settings, Square, before it expires."),
    ),
    Check(
        "copies_are_made",
        N_("Backups are made"),
        machine.copies_are_made,
        N_(
            "Make one under Settings, Backups: what stops it shows there. Until then this disk has the only copy."
        ),
        # One that failed is made again after ten minutes.
        confirm=timedelta(minutes=20),
    ),
    Check(
        "copies_are_sent",
        N_("Backups are kept elsewhere"),
        machine.copies_are_sent,
        N_("Check the place and its password under All settings, Backups."),
        is_urgent=False,
        confirm=timedelta(hours=2),
    ),
    Check(
        "disk_has_room",
        N_("Disk space"),
        machine.disk_has_room,
        N_(
            "Delete what is not needed on the disk, or get a larger one. When it is full, nothing can be saved."
        ),
    ),
    Check(
        "audit_is_clean",
        N_("Nightly audit"),
        machine.audit_is_clean,
        N_(
            "Run coursekeeper audit for the list. Keep the database as it is, restore a copy elsewhere, and compare."
        ),
    ),
    Check(
        "clock_is_right",
        N_("Clock"),
        machine.clock_is_right,
        N_("Let the clock of this machine be set automatically (on Linux: timedatectl set-ntp true)."),
        is_urgent=False,
    ),
    Check(
        "mail_is_sent",
        N_("E-mail is sent"),
        machine.mail_is_sent,
        N_("Check the mail server and its password under All settings, E-mail, then send a test."),
        is_urgent=False,
        is_mailed=False,
    ),
    Check(
        "settings_are_read",
        N_("Settings"),
        machine.settings_are_read,
        N_("Enter them again under All settings."),
    ),
    Check(
        "version_is_newest",
        N_("Version"),
        machine.version_is_newest,
        N_(
            "Upgrade when the clinic is closed; docs/operate.md says how. A copy is made first, "
            "and put back if it fails."
        ),
        is_urgent=False,
        # Shown to the owner; not worth an e-mail a day.
        is_mailed=False,
    ),
    Check(
        "webhook_is_taken",
        N_("Alarm webhook"),
        machine.webhook_is_taken,
        N_("Check the address under All settings, Alarms, then send a test alarm."),
        is_urgent=False,
    ),
)


BY_NAME = {check.name: check for check in CHECKS}


def conditions(services: Services, now: datetime) -> tuple[Condition, ...]:
    """Return what every check sees now, in the order of the registry. Makes no network call."""
    return tuple(_seen(check, services, now) for check in CHECKS)


def condition_of(name: str, services: Services, now: datetime) -> Condition:
    """Return what one check sees now; raises KeyError for a name that is none."""
    return _seen(BY_NAME[name], services, now)


def _seen(check: Check, services: Services, now: datetime) -> Condition:
    look = _looked(check, services, now)
    return Condition(check, look.state, look.said)


def _looked(check: Check, services: Services, now: datetime) -> Look:
    try:
        return check.look(services, now)
    except Exception as error:
        # One check that fails must not hide the others. The error itself may quote rows of the database.
        return wrong(_("This could not be checked ({name__}).", name__=type(error).__name__))


_PARTS = tuple(Episode.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class AlarmView:
    """An alarm that has begun and not ended; `said` is what was told of it last."""

    name: str
    title: str
    said: str
    began_at: datetime
    is_urgent: bool


def look(services: Services) -> int:
    """Look at every condition, store what changed, and enqueue what is to be told; return how many were told."""
    now = services.clock()
    known = _episodes(services.store)
    told = 0
    for each in conditions(services, now):
        before = known.get(each.name, Episode())
        # While it lasts, what is said of it follows: for 12 minutes, for 13 minutes.
        if before.began_at is not None or _after(before, each, now)[0] != before:
            told += _record(services, each, now)
    return told


def active_alarms(store: Store) -> tuple[AlarmView, ...]:
    """Return the alarms that have begun, the worst first."""
    rows = [(row, check) for row in store.rows(_ACTIVE, {}) if (check := BY_NAME.get(row.name))]
    views = [AlarmView(row.name, check.title, row.said, row.began_at, check.is_urgent) for row, check in rows]
    return tuple(sorted(views, key=lambda each: (not each.is_urgent, each.began_at)))


_ACTIVE = Prepared(select(Alarm.name, Alarm.said, Alarm.began_at).where(Alarm.began_at.is_not(None)))


def worst_alarm(services: Services, now: datetime) -> AlarmView | None:
    """Return the worst of what is wrong. A worker that stands still can't have told of itself: that is seen here."""
    worker = condition_of("worker_runs", services, now)
    if worker.is_wrong:
        return AlarmView(worker.name, worker.title, worker.said, now, is_urgent=True)
    return next(iter(active_alarms(services.store)), None)


def since_when(store: Store) -> dict[str, datetime]:
    """Return since when each condition is an alarm, by its name."""
    return {each.name: each.began_at for each in active_alarms(store)}


def send_test(services: Services, act: Act) -> int:
    """Send a test alarm to everyone who gets alarms; return to how many. Raises Refused where nobody does."""
    require(act.actor)
    at = _written(act.now)
    notice = Notice(
        id=TEST,
        phase=TEST,
        name=TEST,
        title=_("Test alarm"),
        said=_("This is a test. Nothing is wrong."),
        to_do=_("Nothing."),
        is_urgent=False,
        since=at,
        at=at,
    )

    def work(session: Session) -> int:
        return enqueue_notice(Work(session, services.store, act), services, notice, by_mail=True)

    sent = services.store.transact(work)
    if not sent:
        said = _(
            "No one would get it: e-mail is not set up, and no webhook is set. Change that under Settings."
        )
        raise Refused(said, code="no_recipient")
    return sent


def _episodes(store: Store) -> dict[str, Episode]:
    with store.reading() as session:
        return {row.name: _episode(row) for row in session.scalars(select(Alarm))}


def _episode(row: Alarm) -> Episode:
    return Episode(**{name: getattr(row, name) for name in _PARTS})


def _after(episode: Episode, seen: Condition, now: datetime) -> tuple[Episode, Phase | None]:
    return after_look(episode, is_wrong=seen.is_wrong, now=now, confirm=seen.check.confirm)


def _record(services: Services, seen: Condition, now: datetime) -> int:
    """Store the look and tell in one transaction: several workers look, and one of them tells."""

    def work(session: Session) -> int:
        row = session.get(Alarm, seen.name, with_for_update=True)
        if row is None:
            row = Alarm(name=seen.name, said="", returns=0)
            session.add(row)
        before = _episode(row)
        after, phase = _after(before, seen, now)
        for name in _PARTS:
            setattr(row, name, getattr(after, name))
        row.said = seen.said[:400] if seen.is_wrong else row.said
        if phase is None:
            return 0
        act = Act(COURSEKEEPER, now, f"alarm:{seen.name}")
        notice = _of(phase, seen, after.began_at or before.began_at or now, now)
        return enqueue_notice(
            Work(session, services.store, act), services, notice, by_mail=_is_mailed(services, seen)
        )

    return services.store.transact(work)


def _is_mailed(services: Services, seen: Condition) -> bool:
    # A practice clinic is nobody's worry; its page shows them nevertheless.
    return seen.check.is_mailed and services.settings.square_environment != "practice"


def _of(phase: Phase, seen: Condition, since: datetime, now: datetime) -> Notice:
    return Notice(
        id=f"{seen.name}:{since:%Y%m%dT%H%M%S}:{phase}:{now:%Y%m%d}",
        phase=phase,
        name=seen.name,
        title=seen.title,
        said=seen.said,
        to_do="" if phase is Phase.ENDED else seen.check.to_do,
        is_urgent=seen.check.is_urgent,
        since=_written(since),
        at=_written(now),
    )


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
