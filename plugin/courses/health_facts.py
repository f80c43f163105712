"""Facts about how an installation runs, from its database: queues, what was made, what happened last; mail; the clock.

Numbers and times only: nothing names a person or a row.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.attention import count_open
from plugin.courses.base.inbox import InboxState, bookmark_of, drop_bookmark_in, inbox_state, save_bookmark
from plugin.courses.base.work import in_session
from plugin.courses.square_health import last_sync_at
from plugin.errors import MailFailed
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import PENDING, Document, Handout, Heartbeat, Outbox
from plugin.store.write_failures import WriteFailure

WORKER = "worker"
# Written where the database refused a write before.
PROBE = "probe"


@dataclass(frozen=True, slots=True)
class JobFacts:
    """Jobs of one kind: how many wait, how many were given up, since how many seconds the oldest is due."""

    pending: int = 0
    failed: int = 0
    overdue_s: float = 0


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """The facts. `jobs` by kind; `papers`: issued and handed out, by kind; `moments`: None where never."""

    inbox: InboxState
    inbox_age_s: float
    jobs: Mapping[str, JobFacts]
    papers: Mapping[str, int]
    open_items: int
    moments: Mapping[str, datetime | None]


def health_facts(store: Store, now: datetime) -> HealthFacts:
    with store.one_moment(), store.reading() as session:
        inbox = inbox_state(store)
        return HealthFacts(
            inbox=inbox,
            inbox_age_s=_seconds(inbox.oldest_pending_at, now),
            jobs=_jobs(session, now),
            papers=_papers(session),
            open_items=count_open(store),
            moments={
                "event": inbox.last_received_at,
                "sync": last_sync_at(store, now),
                "worker_sign_of_life": last_seen(store, WORKER),
            },
        )


@in_session
def sign_of_life(session: Session, name: str, now: datetime) -> None:
    """Record that the part of the program with this name runs."""
    session.merge(Heartbeat(name=name, seen_at=now))


def write_failure(store: Store, now: datetime) -> WriteFailure | None:
    """Return why nothing can be written, None where it can; after one that failed, another is tried."""
    if store.write_failures.is_to_try:
        with suppress(DBAPIError):
            sign_of_life(store, PROBE, now)
            store.write_failures.forget()
    return store.write_failures.last()


def last_seen(store: Store, name: str) -> datetime | None:
    """Return the last sign of life of a part of the program, None before the first."""
    rows = store.rows(_SEEN, {"name": name})
    return rows[0].seen_at if rows else None


_SEEN = Prepared(select(Heartbeat.seen_at).where(Heartbeat.name == bindparam("name")))


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _jobs(session: Session, now: datetime) -> dict[str, JobFacts]:
    pending = {
        kind: (many, _seconds(due, now))
        for kind, many, due in session.execute(
            select(Outbox.kind, func.count(), func.min(Outbox.due_at))
            .where(text(f"outbox.{PENDING}"))
            .group_by(Outbox.kind)
        )
    }
    failed = dict(
        session.execute(
            select(Outbox.kind, func.count()).where(Outbox.state == "failed").group_by(Outbox.kind)
        ).all()
    )
    return {
        kind: JobFacts(pending.get(kind, (0, 0))[0], failed.get(kind, 0), pending.get(kind, (0, 0))[1])
        for kind in pending.keys() | failed.keys()
    }


def _papers(session: Session) -> dict[str, int]:
    # Documents are numbered without a gap: the last place is their number.
    issued = session.execute(select(Document.kind, func.max(Document.place)).group_by(Document.kind))
    return {**dict(issued.all()), "handout": session.scalar(select(func.count()).select_from(Handout)) or 0}


MAIL_FAILING = "mail_failing"


@dataclass(frozen=True, slots=True)
class MailFailing:
    """Since when every e-mail failed, and how the last one did."""

    since: datetime
    said: str


def mail_failing(store: Store) -> MailFailing | None:
    """Return since when e-mails fail; None while they are taken."""
    since, _, said = (bookmark_of(store, MAIL_FAILING) or "").partition(" ")
    return MailFailing(datetime.fromisoformat(since), said) if since else None


class MailWatch:
    """Records since when e-mails fail. One refused for its own address is an answer: the server works."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, error: MailFailed | None) -> None:
        """Record the outcome of one e-mail; None: it was taken."""
        before = mail_failing(self._store)
        if error is None or error.permanent:
            if before is not None:
                self._store.transact(lambda session: drop_bookmark_in(session, MAIL_FAILING))
        elif before is None or before.said != error.message[:160]:
            since = before.since if before else self._clock()
            said = f"{since.isoformat()} {error.message[:160]}"
            save_bookmark(self._store, Act(SQUARE, self._clock(), MAIL_FAILING), MAIL_FAILING, said)


CLOCK_OFFSET = "square_clock_offset"
# An answer is dated in whole seconds and takes a few of them.
WORTH_NOTING = timedelta(seconds=30)


def clock_offset(store: Store) -> timedelta | None:
    """Return by how much our clock is ahead of Square's (negative: behind); None where it agrees."""
    return timedelta(seconds=float(bookmark_of(store, CLOCK_OFFSET) or 0)) or None


class ClockWatch:
    """Notes the difference when it changes by more than half a minute; called with the date of each answer."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, date: str) -> None:
        """Compare with the value of an HTTP Date header; anything unreadable is ignored."""
        now = self._clock()
        try:
            offset = now - parsedate_to_datetime(date)
        except (TypeError, ValueError):
            return
        noted = clock_offset(self._store) or timedelta()
        if abs(offset - noted) > WORTH_NOTING:
            value = str(offset.total_seconds()) if abs(offset) > WORTH_NOTING else "0"
            save_bookmark(self._store, Act(SQUARE, now, CLOCK_OFFSET), CLOCK_OFFSET, value)
