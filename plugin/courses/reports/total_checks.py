"""Checking the totals that the reports read against the entries that are in them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.courses.lists.balances import balances_left
from plugin.courses.lists.listing import listed_clients
from plugin.courses.lists.outcomes import days_for
from plugin.courses.reports.books import IS_USE, PRACTITIONER, USED_SUMS, VISIT_ID, counted_in, entry_what
from plugin.courses.reports.period import Period, month_of
from plugin.courses.reports.totals import UNTOTALLED, is_valid, moved_uses
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.listing import (
    HAS_LEFT,
    IS_CURRENT,
    NEVER,
    ListedClient,
    ListedCourse,
    ListedSum,
    ListingState,
    SumOf,
)
from plugin.store.prepared import Prepared
from plugin.store.totals import (
    BalanceSum,
    FollowUpSum,
    ListedBalance,
    PeriodTotal,
    ProgressOf,
    ProgressSum,
    UseTotal,
)

_Sums = dict[tuple[str, ...], tuple[int, ...]]
_OF_PERIOD = (PeriodTotal.package_id, PeriodTotal.square_location_id, PeriodTotal.currency, PeriodTotal.what)
_OF_USE = (UseTotal.package_id, UseTotal.treatment_id, UseTotal.practitioner, UseTotal.currency)


def wrong_totals(session: Session) -> Iterator[tuple[str, str]]:
    """Yield the check and the row of each total that is wrong; nothing where the totals are to be made again."""
    if not is_valid(session):
        return
    # What is not moved yet stands under the practitioner of before.
    has_moves = next(moved_uses(session, 1), None) is not None
    for first in session.scalars(select(PeriodTotal.counted_in).distinct().order_by(PeriodTotal.counted_in)):
        entries, uses = _summed(session, month_of(first))
        if entries != _kept(session, first, _OF_PERIOD, ("value", "sessions", "entries")):
            yield "period total", f"{first:%Y-%m}"
        names = ("sessions", "treated", "value", "list_value", "entries")
        if not has_moves and uses != _kept(session, first, _OF_USE, names):
            yield "use total", f"{first:%Y-%m}"
    if _all_totalled(session) != session.scalar(select(func.coalesce(func.sum(PeriodTotal.entries), 0))):
        yield "period total", "entries"


def wrong_list_sums(session: Session) -> Iterator[SumOf]:
    """Yield each kind of sum of the list of courses that is not the sum of its rows."""
    for kind, rows, sums in _list_sums():
        if set(rows.all(session.connection(), {})) != set(sums.all(session.connection(), {})):
            yield kind


def wrong_listed_clients(session: Session) -> Iterator[str]:
    """Yield the id of each client whose row for follow-ups is not what the rows of their courses say."""
    day = session.scalar(select(ListingState.listed_for))
    if day is None:
        # No list was made yet.
        return
    rows, kept = (set(query.all(session.connection(), days_for(day))) for query in _listed_and_kept())
    yield from sorted({row[0] for row in rows ^ kept})


def is_follow_up_sum_wrong(session: Session) -> bool:
    """Return whether clients worth a call are counted by other figures than their rows'."""
    of, sums = ListedClient, FollowUpSum
    added = session.execute(select(of.reasons, func.count()).group_by(of.reasons))
    kept = session.execute(select(sums.reasons, sums.clients).where(sums.clients != 0))
    return set(map(tuple, added)) != set(map(tuple, kept))


def wrong_balances(session: Session) -> Iterator[str]:
    """Yield the id of each client whose balance is not what the rows of their courses say; "": of no client's courses.

    And the place of each sum of balances that is not theirs.
    """
    rows, kept, added, sums = (
        {tuple(map(_whole, row)) for row in query.all(session.connection(), {})} for query in _balances()
    )
    wrong = {(row[0] or "", *row[1:]) for row in rows} ^ kept
    yield from sorted({row[0] for row in wrong})
    yield from sorted({f"{row[1]} {row[2]}".strip() for row in added ^ sums})


@cache
def _balances() -> tuple[Prepared, ...]:
    """Return what computes the balances, what reads those that are kept, what adds them up, and what reads the sums."""
    of, sums = ListedBalance, BalanceSum
    numbers = [each.name for each in balances_left().selected_columns][1:]
    place = [each.name for each in sums.__table__.primary_key]
    added = select(*(getattr(of, name) for name in place), func.count(), func.sum(of.value))
    return (
        Prepared(balances_left()),
        Prepared(select(of.client_id, *(getattr(of, name) for name in numbers))),
        Prepared(added.group_by(*added.selected_columns[:4])),
        Prepared(select(*sums.__table__.columns).where(or_(sums.clients != 0, sums.value != 0))),
    )


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value


def wrong_progress(session: Session) -> Iterator[ProgressOf]:
    """Yield each kind of sum of how courses go that is not the sum of the rows of the list."""
    for kind, rows, sums in _progress():
        added, kept = (
            {tuple(map(_whole, row)) for row in query.all(session.connection(), {})} for query in (rows, sums)
        )
        if added != kept:
            yield kind


