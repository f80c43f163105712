"""Keeping the sums that the reports read: entries are added to them in batches by the worker.

Where the sums can't be used (none yet, another time zone of the clinic, books closed while an entry of those days was
just written), the reports read all entries, and the next round makes the sums again.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.batches import batched
from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import (
    IS_USE,
    PRACTITIONER,
    USED_SUMS,
    VISIT_ID,
    counts_at,
    entry_what,
    with_courses,
)
from plugin.courses.reports.period import EARLIEST, LATEST, start_of
from plugin.store import Store
from plugin.store.base import Base
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.totals import MovedUse, PeriodTotal, TotalsState, UntotalledEntry, UseTotal

# A use that waits for a batch to be written waits 20 ms.
BATCH, NOTED_AT_ONCE = 1000, 5000
# With more than these still to be added, reading all entries is as quick.
MOST_UNTOTALLED = 20_000
# Not an EXISTS: SQLite would read all entries for it.
UNTOTALLED = Entry.id.in_(select(UntotalledEntry.entry_id))


def make_totals_again(session: Session) -> None:
    """Have the next round make all totals again."""
    session.execute(update(TotalsState).values(is_valid=False))


def keep_totals(store: Store, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Add all entries to the sums that are not in them yet, in batches; return how many."""
    _begin_again_in_parts(store, should_stop)

    def part(session: Session, place: str) -> tuple[int, str | None]:
        some = add_batch(session)
        # What is written meanwhile is for the next time.
        return some, place if some >= BATCH else None

    return store.transact_in_parts(part, should_stop) if _has_work(store) else 0


def _has_work(store: Store) -> bool:
    notes = (UntotalledEntry.entry_id, MovedUse.id)
    with store.reading() as session:
        if not is_valid(session):
            return True
        return any(session.scalar(select(note).limit(1)) is not None for note in notes)


def _begin_again_in_parts(store: Store, should_stop: Callable[[], bool]) -> None:
    """Begin again where the totals can't be used, noting the entries in parts: a million at once take seconds."""
    with store.reading() as session:
        if is_valid(session):
            return
    generation = store.transact(_give_up)
    after = ""
    while not should_stop():
        last = _last_of_part(store, after)
        if last is None:
            store.transact(partial(_begin_again, noted_in=generation))
            return
        if not store.transact(partial(_note_part, after=after, last=last, noted_in=generation)):
            return
        after = last


def _last_of_part(store: Store, after: str) -> str | None:
    part = select(Entry.id).where(Entry.id > after).order_by(Entry.id).limit(NOTED_AT_ONCE).subquery()
    with store.reading() as session:
        last: str | None = session.scalar(select(func.max(part.c.id)))
        return last


def _give_up(session: Session) -> int:
    """Have no totals until they are begun again; return of which generation the last ones were."""
    state = _locked_state(session)
    state.is_valid = False
    return state.generation


def _locked_state(session: Session) -> TotalsState:
    state = session.get(TotalsState, 1, with_for_update=True, populate_existing=True)
    if state is None:
        state = TotalsState(id=1, generation=0, is_valid=False, time_zone=clinic_in(session).time_zone)
        session.add(state)
        session.flush()
    return state


def _note_part(session: Session, after: str, last: str, noted_in: int) -> bool:
    """Note the entries with these ids; return False, and note none, where somebody else has begun again meanwhile."""
    if _is_past(_locked_state(session), noted_in):
        # They may be in the sums already, and would be added once more.
        return False
    _note(session, after, last)
    return True


def _is_past(state: TotalsState, generation: int) -> bool:
    """Return whether the totals were begun again since they were given up in this generation."""
    return state.is_valid or state.generation != generation


def _note(session: Session, after: str, last: str) -> None:
    """Note the entries with these ids; those that are written meanwhile note themselves."""
    which = select(Entry.id).where(Entry.id > after, Entry.id <= last)
    noted = _dialect(session).insert(UntotalledEntry.__table__).from_select(["entry_id"], which)
    session.connection().execute(noted.on_conflict_do_nothing())


def add_batch(session: Session) -> int:
    """Add a batch of entries to the sums, in an open transaction; return how many, with uses that moved."""
    if not is_valid(session, is_locked=True):
        _begin_again(session)
    waiting = select(UntotalledEntry.entry_id).order_by(UntotalledEntry.entry_id).limit(BATCH)
    ids = session.scalars(waiting).all()
    if ids:
        # Let nobody name another practitioner for these visits meanwhile: the trigger would miss it.
        of_entries = with_courses(select(VISIT_ID)).where(Entry.id.in_(ids))
        session.execute(select(Visit.id).where(Visit.id.in_(of_entries)).with_for_update(read=True))
        rows = session.execute(_facts(session, ids)).all()
        zone = clinic_in(session).zone
        periods, uses = _Sums(lambda: [0] * len(_OF_PERIOD)), _Sums(lambda: [0] * len(_OF_USE))
        for row in rows:
            moments = (row.counts_at, row.happened_at, row.written_at)
            months = [month_at(moment, zone) for moment in moments]
            sold_in = month_at(row.sold_at, zone).replace(month=1)
            key = (*months, sold_in, row.package_id, row.square_location_id, row.currency, row.what)
            _add_up(periods[key], (row.value_delta, row.sessions_delta, 1))
            if row.is_use:
                _add_use(uses, row, months[0], row.practitioner, 1)
        _add_to(session, PeriodTotal, periods, _OF_PERIOD)
        _add_to(session, UseTotal, uses, _OF_USE)
        session.execute(delete(UntotalledEntry).where(UntotalledEntry.entry_id.in_(ids)))
    return len(ids) + _move_uses(session)


