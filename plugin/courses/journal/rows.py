"""The rows that the journal is made of: entries of the ledger, money of sales, and gift vouchers, as pairs of accounts.

All of them count on a day by the same rule (`plugin.courses.reports.books`), so that a closed month stays as it is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from plugin.courses.base.clinic import clinic_in
from plugin.courses.journal.accounts import Role
from plugin.courses.journal.pairs import AGAINST_DEFERRED, GIVEN
from plugin.courses.reports.books import counts_at, counts_within, with_courses
from plugin.courses.reports.period import Period
from plugin.store.journal import MoneyPosting
from plugin.store.tables import Allowance, Course, Entry, Gift

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class PairSum:
    """The sum of one kind of amount over some days."""

    what: str
    debit: Role
    credit: Role
    amount: int


def entries_within(
    session: Session, columns: Select[*Ts], start: datetime, end: datetime, currency: str
) -> Select[*Ts]:
    """Return the query over the entries with value that count in these days."""
    within = counts_within(counts_at(session), start, end)
    return with_courses(columns).where(within, Course.currency == currency, Entry.value_delta != 0)


def money_within(
    session: Session, columns: Select[*Ts], start: datetime, end: datetime, currency: str
) -> Select[*Ts]:
    """Return the query over the money of sales that counts in these days."""
    table = MoneyPosting
    within = counts_within(counts_at(session, table), start, end, table)
    return columns.select_from(table).where(within, table.currency == currency)


def pair_sums(
    session: Session,
    period: Period,
    currency: str,
    changed: Mapping[str, int],
    *,
    has_money: bool = True,
) -> Iterator[PairSum]:
    """Yield the sums of everything that counts in the period.

    `changed`: the value by what its entries of the ledger are (`reports.sums`).
    """
    for what, value in changed.items():
        yield PairSum(what, AGAINST_DEFERRED[what], Role.DEFERRED, value)
    start, end = period.moments(clinic_in(session).zone)
    if has_money:
        key = (MoneyPosting.what, MoneyPosting.debit, MoneyPosting.credit)
        sums = select(*key, func.sum(MoneyPosting.amount))
        for what, debit, credit, amount in session.execute(
            money_within(session, sums, start, end, currency).group_by(*key)
        ):
            yield PairSum(what, Role(debit), Role(credit), int(amount))
    given = sum(each.amount for each in gift_moves(session, start, end, currency))
    yield PairSum(GIVEN, Role.DEFERRED, AGAINST_DEFERRED[GIVEN], given)


@dataclass(frozen=True, slots=True)
class GiftMove:
    """Value that begins to wait as a gift; below zero where a voucher was redeemed or taken back."""

    course_id: str
    at: datetime
    amount: int


def gift_moves(session: Session, start: datetime, end: datetime, currency: str) -> Iterator[GiftMove]:
    """Yield what moves between courses and gift vouchers from `start` until before `end`.

    While a voucher waits, the value of its course is what the ledger has of it at that moment: at its start, with
    each entry, and back at its end.
    """
    ended_at = func.coalesce(Gift.redeemed_at, Gift.taken_back_at)
    gifts = session.execute(
        select(Gift.course_id, Gift.given_at, ended_at.label("ended_at"))
        .join(Course, Course.id == Gift.course_id)
        .where(
            Course.currency == currency,
            or_(Gift.given_at < end, ended_at < end),
            or_(ended_at.is_(None), ended_at >= start),
        )
        .order_by(Gift.id)
    ).all()
    entries = _entries_of(session, {each.course_id for each in gifts})
    for gift in gifts:
        for move in _moves(gift.course_id, gift.given_at, gift.ended_at, entries[gift.course_id]):
            if start <= move.at < end and move.amount:
                yield move


# Written at, counts at, and the change of value.
_Written = tuple[datetime, datetime, int]


def _moves(
    course_id: str, given_at: datetime, ended_at: datetime | None, entries: list[_Written]
) -> Iterator[GiftMove]:
    before = sum(value for written, _counts, value in entries if written <= given_at)
    yield GiftMove(course_id, given_at, before)
    while_waiting = [
        (counts, value)
        for written, counts, value in entries
        if written > given_at and (ended_at is None or written <= ended_at)
    ]
    for counts, value in while_waiting:
        yield GiftMove(course_id, max(counts, given_at), value)
    if ended_at is not None:
        yield GiftMove(course_id, ended_at, -before - sum(value for _counts, value in while_waiting))


def _entries_of(session: Session, course_ids: set[str]) -> defaultdict[str, list[_Written]]:
    found: defaultdict[str, list[_Written]] = defaultdict(list)
    if not course_ids:
        return found
    rows = select(Allowance.course_id, Entry.written_at, counts_at(session), Entry.value_delta).join(
        Allowance, Allowance.id == Entry.allowance_id
    )
    for course_id, written, counts, value in session.execute(rows.where(Allowance.course_id.in_(course_ids))):
        found[course_id].append((written, counts, value))
    return found
