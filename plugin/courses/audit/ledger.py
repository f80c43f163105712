"""Every entry read once, chain by chain: it follows from the one before, adds up, and carries its hash."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from plugin.core.fingerprint import ENTRY_FIELDS, entry_fingerprint, reason_fingerprint
from plugin.core.ledger import Kind
from plugin.courses.audit.records import Finding
from plugin.courses.reports import total_checks
from plugin.courses.reports.overview import last_in_chain
from plugin.store.base import UtcText
from plugin.store.ledger import Allowance, Course, Entry, Operation, Visit
from plugin.store.listing import wrong as wrong_digits
from plugin.store.prepared import Prepared
from plugin.store.triggers import ERASED

_AT_ONCE = 2000
_TAKING = (Kind.USED, Kind.REFUNDED, Kind.EXPIRED, Kind.WRITTEN_OFF, Kind.TRANSFERRED_OUT)
_KINDS = frozenset(kind.value for kind in Kind)
_GRANTING = (Kind.SOLD, Kind.ADJUSTED, Kind.TRANSFERRED_IN, Kind.TRANSFERRED_OUT, Kind.REVERSED)


def entries(session: Session) -> Iterator[Finding]:
    """Check all chains in one pass; what is found is in the order in which the entries were written."""
    rows = session.connection().execute(_rows())
    found = [
        finding
        for _, chain in groupby(rows, key=attrgetter("allowance_id"))
        for finding in _wrong_in(list(chain))
    ]
    # Ids sort by creation.
    yield from sorted(found, key=attrgetter("row"))


@cache
def _rows() -> Select[*tuple[Any, ...]]:
    # Times as they are hashed: making them dates and texts again takes longer than the hash.
    columns = (getattr(Entry, name) for name in ENTRY_FIELDS)
    hashed = (UtcText(each).label(each.key) if each.key.endswith("_at") else each for each in columns)
    query = select(*hashed, Entry.sha256, Entry.reason, Entry.reason_salt)
    return query.order_by(Entry.allowance_id, Entry.seq).execution_options(yield_per=_AT_ONCE)


def _wrong_in(chain: Sequence[Row[Any]]) -> Iterator[Finding]:
    before: Row[Any] | None = None
    known: dict[str, tuple[int, int]] = {}
    for entry in chain:
        if not _follows(entry, before):
            yield Finding(
                "chain",
                entry.id,
                f"Entry {entry.seq} of allowance {entry.allowance_id} does not follow from the one before.",
            )
        if entry.sha256 != entry_fingerprint(
            before.sha256 or "" if before else "", entry[: len(ENTRY_FIELDS)]
        ):
            yield Finding("hash", entry.id, _of_hash(entry))
        if not _says_why(entry):
            yield Finding("hash", entry.id, f"The reason of entry {entry.seq} is not the one that was given.")
        if entry.sessions_after < 0 or entry.sessions_after > entry.granted_after or entry.value_after < 0:
            left = f"The entry leaves {entry.sessions_after} of {entry.granted_after} sessions."
            yield Finding("bounds", entry.id, left)
        if not _can_be(entry):
            yield Finding("kind", entry.id, f"An entry of the kind {entry.kind} can’t do what it does.")
        if entry.reverses and known.get(entry.reverses) != (-entry.sessions_delta, -entry.value_delta):
            yield Finding("reversal", entry.id, "The reversing entry does not undo its entry exactly.")
        known[entry.id] = entry.sessions_delta, entry.value_delta
        before = entry
    yield from _wrong_balance(chain)


def _follows(entry: Row[Any], before: Row[Any] | None) -> bool:
    """Return whether an entry starts where the one before it ended, and adds up."""
    start = (
        (before.seq + 1, before.sessions_after, before.value_after, before.granted_after)
        if before
        else (1, 0, 0, 0)
    )
    return (
        (entry.seq, entry.sessions_before, entry.value_before, entry.granted_before) == start
        and entry.sessions_after == entry.sessions_before + entry.sessions_delta
        and entry.value_after == entry.value_before + entry.value_delta
    )


def _says_why(entry: Row[Any]) -> bool:
    """Return whether the reason is the one of the hash, or was erased together with its salt."""
    if entry.reason == entry.reason_salt == ERASED:
        return bool(entry.reason_sha256)
    return bool(reason_fingerprint(entry.reason_salt, entry.reason) == entry.reason_sha256)


def _of_hash(entry: Row[Any]) -> str:
    if entry.sha256 is None:
        return f"Entry {entry.seq} has no hash: it was not written by Coursekeeper."
    return f"Entry {entry.seq} is not what was written: its hash is another."


def _can_be(entry: Row[Any]) -> bool:
    """Return whether an entry's kind moves sessions, money and grants as it does."""
    kind, sessions, value = entry.kind, entry.sessions_delta, entry.value_delta
    granted = entry.granted_after - entry.granted_before
    if kind not in _KINDS or (kind == Kind.REVERSED) != (entry.reverses is not None):
        return False
    if kind in _TAKING and (sessions > 0 or value > 0):
        return False
    if kind == Kind.PAID and (sessions or value < 0):
        return False
    return sessions == granted if kind == Kind.SOLD else kind in _GRANTING or not granted


