"""Looking at every condition each minute, and telling of those that begin, last or end."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.alarms.condition import Condition, Episode, Phase, after_look
from plugin.alarms.notices import TEST, Notice, enqueue_notice
from plugin.alarms.registry import BY_NAME, condition_of, conditions
from plugin.core.acts import COURSEKEEPER, Act, require
from plugin.courses.base.work import Work
from plugin.errors import Refused
from plugin.services import Services
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.upkeep import Alarm
from plugin.wording import _

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