def _move_uses(session: Session) -> int:
    """Move a batch of uses to the practitioner who is named since, in the sums; return how many."""
    sums, zone = _Sums(lambda: [0] * len(_OF_USE)), clinic_in(session).zone
    for note, row in moved_uses(session, BATCH):
        for practitioner, sign in ((note.practitioner_before, -1), (note.practitioner_after, 1)):
            _add_use(sums, row, month_at(row.counts_at, zone), practitioner, sign)
    _add_to(session, UseTotal, sums, _OF_USE)
    done = session.scalars(select(MovedUse.id).order_by(MovedUse.id).limit(BATCH)).all()
    session.execute(delete(MovedUse).where(MovedUse.id.in_(done)))
    return len(done)


def moved_uses(session: Session, most: int | None = None) -> Iterator[tuple[MovedUse, Any]]:
    """Yield the notes of uses in the sums that name another practitioner since, each with the facts of its entry."""
    notes = session.scalars(select(MovedUse).order_by(MovedUse.id).limit(most)).all()
    if not notes:
        return
    generation = session.get_one(TotalsState, 1).generation
    current = [note for note in notes if note.generation == generation]
    ids = sorted({note.entry_id for note in current})
    for some in batched(ids, BATCH):
        facts = {row.id: row for row in session.execute(_facts(session, some))}
        yield from ((note, facts[note.entry_id]) for note in current if note.entry_id in facts)


def are_usable(session: Session) -> bool:
    """Return whether the sums, and what is not in them yet, are all entries and quick to read."""
    return is_valid(session) and _are_few(session, UntotalledEntry.entry_id)


def are_quick(session: Session) -> bool:
    """Return whether sums of a year are quick to read: from the totals, or because there are few entries at all."""
    return are_usable(session) or _are_few(session, Entry.id)


def _are_few(session: Session, column: InstrumentedAttribute[str]) -> bool:
    some = select(column).limit(MOST_UNTOTALLED + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) <= MOST_UNTOTALLED


def is_valid(session: Session, *, is_locked: bool = False) -> bool:
    """Return whether the totals are of the entries that are not noted as untotalled; else they are made again."""
    state = session.get(TotalsState, 1, with_for_update=is_locked, populate_existing=True)
    return state is not None and state.is_valid and state.time_zone == clinic_in(session).time_zone


def _begin_again(session: Session, noted_in: int | None = None) -> None:
    """Begin with no sums and all entries noted; `noted_in`: they are, unless it began again since that generation."""
    state = _locked_state(session)
    if noted_in is None:
        last = session.scalar(select(func.max(Entry.id)))
        _note(session, "", last or "")
    elif _is_past(state, noted_in):
        return
    for model in (PeriodTotal, UseTotal, MovedUse):
        session.execute(delete(model))
    state.time_zone, state.is_valid = clinic_in(session).time_zone, True
    # A note of a use that moved, which somebody writes meanwhile, is of what the sums were before.
    state.generation += 1
    session.flush()


def _facts(session: Session, ids: Sequence[str]) -> Select[*tuple[Any, ...]]:
    facts = select(
        Entry.id,
        counts_at(session).label("counts_at"),
        Entry.happened_at,
        Entry.written_at,
        Course.package_id,
        func.coalesce(Course.square_location_id, "").label("square_location_id"),
        Course.currency,
        Course.sold_at,
        entry_what.label("what"),
        IS_USE.label("is_use"),
        Entry.value_delta,
        Entry.sessions_delta,
        Allowance.treatment_id,
        PRACTITIONER.label("practitioner"),
        *USED_SUMS,
    )
    return with_courses(facts).outerjoin(Visit, Visit.id == VISIT_ID).where(Entry.id.in_(ids))


_Sums = defaultdict[tuple[Any, ...], list[int]]
_OF_PERIOD = ("value", "sessions", "entries")
_OF_USE = ("sessions", "treated", "value", "list_value", "entries")


def _add_use(sums: _Sums, row: Any, month: date, practitioner: str, sign: int) -> None:
    total = sums[month, row.package_id, row.treatment_id, practitioner, row.currency]
    _add_up(total, [sign * each for each in used_numbers(row)])


def used_numbers(row: Any) -> tuple[int, ...]:
    """Return what an entry with its `USED_SUMS` adds to the sums of sessions used, itself counted last."""
    return (row.used_sessions, row.used_treated, row.used_value, row.used_list_value, 1)


def _add_up(total: list[int], more: Sequence[int]) -> None:
    total[:] = map(add, total, more)


def _add_to(session: Session, model: type[Base], sums: _Sums, names: Sequence[str]) -> None:
    if not sums:
        return
    table: Any = model.__table__
    keys = [column.name for column in table.primary_key]
    new = _dialect(session).insert(table)
    added = {name: table.c[name] + new.excluded[name] for name in names}
    rows = [dict(zip((*keys, *names), (*key, *numbers), strict=True)) for key, numbers in sums.items()]
    session.connection().execute(new.on_conflict_do_update(index_elements=keys, set_=added), rows)


def _dialect(session: Session) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite


def month_at(moment: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the month that contains the moment, as `Period.moments` cuts months.

    Of the months that a `Period` can be of; a moment before them is in the first one.
    """
    return _MONTHS[max(bisect_right(_month_starts(zone), moment) - 1, 0)]


_MONTHS = tuple(
    date(year, month, 1) for year in range(EARLIEST.year, LATEST.year + 1) for month in range(1, 13)
)


@lru_cache(maxsize=8)
def _month_starts(zone: ZoneInfo) -> tuple[datetime, ...]:
    return tuple(start_of(first, zone) for first in _MONTHS)
