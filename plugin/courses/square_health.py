"""The state of the connection to Square: is it answering, what is pending, how sales reach us. No network call.

They reach us by Square's events, or by asking Square for what changed (“polling”): decided anew each time from what
arrived, so that a clinic without a public address needs no setting, and one whose events arrive again is served by
them again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.attention import settle_row
from plugin.courses.base.inbox import InboxState, bookmark_of, inbox_state
from plugin.courses.base.outbox import PAPERS
from plugin.courses.base.work import Work, transact
from plugin.courses.documents.files import DOCUMENT_JOBS
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Attention, Connection, Inbox, Outbox, Sweep
from plugin.wording import _

# A single failed call is not reported to staff: the next one follows soon.
TOLD_AFTER = timedelta(seconds=30)
SIGN_IN = "square_sign_in"
# The questions an outage raises, by the start of their `dedupe`; they are closed with it.
ABOUT_OUTAGES = ("square_sign_in:", "square_unreachable:", "square_down:", "square_busy:")


@dataclass(frozen=True, slots=True)
class SquareAway:
    """Square has not done what we requested since then; `is_shut` if it answers but refuses access."""

    since: datetime
    is_shut: bool


@dataclass(frozen=True, slots=True)
class SquareState:
    """The state of the connection on the owner's page."""

    away: SquareAway | None
    inbox: InboxState
    owed: int
    sweep: Sweep | None

    @property
    def waiting(self) -> int:
        """Return how many messages and effects are pending."""
        return self.inbox.pending + self.owed


def square_away(store: Store, now: datetime) -> SquareAway | None:
    """Return since when Square has not answered; None while it does, and for a failure of some seconds."""
    rows = store.rows(_FAILING, {})
    return _away(rows[0] if rows else None, now)


_FAILING = Prepared(select(Connection.failing_since, Connection.failing_code).where(Connection.id == 1))


def square_state(store: Store, now: datetime) -> SquareState:
    inbox = inbox_state(store)
    with store.reading() as session:
        owed = select(func.count()).where(
            Outbox.kind.not_in((PAPERS, *DOCUMENT_JOBS)), Outbox.state == "pending"
        )
        return SquareState(
            away=_away(session.get(Connection, 1), now),
            inbox=inbox,
            owed=session.scalar(owed) or 0,
            sweep=_last_sweep(session, now),
        )


def note_failing(store: Store, code: str, now: datetime) -> None:
    """Record since when Square fails; later failures of the same outage change only the reason."""

    def work(session: Session) -> None:
        row = connection_in(session)
        row.failing_since = row.failing_since or now
        row.failing_code = code

    if _failing_code(store) != code:
        store.transact(work)


def note_answering(store: Store, act: Act) -> None:
    """Record that Square answers, and close the questions raised by the outage."""

    def do(work: Work) -> None:
        row = connection_in(work.session)
        row.failing_since, row.failing_code = None, ""
        said = _("Square is connected again. What was waiting is processed automatically.")
        settle_in(work.session, work.act, ABOUT_OUTAGES, said)

    if _failing_code(store):
        transact(store, act, do)


def outage_mark(code: str, since: datetime | None, now: datetime) -> str:
    """Return the `dedupe` of the question about an outage: one for each, or one a day if none is recorded."""
    return f"{code}:{since:%Y-%m-%dT%H:%M:%S}" if since else f"{code}:{now:%Y-%m-%d}"


def settle_in(session: Session, act: Act, beginnings: tuple[str, ...], reason: str) -> None:
    """Close the open questions whose `dedupe` starts so: what they asked about is over."""
    about = or_(*(Attention.dedupe.startswith(each, autoescape=True) for each in beginnings))
    for item in session.scalars(select(Attention).where(and_(Attention.resolved_at.is_(None), about))):
        settle_row(item, act, reason)


def read_connection(store: Store) -> Connection:
    """Return the connection as it is now; empty before the first one."""
    with store.reading() as session:
        return session.get(Connection, 1) or Connection(
            id=1,
            merchant_name="",
            connected_by="",
            scopes=[],
            locations=[],
            problem="",
            subscription_url="",
            test_said="",
            failing_code="",
        )


def connection_in(session: Session) -> Connection:
    """Return the one row about the connection, created if there is none; locked on PostgreSQL."""
    row = session.get(Connection, 1, with_for_update=True)
    if row is None:
        row = Connection(id=1, scopes=[], locations=[], failing_code="")
        session.add(row)
        session.flush()
    return row


# Asked after every call to Square.
_FAILING_CODE = Prepared(select(Connection.failing_code))


def _failing_code(store: Store) -> str:
    return next((row.failing_code for row in store.rows(_FAILING_CODE, {})), "")


def _away(row: Connection | Row[Any] | None, now: datetime) -> SquareAway | None:
    if row is None or row.failing_since is None or now - row.failing_since < TOLD_AFTER:
        return None
    return SquareAway(row.failing_since, is_shut=row.failing_code == SIGN_IN)


def _last_sweep(session: Session, now: datetime) -> Sweep | None:
    # One started while the clock was ahead would count as the last one until that time is reached.
    begun = select(Sweep).where(Sweep.started_at <= now)
    return session.scalar(begun.order_by(Sweep.started_at.desc(), Sweep.id.desc()).limit(1))


def last_sync_at(store: Store, now: datetime) -> datetime | None:
    """Return when the last sync with Square ended without an error, None before the first."""
    finished = select(Sweep.finished_at).where(Sweep.finished_at <= now, Sweep.error == "")
    with store.reading() as session:
        return session.scalar(finished.order_by(Sweep.started_at.desc()).limit(1))


# When Square was last asked for what changed.
POLLED_AT = "polled_at"
# What is asked for shows up here; an event about the same sale may be a moment behind.
EVENT_MAY_TAKE = timedelta(minutes=1)
_FOUND = ("sweep.order", "sweep.refund")


@dataclass(frozen=True, slots=True)
class SquareMode:
    """Whether Square is polled, since when, and what was last received and asked.

    `since`: the first sale that no event reported, or the connection where no event ever came; None if unknown.
    """

    is_polling: bool
    since: datetime | None
    last_event_at: datetime | None
    polled_at: datetime | None

    @property
    def name(self) -> str:
        """Return "polling" or "events"."""
        return "polling" if self.is_polling else "events"


def square_mode(store: Store, now: datetime) -> SquareMode:
    """Return how sales reach us at this moment."""
    polled = bookmark_of(store, POLLED_AT)
    polled_at = datetime.fromisoformat(polled) if polled else None
    with store.reading() as session:
        last_event_at = session.scalar(
            select(Inbox.received_at)
            .where(Inbox.event_type.not_like("sweep.%"))
            .order_by(Inbox.received_at.desc())
            .limit(1)
        )
        if last_event_at is None:
            return SquareMode(True, session.scalar(select(Connection.connected_at)), None, polled_at)
        missed_at = _missed_since(session, last_event_at)
    is_polling = missed_at is not None and now - missed_at >= EVENT_MAY_TAKE
    return SquareMode(is_polling, missed_at if is_polling else last_event_at, last_event_at, polled_at)


def _missed_since(session: Session, last_event_at: datetime) -> datetime | None:
    """Return when the first sale or refund was found that no event has reported since."""
    found = select(Inbox.received_at).where(
        Inbox.received_at > last_event_at, Inbox.event_type.in_(_FOUND), Inbox.state != "ignored"
    )
    return session.scalar(found.order_by(Inbox.received_at).limit(1))
