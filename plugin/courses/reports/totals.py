"""Keeping the sums that the reports read: entries are added to them in batches by the worker.

Where the sums can't be used (none yet, another time zone of the clinic, books closed while an entry of those days was
just written), the reports read all entries, and the next round makes the sums again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import counts_at, entry_kind, with_courses
from plugin.courses.reports.period import month_before, month_of, start_of
from plugin.store import Store
from plugin.store.ledger import Course, Entry
from plugin.store.totals import CourseTotal, PeriodTotal, TotalsState, UntotalledEntry

BATCH = 2000
# With more than these still to be added, reading all entries is as quick.
MOST_UNTOTALLED = 20_000
# Not an EXISTS: SQLite would read all entries for it.
UNTOTALLED = Entry.id.in_(select(UntotalledEntry.entry_id))
_KEY = tuple(column.name for column in PeriodTotal.__table__.primary_key)


def make_totals_again(session: Session) -> None:
    """Have the next round make all totals again."""
    session.execute(update(TotalsState).values(is_valid=False))


def keep_totals(store: Store, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Add all entries to the sums that are not in them yet, in batches; return how many."""
    added = 0
    while _has_work(store) and not should_stop():
        added += store.transact(add_batch)
    return added


def _has_work(store: Store) -> bool:
    with store.reading() as session:
        return not is_valid(session) or session.scalar(select(UntotalledEntry.entry_id).limit(1)) is not None


def add_batch(session: Session) -> int:
    """Add a batch of entries to the sums, in an open transaction; return how many."""
    if not is_valid(session, is_locked=True):
        _begin_again(session)
    waiting = select(UntotalledEntry.entry_id).order_by(UntotalledEntry.entry_id).limit(BATCH)
    ids = session.scalars(waiting).all()
    if ids:
        _add(session, session.execute(_facts(session, ids)).all())
        session.execute(delete(UntotalledEntry).where(UntotalledEntry.entry_id.in_(ids)))
    return len(ids)


def are_usable(session: Session) -> bool:
    """Return whether the sums, and what is not in them yet, are all entries and quick to read."""
    if not is_valid(session):
        return False
    some = select(UntotalledEntry.entry_id).limit(MOST_UNTOTALLED + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) <= MOST_UNTOTALLED


def are_quick(session: Session) -> bool:
    """Return whether sums of a year are quick to read: from the totals, or because there are few entries at all."""
    if are_usable(session):
        return True
    some = select(Entry.id).limit(MOST_UNTOTALLED + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) <= MOST_UNTOTALLED


def is_valid(session: Session, *, is_locked: bool = False) -> bool:
    """Return whether the totals are of the entries that are not noted as untotalled; else they are made again."""
    state = session.get(TotalsState, 1, with_for_update=is_locked, populate_existing=True)
    return state is not None and state.is_valid and state.time_zone == clinic_in(session).time_zone


def _begin_again(session: Session) -> None:
    for model in (PeriodTotal, CourseTotal, UntotalledEntry):
        session.execute(delete(model))
    # One that is written meanwhile notes itself.
    noted = select(Entry.id).where(~UNTOTALLED)
    session.execute(insert(UntotalledEntry).from_select(["entry_id"], noted))
    session.merge(TotalsState(id=1, time_zone=clinic_in(session).time_zone, is_valid=True))
    session.flush()


def _facts(session: Session, ids: Sequence[str]) -> Select[*tuple[Any, ...]]:
    facts = select(
        counts_at(session).label("counts_at"),
        Entry.happened_at,
        Entry.written_at,
        Course.id.label("course_id"),
        Course.package_id,
        func.coalesce(Course.square_location_id, "").label("square_location_id"),
        Course.currency,
        entry_kind.label("kind"),
        Entry.value_delta,
        Entry.sessions_delta,
    )
    return with_courses(facts).where(Entry.id.in_(ids))


def _add(session: Session, rows: Iterable[Any]) -> None:
    zone = zone_in(session)
    periods: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    courses: dict[str, tuple[int, int, datetime]] = {}
    for row in rows:
        moments = (row.counts_at, row.happened_at, row.written_at)
        months = (month_at(moment, zone) for moment in moments)
        key = (*months, row.package_id, row.square_location_id, row.currency, row.kind)
        total = periods[key]
        total[:] = total[0] + row.value_delta, total[1] + row.sessions_delta, total[2] + 1
        last_at = max(row.happened_at, row.written_at)
        value, sessions, before = courses.get(row.course_id, (0, 0, last_at))
        courses[row.course_id] = value + row.value_delta, sessions + row.sessions_delta, max(before, last_at)
    _add_to_periods(session, periods)
    _add_to_courses(session, courses)


def _add_to_periods(session: Session, sums: Mapping[tuple[Any, ...], Sequence[int]]) -> None:
    table, names = PeriodTotal.__table__, ("value", "sessions", "entries")
    new = _dialect(session).insert(table)
    added = {name: table.c[name] + new.excluded[name] for name in names}
    rows = [dict(zip((*_KEY, *names), (*key, *numbers), strict=True)) for key, numbers in sums.items()]
    _write(session, new.on_conflict_do_update(index_elements=list(_KEY), set_=added), rows)


def _add_to_courses(session: Session, sums: Mapping[str, tuple[int, int, datetime]]) -> None:
    table = CourseTotal.__table__
    new = _dialect(session).insert(table)
    added = {name: table.c[name] + new.excluded[name] for name in ("value", "sessions")}
    is_later = new.excluded.last_at > table.c.last_at
    added["last_at"] = case((is_later, new.excluded.last_at), else_=table.c.last_at)
    names = ("value", "sessions", "last_at")
    rows = [{"course_id": key, **dict(zip(names, each, strict=True))} for key, each in sums.items()]
    _write(session, new.on_conflict_do_update(index_elements=["course_id"], set_=added), rows)


def _dialect(session: Session) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite


def _write(session: Session, statement: Any, rows: list[dict[str, Any]]) -> None:
    session.connection().execute(statement, rows)


def zone_in(session: Session) -> ZoneInfo:
    """Return the time zone in which months begin."""
    return ZoneInfo(clinic_in(session).time_zone)


def month_at(moment: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the month that contains the moment, as `Period.moments` cuts months."""
    month = month_of(moment.astimezone(zone).date())
    if moment < _start(month.first, zone):
        return month_before(month.first).first
    following = _after(month.last)
    return following if moment >= _start(following, zone) else month.first


@lru_cache(maxsize=4096)
def _start(day: date, zone: ZoneInfo) -> datetime:
    return start_of(day, zone)


def _after(last: date) -> date:
    return date.fromordinal(last.toordinal() + 1)