def _wrong_balance(chain: Sequence[Row[Any]]) -> Iterator[Finding]:
    """Check that the balance equals the sum of the ledger."""
    last = chain[-1]
    sums = len(chain), sum(each.sessions_delta for each in chain), sum(each.value_delta for each in chain)
    if sums != (last.seq, last.sessions_after, last.value_after):
        yield Finding("balance", last.allowance_id, "The balance does not equal the sum of its entries.")


def empty_allowances(session: Session) -> Iterator[Finding]:
    """Check that no chain is gone as a whole."""
    for (allowance_id,) in _without_entry().all(session.connection(), {}):
        yield Finding("balance", allowance_id, "The balance has no entry.")


@cache
def _without_entry() -> Prepared:
    some = select(Entry.id).where(Entry.allowance_id == Allowance.id).exists()
    return Prepared(select(Allowance.id).where(~some).order_by(Allowance.id))


@cache
def _visits_without_entry() -> Prepared:
    return Prepared(select(Visit.id).outerjoin(Entry, Entry.visit_id == Visit.id).where(Entry.id.is_(None)))


def lost_entries(session: Session) -> Iterator[Finding]:
    """Check that no entry was lost: a chain truncated at its end is consistent, but entries are missing."""
    for (visit_id,) in _visits_without_entry().all(session.connection(), {}):
        yield Finding("visit", visit_id, "The visit used no session: its entry is gone.")
    for key, entry_id in _answers_without_entry().all(session.connection(), {}):
        yield Finding("operation", key, f"The entry {entry_id} was answered, and is gone.")


@cache
def _answers_without_entry() -> Prepared:
    entry_id = Operation.answer["entry_id"].as_string()
    answered = select(Operation.key, entry_id).outerjoin(Entry, Entry.id == entry_id)
    return Prepared(answered.where(entry_id.is_not(None), Entry.id.is_(None)).order_by(Operation.key))


@cache
def _closed_with_something_left() -> Prepared:
    sessions = last_in_chain(Entry.sessions_after)
    left = func.sum(sessions + last_in_chain(Entry.value_after))
    return Prepared(
        select(Course.id, func.sum(sessions))
        .join(Allowance, Allowance.course_id == Course.id)
        .where(Course.closed_as.is_not(None))
        .group_by(Course.id)
        .having(left > 0)
    )


def closed_courses(session: Session) -> Iterator[Finding]:
    """Check that a closed course has nothing left."""
    for course_id, left in _closed_with_something_left().all(session.connection(), {}):
        yield Finding("closed", course_id, f"The course is closed, yet {left} sessions are left.")


@cache
def _wrong_prices() -> Prepared:
    return Prepared(
        select(Course.id, Course.price, func.coalesce(func.sum(Allowance.price), 0))
        .outerjoin(Allowance, Allowance.course_id == Course.id)
        .group_by(Course.id, Course.price)
        .having(func.coalesce(func.sum(Allowance.price), -1) != Course.price)
    )


def prices(session: Session) -> Iterator[Finding]:
    """Check that the parts of a course's price add up to it."""
    for course_id, price, parts in _wrong_prices().all(session.connection(), {}):
        yield Finding("price", course_id, f"The parts add up to {parts}, the price is {price} (minor units).")


def client_digits(session: Session) -> Iterator[Finding]:
    """Check that each client is found by every part of the numbers in their contact."""
    connection = session.connection()
    for client_id in connection.exec_driver_sql(wrong_digits(connection.dialect.name)).scalars():
        yield Finding(
            "client digits", client_id, "A search by a part of a phone number goes by other digits."
        )


def totals(session: Session) -> Iterator[Finding]:
    """Check that the totals which the reports read are the sums of the entries in them."""
    for check, row in total_checks.wrong_totals(session):
        yield Finding(
            check, row, "The total is not the sum of its entries. Run: coursekeeper db totals --again"
        )
    for kind in total_checks.wrong_list_sums(session):
        yield Finding("list sum", kind.value, "The sums of the list of courses are not those of its rows.")
    for of in total_checks.wrong_progress(session):
        yield Finding(
            "list sum", of.value, "How courses go is not counted by the rows of the list of courses."
        )
    for row in total_checks.wrong_balances(session):
        yield Finding(
            "balance", row, "Unused balances show this client or place by other figures than the courses'."
        )
    if total_checks.is_follow_up_sum_wrong(session):
        yield Finding("list sum", "follow-ups", "Follow-ups are not counted by the rows of their clients.")
    for client_id in total_checks.wrong_listed_clients(session):
        yield Finding(
            "listed client", client_id, "Follow-ups count this client by other figures than their courses'."
        )
