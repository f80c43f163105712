"""The version of each open page: one statement detects any change of its content, also by time alone."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, bindparam, func, or_, select, text

from plugin.core.moments import day_at
from plugin.courses.refunds.desk_refunds import REFUND_SHOWN_FOR
from plugin.courses.square_health import TOLD_AFTER
from plugin.courses.visits.arrivals import DUE_WITHIN, NEXT_WITHIN
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.queues import PENDING, Attention, Inbox, Outbox
from plugin.store.tables import Booking, Clinic, Connection, Course, CourseShare, DeskRefund
from plugin.store.upkeep import BackupRun, BackupState
from plugin.store.versions import CONNECTION, DESK, EVERYONE, Version


@dataclass(frozen=True, slots=True)
class PageVersion:
    """`mark` differs whenever the page may show something else; `attention` is the number of open items."""

    mark: str
    attention: int


def version_of_count(store: Store, now: datetime) -> PageVersion:
    """Return the version of a page on which only the number of open items changes by itself."""
    return _read(store, _COUNT, now, {})


def version_of_desk(store: Store, now: datetime) -> PageVersion:
    """Return the version of a page that may show any course, such as Attention."""
    return _read(store, _OF_DESK, now, {})


def version_of_today(store: Store, now: datetime) -> PageVersion:
    """Return the version of Today; an arrival that becomes due or late, and a lasting outage, change it too."""
    times = {
        "now": now,
        "soon": now + DUE_WITHIN,
        "late": now - DUE_WITHIN,
        "next": now + NEXT_WITHIN,
        # Whole days of UTC, so that the counts only rise within one.
        "since": now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1),
        "failing": now - TOLD_AFTER,
    }
    return _read(store, _OF_TODAY, now, times)


def version_of_client(store: Store, client_id: str, now: datetime) -> PageVersion:
    """Return the version of a client's page: their own courses and those shared with them."""
    return _read(store, _OF_CLIENT, now, {"client_id": client_id, "refunds_since": now - REFUND_SHOWN_FOR})


def version_of_row(store: Store, row_id: str, now: datetime) -> PageVersion:
    """Return the version of a page about one row that changes as work goes on, such as an import."""
    return _read(store, _OF_ROW, now, {"row_id": row_id})


def version_of_connection(store: Store, now: datetime) -> PageVersion:
    """Return the version of the owner's page about Square, with the queues it shows."""
    return _read(store, _OF_CONNECTION, now, {"failing": now - TOLD_AFTER})


def version_of_backups(store: Store, now: datetime) -> PageVersion:
    """Return the version of the owner's page about backups: the run under way, and what is set."""
    return _read(store, _OF_BACKUPS, now, {})


def _read(store: Store, statement: Prepared, now: datetime, values: Mapping[str, object]) -> PageVersion:
    ((attention, time_zone, *numbers),) = store.rows(statement, values)
    # A new day changes what expires today.
    shown = repr((attention, [*map(str, numbers)], day_at(now, ZoneInfo(time_zone or "UTC"))))
    return PageVersion(hashlib.sha256(shown.encode()).hexdigest()[:12], attention)


def _page(*numbers: ColumnElement[Any] | ScalarSelect[Any]) -> Prepared:
    waiting = select(func.count()).where(Attention.resolved_at.is_(None)).scalar_subquery()
    zone = select(Clinic.time_zone).where(Clinic.id == 1).scalar_subquery()
    return Prepared(select(waiting, zone, *numbers))


def _number(which: Sequence[Any] | Select[str]) -> ScalarSelect[Any]:
    return select(func.sum(Version.number)).where(Version.subject.in_(which)).scalar_subquery()


def _begun_by(moment: str) -> ScalarSelect[Any]:
    starts = Booking.start_at
    past = select(func.count()).where(starts > bindparam("since"), starts <= bindparam(moment))
    return past.scalar_subquery()


def _queue(queue: type[Inbox | Outbox]) -> Iterator[ScalarSelect[Any]]:
    for total in (func.count(), func.sum(queue.attempts)):
        yield (
            select(total).select_from(queue).where(text(f"{queue.__tablename__}.{PENDING}")).scalar_subquery()
        )
    for state in ("done", "failed"):
        yield select(func.max(queue.done_at)).where(queue.state == state).scalar_subquery()


_CLIENT_ID: BindParameter[str] = bindparam("client_id")
_OWN = select(Course.id).where(Course.client_id == _CLIENT_ID)
_SHARED = select(CourseShare.course_id).where(CourseShare.client_id == _CLIENT_ID)
_FAILED_REFUNDS = (
    select(func.count())
    .where(
        or_(DeskRefund.course_id.in_(_OWN), DeskRefund.course_id.in_(_SHARED)),
        DeskRefund.state == "failed",
        DeskRefund.ended_at > bindparam("refunds_since"),
    )
    .scalar_subquery()
)
_IS_FAILING = select(func.count()).where(Connection.failing_since <= bindparam("failing")).scalar_subquery()
_COUNT = _page()
_OF_DESK = _page(_number([DESK]))
_OF_TODAY = _page(_number([DESK]), *map(_begun_by, ("next", "soon", "now", "late")), _IS_FAILING)
_OF_CLIENT = _page(
    _number([EVERYONE]),
    _number([_CLIENT_ID]),
    _number(_OWN),
    _number(_SHARED),
    _FAILED_REFUNDS,
)
_OF_ROW = _page(_number([bindparam("row_id")]))
_OF_CONNECTION = _page(_number([CONNECTION]), *_queue(Inbox), *_queue(Outbox), _IS_FAILING)
_LAST_RUN = select(func.max(BackupRun.id)).scalar_subquery()
_OF_BACKUPS = _page(
    *(
        select(column).where(BackupRun.id == _LAST_RUN).scalar_subquery()
        for column in (BackupRun.id, BackupRun.state, BackupRun.step)
    ),
    *(
        select(column).where(BackupState.id == 1).scalar_subquery()
        for column in (BackupState.recipient, BackupState.sent_at, BackupState.send_failed_at)
    ),
    select(func.count()).where(text(f"outbox.{PENDING}"), Outbox.kind == "backup").scalar_subquery(),
)