@cache
def _progress() -> list[tuple[ProgressOf, Prepared, Prepared]]:
    """Return each kind of sum, what sums up the rows, and what reads the sums that are kept."""
    of, kept = ListedCourse, ProgressSum
    used = case((of.outcome.in_(("stalled", "expired")), of.main_used), else_=0)
    has_intervals, had_time = of.visits > 1, of.had_time.is_(True)
    numbers = (
        literal(1),
        case((has_intervals, of.visits - 1), else_=0),
        case((has_intervals, of.visit_days), else_=0),
        case((had_time, 1), else_=0),
        case((and_(had_time, of.bought_again.is_(True)), 1), else_=0),
    )
    keys = {ProgressOf.PACKAGE: of.package_id, ProgressOf.PRACTITIONER: func.coalesce(of.practitioner_id, "")}
    read = [each for each in kept.__table__.columns if each.name != "kind"]
    queries = []
    for kind, key in keys.items():
        columns: list[Any] = [
            each.label(f"key_{at}") for at, each in enumerate((of.sold_in, key, of.outcome, used))
        ]
        summed = select(*columns, *map(func.sum, numbers)).group_by("key_0", "key_1", "key_2", "key_3")
        sums = select(*read).where(kept.kind == kind.value, kept.courses != 0)
        queries.append((kind, Prepared(summed), Prepared(sums)))
    return queries


@cache
def _listed_and_kept() -> tuple[Prepared, Prepared]:
    return Prepared(listed_clients()), Prepared(select(*ListedClient.__table__.columns))


@cache
def _list_sums() -> list[tuple[SumOf, Prepared, Prepared]]:
    """Return each kind of sum, what sums up the rows, and what reads the sums that are kept."""
    of, kept = ListedCourse, ListedSum
    groups: dict[SumOf, tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]] = {
        SumOf.ALL: (
            (of.status, of.package_id, func.coalesce(of.practitioner_id, "")),
            (kept.status, kept.package_id, kept.practitioner_id),
            (),
        ),
        SumOf.EXPIRES: ((of.expires_on,), (kept.day,), (IS_CURRENT,)),
        SumOf.SEEN: ((of.last_seen_on,), (kept.day,), (IS_CURRENT,)),
        SumOf.LAPSES: (
            (of.lapses_on, of.square_location_id),
            (kept.day, kept.square_location_id),
            (HAS_LEFT, of.lapses_on < NEVER),
        ),
    }
    queries = []
    for kind, (of_row, of_sum, conditions) in groups.items():
        numbers = (func.sum(of.sessions_left), func.sum(of.value), func.count())
        rows = select(of.currency, *of_row, *numbers).where(*conditions).group_by(of.currency, *of_row)
        sums = select(kept.currency, *of_sum, kept.sessions, kept.value, kept.courses).where(
            kept.kind == kind.value, or_(kept.courses != 0, kept.sessions != 0, kept.value != 0)
        )
        queries.append((kind, Prepared(rows), Prepared(sums)))
    return queries


def _kept(
    session: Session, first: date, key: tuple[InstrumentedAttribute[str], ...], names: tuple[str, ...]
) -> _Sums:
    kept = _sums_of_month(key, names).all(session.connection(), {"first": first})
    # An undone practitioner's row stays, of nothing.
    return _added((tuple(row[: len(key)]), row[len(key) :]) for row in kept if row[-1])


@cache
def _sums_of_month(key: tuple[InstrumentedAttribute[str], ...], names: tuple[str, ...]) -> Prepared:
    of: Any = key[0].class_
    sums = select(*key, *(func.sum(getattr(of, name)) for name in names))
    return Prepared(sums.where(of.counted_in == bindparam("first")).group_by(*key))


def _summed(session: Session, month: Period) -> tuple[_Sums, _Sums]:
    """Return the sums of the entries of a month, and of the uses among them: one reading for both."""
    place = func.coalesce(Course.square_location_id, "")
    practitioner = PRACTITIONER.label("practitioner")
    key = (
        Course.package_id,
        place,
        Course.currency,
        entry_what,
        Allowance.treatment_id,
        practitioner,
        IS_USE,
    )
    sums = (Entry.value_delta, Entry.sessions_delta, *USED_SUMS)
    query = counted_in(session, select(*key, func.count(), *map(func.sum, sums)), month)
    groups = query.outerjoin(Visit, Visit.id == VISIT_ID).where(~UNTOTALLED).group_by(*key)
    rows = [(row[:7], [int(each) for each in row[7:]]) for row in session.execute(groups)]
    entries = _added((key[:4], (numbers[1], numbers[2], numbers[0])) for key, numbers in rows)
    uses = _added(
        ((key[0], key[4], key[5], key[2]), (*numbers[3:], numbers[0])) for key, numbers in rows if key[6]
    )
    return entries, uses


def _added(parts: Iterable[tuple[Any, Sequence[Any]]]) -> _Sums:
    found: _Sums = {}
    for key, numbers in parts:
        known = found.get(key, (0,) * len(numbers))
        found[key] = tuple(int(one) + int(other) for one, other in zip(known, numbers, strict=True))
    return found


def _all_totalled(session: Session) -> int:
    (counted,) = _counted().first(session.connection(), {})
    return int(counted)


@cache
def _counted() -> Prepared:
    return Prepared(select(func.count()).select_from(Entry).where(~UNTOTALLED))
